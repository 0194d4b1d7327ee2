using System.Globalization;
using System.Text.Json;
using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking;

/// <summary>Logs tables as artifacts, in the form in which MLflow's tools show them.</summary>
public static class TableExtensions
{
    /// <summary>Logs a table as JSON, <c>{"columns": […], "data": [[…], …]}</c>, the form of MLflow's <c>log_table</c>.</summary>
    /// <param name="run">The run.</param>
    /// <param name="path">Where it goes; ends in <c>.json</c>.</param>
    /// <param name="columns">The columns' names, at least one, each once.</param>
    /// <param name="rows">The rows, as many cells as columns: null, text, truth values, numbers, dates; anything else as its invariant text. NaN and infinities become text, which JSON has no numbers for.</param>
    /// <param name="cancellationToken">Gives up; nothing is left under the final name.</param>
    /// <returns>The artifact with its size and hash.</returns>
    /// <exception cref="ArgumentException">The path does not end in <c>.json</c>, there is no column or one twice, or a row has another number of cells.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static async ValueTask<ArtifactFile> LogTableAsync(
        this Run run, ArtifactPath path, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<object?>> rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(columns);
        ArgumentNullException.ThrowIfNull(rows);
        if (!path.Value.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
            throw new ArgumentException($"A table goes to a .json file, not to '{path}'.", nameof(path));
        if (columns.Count == 0 || columns.Distinct(StringComparer.Ordinal).Count() != columns.Count)
            throw new ArgumentException("A table has at least one column, and each name once.", nameof(columns));

        using var content = new MemoryStream();
        using (var json = new Utf8JsonWriter(content))
            Write(json, columns, rows);
        content.Position = 0;
        return await run.LogArtifactAsync(path, content, cancellationToken).ConfigureAwait(false);
    }

    internal static void Write(Utf8JsonWriter json, IReadOnlyList<string> columns, IEnumerable<IReadOnlyList<object?>> rows)
    {
        json.WriteStartObject();
        json.WriteStartArray("columns");
        foreach (string column in columns)
            json.WriteStringValue(column);
        json.WriteEndArray();
        json.WriteStartArray("data");
        int number = 0;
        foreach (IReadOnlyList<object?> row in rows)
        {
            if (row.Count != columns.Count)
                throw new ArgumentException($"Row {number} has {row.Count} cells; the table has {columns.Count} columns.", nameof(rows));
            json.WriteStartArray();
            foreach (object? cell in row)
                WriteCell(json, cell);
            json.WriteEndArray();
            number++;
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    internal static void WriteCell(Utf8JsonWriter json, object? cell)
    {
        switch (cell)
        {
            case null: json.WriteNullValue(); break;
            case bool value: json.WriteBooleanValue(value); break;
            case int value: json.WriteNumberValue(value); break;
            case long value: json.WriteNumberValue(value); break;
            case uint value: json.WriteNumberValue(value); break;
            case ulong value: json.WriteNumberValue(value); break;
            case short or ushort or byte or sbyte: json.WriteNumberValue(Convert.ToInt32(cell, CultureInfo.InvariantCulture)); break;
            case decimal value: json.WriteNumberValue(value); break;
            case double value when double.IsFinite(value): json.WriteNumberValue(value); break;
            case float value when float.IsFinite(value): json.WriteNumberValue(value); break;
            case DateTimeOffset value: json.WriteStringValue(value); break;
            case DateTime value: json.WriteStringValue(value); break;
            default: json.WriteStringValue(Convert.ToString(cell, CultureInfo.InvariantCulture)); break;
        }
    }
}
