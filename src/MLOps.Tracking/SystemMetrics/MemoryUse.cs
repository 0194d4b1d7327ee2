using System.Buffers.Text;

namespace MLOps.Tracking.SystemMetrics;

/// <summary>Memory in use and the most there is, in bytes.</summary>
internal readonly record struct MemoryUse(long Used, long Total)
{
    private const long Kibi = 1024;

    public double Percent => 100.0 * Used / Total;

    /// <summary>Reads <c>/proc/meminfo</c>; what programs could still get counts as free.</summary>
    /// <returns>Null when the text lacks it.</returns>
    public static MemoryUse? ParseMemInfo(ReadOnlySpan<byte> text) =>
        ValueOf(text, "MemTotal:"u8) is long total and > 0 && ValueOf(text, "MemAvailable:"u8) is { } available
            ? new((total - available) * Kibi, total * Kibi)
            : null;

    /// <summary>Reads the files of a control group (version 2). Cached files that can be dropped at once are not in use.</summary>
    /// <param name="max"><c>memory.max</c>.</param>
    /// <param name="current"><c>memory.current</c>.</param>
    /// <param name="stat"><c>memory.stat</c>.</param>
    /// <returns>Null when the group has no limit, or the texts are not of that form.</returns>
    public static MemoryUse? ParseControlGroup(ReadOnlySpan<byte> max, ReadOnlySpan<byte> current, ReadOnlySpan<byte> stat) =>
        Utf8Parser.TryParse(max, out long limit, out _) && limit > 0 && Utf8Parser.TryParse(current, out long used, out _)
            ? new(Math.Max(0, used - (ValueOf(stat, "inactive_file"u8) ?? 0)), limit)
            : null;

    private static long? ValueOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        foreach (Range range in text.Split((byte)'\n'))
        {
            ReadOnlySpan<byte> line = text[range];
            if (line.StartsWith(name) && line.Length > name.Length && line[name.Length] is (byte)' ' or (byte)'\t')
                return Utf8Parser.TryParse(line[name.Length..].Trim(" \t"u8), out long value, out _) ? value : null;
        }

        return null;
    }
}
