using System.Globalization;
using System.Text;

namespace MLOps.Tracking;

/// <summary>A comparison as an aligned table.</summary>
internal static class ComparisonText
{
    private const string Gap = "  ";

    public static string Write(RunComparison comparison)
    {
        List<string[]> lines = [["run", .. comparison.Runs.Select(run => Cut("", run.Info.Name))]];
        lines.AddRange(comparison.Overview.Select(row => Line("", "", row)));
        foreach ((string section, IReadOnlyList<ComparisonRow> rows) in comparison.Sections)
        {
            lines.Add([]);
            lines.Add([rows.Count == 0 ? $"{section}: {NoRows(comparison, section)}" : section]);
            lines.AddRange(rows.Select(row => Line(section, Gap, row)));
        }

        int columns = comparison.Runs.Count + 1;
        int[] widths = [.. Enumerable.Range(0, columns).Select(column => lines.Where(line => line.Length == columns).Max(line => DisplayText.Width(line[column])))];
        StringBuilder text = new();
        foreach (string[] line in lines)
            text.Append(string.Join(Gap, line.Select((cell, column) => column == line.Length - 1 ? cell : cell + new string(' ', widths[column] - DisplayText.Width(cell)))).TrimEnd()).Append('\n');
        if (comparison.Metrics.Any(row => row.Cells.Any(cell => cell is { IsBest: true })))
            text.Append("\n* best\n");
        return text.ToString();
    }

    /// <summary>What to say of a part without rows: most parts show differences only.</summary>
    public static string NoRows(RunComparison comparison, string section) =>
        section == "metrics" || (section == "params" && comparison.Runs.All(run => run.Params.Count == 0)) ? "none" : "no differences";

    /// <summary>How wide a value may be. Nobody reads hashes to their end.</summary>
    public static int Longest(string section) => section == "artifacts" ? 30 : 40;

    private static string[] Line(string section, string indent, ComparisonRow row) => [indent + Plain(row.Key), .. row.Cells.Select(cell => Cell(section, cell))];

    private static string Cell(string section, ComparisonCell? cell) => cell is null ? "—" : Cut(section, cell.Text) + (cell.IsBest ? " *" : "");

    private static string Cut(string section, string value) => DisplayText.Shorten(Plain(value), Longest(section));

    /// <summary>Control characters would break the table, or command the terminal.</summary>
    private static string Plain(string value)
    {
        if (!value.Any(char.IsControl))
            return value;
        StringBuilder plain = new();
        foreach (char c in value)
        {
            _ = c switch
            {
                '\n' => plain.Append("\\n"),
                '\r' => plain.Append("\\r"),
                '\t' => plain.Append("\\t"),
                _ when char.IsControl(c) => plain.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
                _ => plain.Append(c),
            };
        }

        return plain.ToString();
    }
}
