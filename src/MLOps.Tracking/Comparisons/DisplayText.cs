using System.Globalization;
using System.Text;

namespace MLOps.Tracking;

/// <summary>Text as a terminal shows it: in columns, of which East Asian characters and emoji take two.</summary>
internal static class DisplayText
{
    // Unicode's East Asian Width W and F, in ranges that are wide as good as throughout (UAX #11).
    private static readonly (int First, int Last)[] s_wide =
    [
        (0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0x33FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA000, 0xA4CF), (0xA960, 0xA97F), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE30, 0xFE6F),
        (0xFF00, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1F9FF), (0x20000, 0x3FFFD),
    ];

    public static int Width(string text)
    {
        int width = 0;
        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
            width += Width(Next(ref rest));
        return width;
    }

    /// <summary>Cuts text to a width, with … for what is left out; between characters as people count them.</summary>
    public static string Shorten(string text, int width)
    {
        if (Width(text) <= width)
            return text;
        int kept = 0;
        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
        {
            ReadOnlySpan<char> next = Next(ref rest);
            width -= Width(next);
            if (width < 1)
                break;
            kept += next.Length;
        }

        return text[..kept] + '…';
    }

    private static ReadOnlySpan<char> Next(ref ReadOnlySpan<char> rest)
    {
        ReadOnlySpan<char> next = rest[..StringInfo.GetNextTextElementLength(rest)];
        rest = rest[next.Length..];
        return next;
    }

    private static int Width(ReadOnlySpan<char> character)
    {
        Rune.DecodeFromUtf16(character, out Rune first, out _);
        return Array.Exists(s_wide, range => first.Value >= range.First && first.Value <= range.Last) ? 2 : 1;
    }
}
