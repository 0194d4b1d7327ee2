using System.Buffers;
using System.Text;

namespace MLOps.Registry;

/// <summary>Text of others in GitHub's Markdown, on one line: it shows as it is written and is no markup.</summary>
internal static class MarkdownText
{
    private static readonly SearchValues<char> s_plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-:/@%+=, ()[]");

    /// <summary>A name, a hash or an address in the font of code, where it has nothing that could end it; escaped otherwise.</summary>
    public static string Code(string text) => text.Length > 0 && text.AsSpan().IndexOfAnyExcept(s_plain) < 0 && text.AsSpan().Trim(' ').Length == text.Length ? $"`{text}`" : Escape(text);

    public static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length);
        string trimmed = text.Trim();
        for (int i = 0; i < trimmed.Length; i++)
        {
            char c = trimmed[i];
            _ = c switch
            {
                '\r' => escaped,
                '\n' => escaped.Append("<br>"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '&' => escaped.Append("&amp;"),
                '|' or '\\' or '`' or '*' or '[' or ']' or '~' or '$' => escaped.Append('\\').Append(c),

                // Inside a word an underscore is no markup, and learning_rate stays readable.
                '_' when !IsInWord(trimmed, i) => escaped.Append("\\_"),

                // Marks of direction show text in another order than it has.
                (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F' => escaped.Append('\uFFFD'),
                _ when char.IsControl(c) => escaped.Append(' '),
                _ => escaped.Append(c),
            };
        }

        // A web address that is no link: GitHub makes one of every text that begins so.
        return escaped.Replace("://", ":&#47;/").Replace("www.", "www&#46;").ToString();
    }

    /// <summary>Text that stands at the beginning of a line, where it must not begin a heading, a list, a rule or an underline either.</summary>
    public static string EscapeLine(string line)
    {
        string escaped = Escape(line);
        int mark = escaped.AsSpan().IndexOfAnyExceptInRange('0', '9');
        bool isMark = mark >= 0 && (mark == 0 ? escaped[0] is '#' or '-' or '+' or '=' : escaped[mark] is '.' or ')');
        return isMark ? escaped.Insert(mark, "\\") : escaped;
    }

    private static bool IsInWord(string text, int at) => at > 0 && at + 1 < text.Length && char.IsLetterOrDigit(text[at - 1]) && char.IsLetterOrDigit(text[at + 1]);
}
