using System.Text;

namespace MLOps.Tracking;

/// <summary>A comparison as a table in GitHub's Markdown.</summary>
internal static class ComparisonMarkdown
{
    public static string Write(RunComparison comparison)
    {
        StringBuilder text = new();
        Append(text, "run", comparison.Runs.Select(run => Cut("", run.Info.Name)));
        Append(text, "---", comparison.Runs.Select(_ => "---"));
        foreach (ComparisonRow row in comparison.Overview)
            Append(text, row.Key, row.Cells.Select(cell => Cell("", cell)));
        foreach ((string section, IReadOnlyList<ComparisonRow> rows) in comparison.Sections)
        {
            Append(text, $"**{section}**", comparison.Runs.Select((_, run) => rows.Count == 0 && run == 0 ? ComparisonText.NoRows(comparison, section) : ""));
            foreach (ComparisonRow row in rows)
                Append(text, Escape(row.Key), row.Cells.Select(cell => Cell(section, cell)));
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, string key, IEnumerable<string> cells) => text.Append("| ").Append(key).Append(" | ").AppendJoin(" | ", cells).Append(" |\n");

    private static string Cell(string section, ComparisonCell? cell) => cell switch
    {
        null => "—",
        { IsBest: true } => $"**{Cut(section, cell.Text)}**",
        _ => Cut(section, cell.Text),
    };

    private static string Cut(string section, string value) => Escape(DisplayText.Shorten(value, ComparisonText.Longest(section)));

    private static string Escape(string value)
    {
        StringBuilder escaped = new();
        for (int i = 0; i < value.Length; i++)
        {
            char c = value[i];
            _ = c switch
            {
                '\n' => escaped.Append("<br>"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '&' => escaped.Append("&amp;"),
                '|' or '\\' or '`' or '*' or '[' or ']' or '~' => escaped.Append('\\').Append(c),

                // Inside a word an underscore is no markup, and learning_rate stays readable.
                '_' when !IsInWord(value, i) => escaped.Append("\\_"),
                _ when char.IsControl(c) => escaped.Append(' '),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }

    private static bool IsInWord(string value, int at) => at > 0 && at + 1 < value.Length && char.IsLetterOrDigit(value[at - 1]) && char.IsLetterOrDigit(value[at + 1]);
}
