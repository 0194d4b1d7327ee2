using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MLOps.Drift.Statistics;

/// <summary>Counts values by cell. The cell of a value is the number of cuts that are not above it; NaN has none.</summary>
/// <remarks>The loops are compiled with all optimisations at once: a report calls them a few times on long columns, which would be over before the runtime has found them hot.</remarks>
internal static class BinCounter
{
    /// <summary>How many thresholds one pass over a block compares with: they and their counters fit in the 16 registers of AVX2.</summary>
    private const int Group = 5;

    /// <summary>How many values are compared with all thresholds before the next are read: 16 KiB, which stay in the first cache.</summary>
    private const int Block = 2048;

    /// <summary>The most cuts for which comparing with each is faster than a search: it takes 0.03 ns a value and cut with vectors of 256 or 512 bits, a search 12 ns a value.</summary>
    public const int MostCompared = 199;

    /// <summary>The same where the cell can be computed, in 2 ns a value; fewer where vectors are shorter.</summary>
    public static int MostComparedIfEqualWidth => Vector256.IsHardwareAccelerated ? 49 : 14;

    /// <summary>Compares every value with every cut, several values at once. The counts of the cells are differences of the counts at or above each cut.</summary>
    public static long ByComparison(ReadOnlySpan<double> values, ReadOnlySpan<double> cuts, Span<long> counts)
    {
        // At or above −∞ are all values but NaN. A threshold of NaN counts nothing, and fills up the last group.
        int groups = (cuts.Length + Group) / Group;
        Span<double> thresholds = stackalloc double[((MostCompared + Group) / Group) * Group];
        Span<long> atLeast = stackalloc long[thresholds.Length + 1];
        thresholds.Fill(double.NaN);
        atLeast.Clear();
        thresholds[0] = double.NegativeInfinity;
        cuts.CopyTo(thresholds[1..]);
        thresholds = thresholds[..(groups * Group)];

        int lanes = Vector512.IsHardwareAccelerated ? Vector512<double>.Count : Vector<double>.Count;
        int whole = values.Length - (values.Length % lanes);
        for (int start = 0; start < whole; start += Block)
        {
            ReadOnlySpan<double> block = values[start..Math.Min(start + Block, whole)];
            for (int group = 0; group < thresholds.Length; group += Group)
            {
                if (Vector512.IsHardwareAccelerated)
                    CountAtLeast512(block, thresholds.Slice(group, Group), atLeast[group..]);
                else
                    CountAtLeast(block, thresholds.Slice(group, Group), atLeast[group..]);
            }
        }

        foreach (double value in values[whole..])
        {
            for (int threshold = 0; threshold < thresholds.Length; threshold++)
            {
                if (value >= thresholds[threshold])
                    atLeast[threshold]++;
            }
        }

        for (int cell = 0; cell < cuts.Length; cell++)
            counts[cell] += atLeast[cell] - atLeast[cell + 1];
        counts[cuts.Length] += atLeast[cuts.Length];
        return values.Length - atLeast[0];
    }

    /// <summary>Computes the cell from the value, and then looks at the cuts themselves, so that rounding cannot put a value beside its cell.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long ByArithmetic(ReadOnlySpan<double> values, ReadOnlySpan<double> cuts, double origin, double cellsPerUnit, Span<long> counts)
    {
        long missing = 0;
        double last = cuts.Length;
        foreach (double value in values)
        {
            if (double.IsNaN(value))
            {
                missing++;
                continue;
            }

            int cell = (int)Math.Min(Math.Max((value - origin) * cellsPerUnit, 0), last);
            while (cell < cuts.Length && value >= cuts[cell])
                cell++;
            while (cell > 0 && value < cuts[cell - 1])
                cell--;
            counts[cell]++;
        }

        return missing;
    }

    /// <summary>Searches each value's cell by halving, without branches that depend on the value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long BySearch(ReadOnlySpan<double> values, ReadOnlySpan<double> cuts, Span<long> counts)
    {
        long missing = 0;
        foreach (double value in values)
        {
            if (double.IsNaN(value))
                missing++;
            else
                counts[Search(cuts, value)]++;
        }

        return missing;
    }

    /// <summary>How many of ascending cuts are not above a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Search(ReadOnlySpan<double> cuts, double value)
    {
        int below = 0, length = cuts.Length;
        while (length > 0)
        {
            int half = (length + 1) >> 1;

            // A mask instead of a branch, which would be guessed wrong every other time.
            below += half & -(cuts[below + half - 1] <= value ? 1 : 0);
            length -= half;
        }

        return below;
    }

    /// <summary>How many of ascending values are below a cut.</summary>
    public static int CountBelow(ReadOnlySpan<double> sorted, double cut)
    {
        int low = 0, high = sorted.Length;
        while (low < high)
        {
            int middle = low + ((high - low) >> 1);
            if (sorted[middle] < cut)
                low = middle + 1;
            else
                high = middle;
        }

        return low;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CountAtLeast(ReadOnlySpan<double> values, ReadOnlySpan<double> thresholds, Span<long> atLeast)
    {
        Vector<double> t0 = new(thresholds[0]), t1 = new(thresholds[1]), t2 = new(thresholds[2]), t3 = new(thresholds[3]), t4 = new(thresholds[4]);
        Vector<long> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default;
        ref double first = ref MemoryMarshal.GetReference(values);
        for (int i = 0; i < values.Length; i += Vector<double>.Count)
        {
            Vector<double> value = Vector.LoadUnsafe(ref first, (nuint)i);

            // True is −1 in every lane.
            c0 -= Vector.GreaterThanOrEqual(value, t0);
            c1 -= Vector.GreaterThanOrEqual(value, t1);
            c2 -= Vector.GreaterThanOrEqual(value, t2);
            c3 -= Vector.GreaterThanOrEqual(value, t3);
            c4 -= Vector.GreaterThanOrEqual(value, t4);
        }

        atLeast[0] += Vector.Sum(c0);
        atLeast[1] += Vector.Sum(c1);
        atLeast[2] += Vector.Sum(c2);
        atLeast[3] += Vector.Sum(c3);
        atLeast[4] += Vector.Sum(c4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CountAtLeast512(ReadOnlySpan<double> values, ReadOnlySpan<double> thresholds, Span<long> atLeast)
    {
        Vector512<double> t0 = Vector512.Create(thresholds[0]), t1 = Vector512.Create(thresholds[1]), t2 = Vector512.Create(thresholds[2]), t3 = Vector512.Create(thresholds[3]), t4 = Vector512.Create(thresholds[4]);
        Vector512<long> c0 = default, c1 = default, c2 = default, c3 = default, c4 = default;
        ref double first = ref MemoryMarshal.GetReference(values);
        for (int i = 0; i < values.Length; i += Vector512<double>.Count)
        {
            Vector512<double> value = Vector512.LoadUnsafe(ref first, (nuint)i);
            c0 -= Vector512.GreaterThanOrEqual(value, t0).AsInt64();
            c1 -= Vector512.GreaterThanOrEqual(value, t1).AsInt64();
            c2 -= Vector512.GreaterThanOrEqual(value, t2).AsInt64();
            c3 -= Vector512.GreaterThanOrEqual(value, t3).AsInt64();
            c4 -= Vector512.GreaterThanOrEqual(value, t4).AsInt64();
        }

        atLeast[0] += Vector512.Sum(c0);
        atLeast[1] += Vector512.Sum(c1);
        atLeast[2] += Vector512.Sum(c2);
        atLeast[3] += Vector512.Sum(c3);
        atLeast[4] += Vector512.Sum(c4);
    }
}
