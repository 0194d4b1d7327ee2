using System.Diagnostics;
using System.Numerics;

namespace MLOps.Benchmarks;

/// <summary>Counts durations in buckets that are at most 1/64 of their value wide, without allocating.</summary>
internal sealed class LatencyHistogram
{
    private const int Bits = 6, Half = 1 << Bits;
    private readonly long[] _buckets = new long[(64 - Bits + 1) * Half];
    private long _count;

    public void Record(long ticks)
    {
        _buckets[BucketOf(ticks)]++;
        _count++;
    }

    /// <summary>The duration in nanoseconds that a share of all durations does not exceed, to the bucket's width.</summary>
    public double Nanoseconds(double share)
    {
        long rank = Math.Max(1, (long)Math.Ceiling(share * _count)), seen = 0;
        int bucket = -1;
        while (seen < rank)
            seen += _buckets[++bucket];
        return LargestIn(bucket) * 1e9 / Stopwatch.Frequency;
    }

    private static int BucketOf(long ticks)
    {
        int shift = Math.Max(0, BitOperations.Log2((ulong)ticks | 1) - Bits);
        return (shift * Half) + (int)(ticks >> shift);
    }

    private static long LargestIn(int bucket)
    {
        int shift = Math.Max(0, (bucket / Half) - 1);
        return ((bucket - ((long)shift * Half) + 1) << shift) - 1;
    }
}
