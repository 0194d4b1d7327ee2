using System.Buffers.Text;

namespace MLOps.Tracking.SystemMetrics;

/// <summary>What the processors of the machine have done since it started, in clock ticks.</summary>
internal readonly record struct CpuTimes(long Busy, long Total)
{
    /// <summary>Reads the first line of <c>/proc/stat</c>: <c>cpu user nice system idle iowait irq softirq steal guest guest_nice</c>; guest time is counted in user time already.</summary>
    /// <returns>Null when the text is not of that form.</returns>
    public static CpuTimes? Parse(ReadOnlySpan<byte> stat)
    {
        const int Idle = 3, IoWait = 4, Counted = 8;
        if (!stat.StartsWith("cpu "u8))
            return null;
        stat = stat[4..];
        long busy = 0, total = 0;
        int field = 0;
        for (; field < Counted; field++)
        {
            stat = stat.TrimStart((byte)' ');
            if (!Utf8Parser.TryParse(stat, out long ticks, out int length))
                break;
            stat = stat[length..];
            total += ticks;
            if (field is not (Idle or IoWait))
                busy += ticks;
        }

        return field > Idle ? new(busy, total) : null;
    }

    /// <summary>How busy all processors were together since an earlier reading, 0 to 100; null when no time has passed.</summary>
    public double? PercentSince(CpuTimes earlier) =>
        Total > earlier.Total ? Math.Clamp(100.0 * (Busy - earlier.Busy) / (Total - earlier.Total), 0, 100) : null;
}
