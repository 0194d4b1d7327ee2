using System.Buffers;
using System.Text;

namespace MLOps.Tracking;

/// <summary>A comparison as comma-separated values, RFC 4180.</summary>
internal static class ComparisonCsv
{
    private static readonly SearchValues<char> s_special = SearchValues.Create(",\"\r\n");

    public static string Write(RunComparison comparison)
    {
        StringBuilder text = new();
        Append(text, ["section", "key", .. comparison.Runs.Select(run => run.Info.Id.Value), "best"]);
        Append(text, ["run", "name", .. comparison.Runs.Select(run => run.Info.Name), null]);
        foreach (ComparisonRow row in comparison.Overview)
            Append(text, ["run", row.Key, .. row.Cells.Select(cell => cell?.Text), null]);
        foreach ((string section, IReadOnlyList<ComparisonRow> rows) in comparison.Sections)
        {
            foreach (ComparisonRow row in rows)
                Append(text, [section, row.Key, .. row.Cells.Select(cell => cell?.Text), Best(comparison, row)]);
        }

        return text.ToString();
    }

    private static string? Best(RunComparison comparison, ComparisonRow row)
    {
        string[] best = [.. row.Cells.Zip(comparison.Runs).Where(run => run.First is { IsBest: true }).Select(run => run.Second.Info.Id.Value)];
        return best.Length == 0 ? null : string.Join(' ', best);
    }

    private static void Append(StringBuilder text, IEnumerable<string?> fields) => text.AppendJoin(',', fields.Select(Field)).Append("\r\n");

    private static string Field(string? value) =>
        value is null ? "" : value.Length == 0 || value.AsSpan().ContainsAny(s_special) ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;
}
