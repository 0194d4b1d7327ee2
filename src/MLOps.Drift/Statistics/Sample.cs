using System.Buffers;
using System.Runtime.InteropServices;

namespace MLOps.Drift.Statistics;

/// <summary>
/// A numeric column made ready once for all methods that compare it: sorted, missing values counted and left out. Prepare the reference once and hand it to every
/// test against it; and when several methods compare the same current values, prepare those as well.
/// </summary>
/// <remarks>Immutable and safe for any number of threads. Takes 8 bytes a value. −0.0 is 0.0. Infinities are values: the smallest and the largest.</remarks>
public sealed class Sample
{
    /// <summary>From here on a second thread repays its start.</summary>
    private const int ParallelLeast = 1 << 17;

    private const int Block = 512;

    private readonly double[] _sorted;
    private readonly Lazy<double> _deviation;

    private Sample(double[] sorted, int distinct, long missing)
    {
        (_sorted, Distinct, Missing) = (sorted, distinct, missing);
        _deviation = new Lazy<double>(ComputeDeviation);
    }

    /// <summary>Sorts a copy of a column.</summary>
    /// <param name="values">The column in any order; NaN is missing.</param>
    /// <returns>The sample. The same values give the same sample to the bit, however many threads sorted them.</returns>
    /// <remarks>
    /// Time: a few passes over the values (radix sort), some 10 ns a value. From 131,072 values on, a thread of the pool sorts the upper half while the calling thread sorts the lower.
    /// Memory besides the sample: 8 bytes a value, from the shared array pool.
    /// </remarks>
    public static Sample Of(ReadOnlySpan<double> values)
    {
        ulong[] keys = ArrayPool<ulong>.Shared.Rent(values.Length);
        try
        {
            int size = values.Length;
            (int lower, int upper) = Split(values, size >= ParallelLeast && Environment.ProcessorCount > 1 ? Middle(values) : ulong.MaxValue, keys.AsSpan(0, size));
            double[] sorted = GC.AllocateUninitializedArray<double>(lower + upper);
            int distinctBelow = 0, distinctAbove = 0;
            if (upper == 0)
                distinctBelow = Sort(keys.AsSpan(0, lower), sorted);
            else
                Parallel.Invoke(() => distinctBelow = Sort(keys.AsSpan(0, lower), sorted.AsSpan(0, lower)), () => distinctAbove = Sort(keys.AsSpan(size - upper, upper), sorted.AsSpan(lower)));
            return new Sample(sorted, distinctBelow + distinctAbove, size - sorted.Length);
        }
        finally
        {
            ArrayPool<ulong>.Shared.Return(keys);
        }
    }

    /// <summary>How many values there are, missing ones left out.</summary>
    public int Count => _sorted.Length;

    /// <summary>How many values were NaN.</summary>
    public long Missing { get; }

    /// <summary>How many different values there are. Less than <see cref="Count"/> when some are tied.</summary>
    public int Distinct { get; }

    /// <summary>The values in ascending order, without NaN.</summary>
    public ReadOnlySpan<double> Sorted => _sorted;

    /// <summary>How many values are infinite.</summary>
    public int Infinite
    {
        get
        {
            int low = 0, high = _sorted.Length;
            while (low < high && double.IsNegativeInfinity(_sorted[low]))
                low++;
            while (high > low && double.IsPositiveInfinity(_sorted[high - 1]))
                high--;
            return low + (_sorted.Length - high);
        }
    }

    /// <summary>The standard deviation, divided by n, computed once; NaN when there is no value or one is infinite. It does not overflow, nor underflow before its result does.</summary>
    internal double PopulationDeviation => _deviation.Value;

    /// <summary>A power of two that brings the largest magnitude of both samples near 1, so that neither sums nor squares leave the range of a double. Multiplying by it is exact.</summary>
    internal static double CommonScale(ReadOnlySpan<double> sorted, ReadOnlySpan<double> other)
    {
        double largest = Math.Max(Largest(sorted), Largest(other));
        return largest == 0 ? 1 : Math.ScaleB(1, Math.Clamp(-Math.ILogB(largest), -1022, 1000));

        static double Largest(ReadOnlySpan<double> sorted) => sorted.IsEmpty ? 0 : Math.Max(Math.Abs(sorted[0]), Math.Abs(sorted[^1]));
    }

    /// <summary>Keys below the pivot go to the start, others to the end, in a loop without branches for the processor to mispredict.</summary>
    private static (int Lower, int Upper) Split(ReadOnlySpan<double> values, ulong pivot, Span<ulong> keys)
    {
        int low = 0, high = keys.Length - 1;
        foreach (double value in values)
        {
            if (double.IsNaN(value))
                continue;
            ulong key = RadixSort.KeyOf(value + 0.0);
            keys[low] = key;
            keys[high] = key;
            int isLow = key < pivot ? 1 : 0;
            low += isLow;
            high += isLow - 1;
        }

        return (low, keys.Length - 1 - high);
    }

    /// <summary>The median of 63 values spread over the column: halves of nearly the same size, whatever the order of the column.</summary>
    private static ulong Middle(ReadOnlySpan<double> values)
    {
        Span<ulong> probes = stackalloc ulong[63];
        for (int i = 0; i < probes.Length; i++)
            probes[i] = RadixSort.KeyOf(values[(int)(((2L * i) + 1) * values.Length / (2 * probes.Length))] + 0.0);
        probes.Sort();
        return probes[probes.Length / 2];
    }

    /// <summary>Sorts keys into values and counts the different ones.</summary>
    private static int Sort(Span<ulong> keys, Span<double> values)
    {
        Span<ulong> sorted = RadixSort.Sort(keys, MemoryMarshal.Cast<double, ulong>(values));
        int distinct = 0;
        ulong last = sorted.IsEmpty ? 0 : ~sorted[0];
        for (int i = 0; i < values.Length; i++)
        {
            ulong key = sorted[i];
            values[i] = RadixSort.ValueOf(key);
            distinct += key != last ? 1 : 0;
            last = key;
        }

        return distinct;
    }

    private double ComputeDeviation()
    {
        if (_sorted.Length == 0 || Infinite > 0)
            return double.NaN;
        double scale = CommonScale(_sorted, []), sum = 0, squares = 0, rest = 0;

        // By blocks, so that rounding grows with the square root of the count at most.
        for (int start = 0; start < _sorted.Length; start += Block)
        {
            double part = 0;
            foreach (double value in BlockAt(start))
                part += value * scale;
            sum += part;
        }

        double mean = sum / _sorted.Length;
        for (int start = 0; start < _sorted.Length; start += Block)
        {
            double square = 0, difference = 0;
            foreach (double value in BlockAt(start))
            {
                double from = (value * scale) - mean;
                square += from * from;
                difference += from;
            }

            squares += square;
            rest += difference;
        }

        // The second term is what the rounded mean has added.
        double variance = Math.Max(0, squares - (rest * rest / _sorted.Length)) / _sorted.Length;
        return _sorted[0] == _sorted[^1] ? 0 : Math.Sqrt(variance) / scale;
    }

    private ReadOnlySpan<double> BlockAt(int start) => _sorted.AsSpan(start, Math.Min(Block, _sorted.Length - start));
}
