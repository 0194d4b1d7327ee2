using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace MLOps.Tracking;

/// <summary>A comparison as JSON, in the shape that <see cref="RunComparison.ToJson"/> promises.</summary>
internal static class ComparisonJson
{
    private static readonly JsonWriterOptions s_options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public static string Write(RunComparison comparison)
    {
        using MemoryStream content = new();
        using (Utf8JsonWriter json = new(content, s_options))
        {
            json.WriteStartObject();
            WriteRuns(json, comparison);
            WriteRows(json, "metrics", comparison.Metrics, WriteMetric, withBest: true);
            WriteRows(json, "params", comparison.Params, WriteText);
            WriteRows(json, "tags", comparison.Tags, WriteText);
            WriteRows(json, "datasets", comparison.Datasets, WriteText);
            if (comparison.Artifacts is { } artifacts)
                WriteRows(json, "artifacts", artifacts, WriteArtifact);
            else
                json.WriteNull("artifacts");
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(content.GetBuffer(), 0, (int)content.Length);
    }

    private static void WriteRuns(Utf8JsonWriter json, RunComparison comparison)
    {
        json.WriteStartArray("runs");
        for (int i = 0; i < comparison.Runs.Count; i++)
        {
            RunInfo run = comparison.Runs[i].Info;
            json.WriteStartObject();
            json.WriteString("id", run.Id.Value);
            json.WriteString("name", run.Name);
            json.WriteString("experiment", comparison.Overview.First(row => row.Key == "experiment").Cells[i]!.Text);
            json.WriteString("status", run.Status.ToString());
            json.WriteString("started", RunComparer.Text(run.StartedAt));
            if (run.EndedAt is { } end)
                json.WriteNumber("duration_seconds", (end - run.StartedAt).TotalSeconds);
            else
                json.WriteNull("duration_seconds");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRows(Utf8JsonWriter json, string section, IReadOnlyList<ComparisonRow> rows, Action<Utf8JsonWriter, ComparisonCell> write, bool withBest = false)
    {
        json.WriteStartArray(section);
        foreach (ComparisonRow row in rows)
        {
            json.WriteStartObject();
            json.WriteString("key", row.Key);
            json.WriteBoolean("differs", row.Differs);
            json.WriteStartArray("values");
            foreach (ComparisonCell? cell in row.Cells)
            {
                if (cell is null)
                    json.WriteNullValue();
                else
                    write(json, cell);
            }

            json.WriteEndArray();
            if (withBest)
            {
                json.WriteStartArray("best");
                foreach (ComparisonCell? cell in row.Cells)
                    json.WriteBooleanValue(cell is { IsBest: true });
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteText(Utf8JsonWriter json, ComparisonCell cell) => json.WriteStringValue(cell.Text);

    private static void WriteMetric(Utf8JsonWriter json, ComparisonCell cell)
    {
        if (cell.Number is { } number && double.IsFinite(number))
            json.WriteNumberValue(number);
        else
            json.WriteStringValue(cell.Text);
    }

    private static void WriteArtifact(Utf8JsonWriter json, ComparisonCell cell)
    {
        json.WriteStartObject();
        json.WriteString("sha256", cell.IsUnverified ? null : cell.Text);
        json.WriteNumber("bytes", (long)cell.Number!.Value);
        json.WriteEndObject();
    }
}
