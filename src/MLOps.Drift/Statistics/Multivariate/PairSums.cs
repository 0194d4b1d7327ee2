using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MLOps.Drift.Statistics;

/// <summary>A function of the squared distance between two rows, four pairs at a time.</summary>
internal interface IPairKernel
{
    Vector256<double> Of(Vector256<double> squaredDistance);
}

/// <summary>Sums of a kernel over all pairs of rows, within each side and between the sides, for the true split into sides and for random ones.</summary>
/// <remarks>
/// The kernel is computed once for each pair, in tiles of 64 × 64 that stay in the first cache, and each tile is added to the sums of all splits before the next: no matrix of all pairs is ever there.
/// A split is a bit for each row. Sums of a band of tiles are added in the order of the bands, so that the result does not depend on threads.
/// </remarks>
internal static class PairSums
{
    private const int Tile = PairedRows.Tile;
    private const int BandwidthRows = 2048;

    /// <summary>Sums over the pairs i &lt; j of one split.</summary>
    public readonly record struct Split(double WithinReference, double WithinCurrent, double Between);

    /// <returns>First the true split, then the random ones.</returns>
    public static Split[] Of<TKernel>(PairedRows rows, TKernel kernel, int permutations, Random random, CancellationToken cancellationToken)
        where TKernel : struct, IPairKernel
    {
        // The smaller side is the marked one: its rows are what a tile costs.
        bool marksReference = rows.Reference <= rows.Current;
        int tiles = rows.Tiles, splits = permutations + 1, columnsOfSums = (2 * splits) + 1;
        ulong[] marks = Marks(rows, marksReference, splits, random, cancellationToken);
        double[] sums = new double[(long)tiles * columnsOfSums];
        Parallel.For(0, tiles, new ParallelOptions { CancellationToken = cancellationToken }, band => AddBand(rows, kernel, band, marks, sums.AsSpan(band * columnsOfSums, columnsOfSums)));

        Split[] result = new Split[splits];
        double total = 0;
        for (int band = 0; band < tiles; band++)
            total += sums[(band * columnsOfSums) + (2 * splits)];
        for (int split = 0; split < splits; split++)
        {
            double marked = 0, between = 0;
            for (int band = 0; band < tiles; band++)
            {
                marked += sums[(band * columnsOfSums) + (2 * split)];
                between += sums[(band * columnsOfSums) + (2 * split) + 1];
            }

            double other = total - marked - between;
            result[split] = marksReference ? new Split(marked, other, between) : new Split(other, marked, between);
        }

        return result;
    }

    /// <summary>The median of the squared distances over all pairs i &lt; j; beyond 2,048 rows over the pairs of so many, drawn at random. 0 only when no two rows differ: else zeros are left out where they are the half.</summary>
    public static double MedianSquaredDistance(PairedRows rows, Random random, out string rule)
    {
        rule = "median of squared distances";
        if (rows.Rows > BandwidthRows)
        {
            rows = rows.Part(PairedRows.Draw([.. Enumerable.Range(0, rows.Rows)], BandwidthRows, random));
            rule = "median of squared distances between 2,048 rows drawn at random";
        }

        double[] distances = new double[(long)rows.Rows * (rows.Rows - 1) / 2];
        Span<double> tile = new double[Tile * Tile];
        int count = 0;
        for (int band = 0; band < rows.Tiles; band++)
        {
            for (int other = band; other < rows.Tiles; other++)
            {
                Compute(rows, default(Identity), band, other, tile);
                int ofBand = Math.Min(Tile, rows.Rows - (band * Tile)), ofOther = Math.Min(Tile, rows.Rows - (other * Tile));
                for (int row = 0; row < ofBand; row++)
                {
                    int from = band == other ? row + 1 : 0;
                    if (from >= ofOther)
                        continue;
                    tile[((row * Tile) + from)..((row * Tile) + ofOther)].CopyTo(distances.AsSpan(count));
                    count += ofOther - from;
                }
            }
        }

        double median = Median(distances);
        if (median > 0)
            return median;
        rule = rule.Replace("squared distances", "squared distances above 0", StringComparison.Ordinal);
        double[] positive = Array.FindAll(distances, static distance => distance > 0);
        return positive.Length == 0 ? 0 : Median(positive);
    }

    private static ulong[] Marks(PairedRows rows, bool marksReference, int splits, Random random, CancellationToken cancellationToken)
    {
        int tiles = rows.Tiles, marked = marksReference ? rows.Reference : rows.Current;
        ulong[] marks = new ulong[(long)splits * tiles];
        int[] order = [.. Enumerable.Range(0, rows.Rows)];
        for (int split = 0; split < splits; split++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int at = 0; at < marked; at++)
            {
                int row;
                if (split == 0)
                {
                    row = marksReference ? at : rows.Reference + at;
                }
                else
                {
                    int other = random.Next(at, order.Length);
                    (order[at], order[other]) = (order[other], order[at]);
                    row = order[at];
                }

                marks[(split * tiles) + (row / Tile)] |= 1UL << (row % Tile);
            }
        }

        return marks;
    }

    private static void AddBand<TKernel>(PairedRows rows, TKernel kernel, int band, ulong[] marks, Span<double> sums)
        where TKernel : struct, IPairKernel
    {
        int tiles = rows.Tiles, splits = (sums.Length - 1) / 2;
        double[] tile = new double[Tile * Tile];
        Span<double> all = stackalloc double[Tile], marked = stackalloc double[Tile];
        for (int other = band; other < tiles; other++)
        {
            Compute(rows, kernel, band, other, tile);
            KeepPairs(tile, Math.Min(Tile, rows.Rows - (band * Tile)), Math.Min(Tile, rows.Rows - (other * Tile)), isDiagonal: band == other);
            AddRows(tile, ulong.MaxValue, all);
            sums[2 * splits] += Sum(all);
            for (int split = 0; split < splits; split++)
            {
                ulong here = marks[(split * tiles) + band], there = marks[(split * tiles) + other];
                AddRows(tile, here, marked);
                double within = 0, toMarked = 0;
                for (ulong bits = there; bits != 0; bits &= bits - 1)
                {
                    int column = BitOperations.TrailingZeroCount(bits);
                    within += marked[column];
                    toMarked += all[column];
                }

                sums[2 * split] += within;
                sums[(2 * split) + 1] += Sum(marked) - within + (toMarked - within);
            }
        }
    }

    /// <summary>Sets to 0 what is no pair i &lt; j of rows that exist.</summary>
    private static void KeepPairs(Span<double> tile, int rows, int columns, bool isDiagonal)
    {
        for (int row = 0; row < Tile; row++)
        {
            Span<double> line = tile.Slice(row * Tile, Tile);
            if (row >= rows)
                line.Clear();
            else if (isDiagonal)
                line[..(row + 1)].Clear();
            line[columns..].Clear();
        }
    }

    private static void Compute<TKernel>(PairedRows rows, TKernel kernel, int band, int other, Span<double> tile)
        where TKernel : struct, IPairKernel
    {
        ReadOnlySpan<double> left = rows.Values.AsSpan(band * Tile * rows.Columns, Tile * rows.Columns), right = rows.Values.AsSpan(other * Tile * rows.Columns, Tile * rows.Columns);
        ref double rights = ref MemoryMarshal.GetReference(right);
        ref double lefts = ref MemoryMarshal.GetReference(left);
        ref double into = ref MemoryMarshal.GetReference(tile);
        for (int row = 0; row < Tile; row++)
        {
            for (int at = 0; at < Tile; at += 4 * Vector256<double>.Count)
            {
                Vector256<double> first = default, second = default, third = default, fourth = default;
                for (int from = 0; from < left.Length; from += Tile)
                {
                    Vector256<double> value = Vector256.Create(Unsafe.Add(ref lefts, from + row));
                    ref double column = ref Unsafe.Add(ref rights, from + at);
                    Vector256<double> difference = value - Vector256.LoadUnsafe(ref column);
                    first += difference * difference;
                    difference = value - Vector256.LoadUnsafe(ref column, 4);
                    second += difference * difference;
                    difference = value - Vector256.LoadUnsafe(ref column, 8);
                    third += difference * difference;
                    difference = value - Vector256.LoadUnsafe(ref column, 12);
                    fourth += difference * difference;
                }

                ref double cell = ref Unsafe.Add(ref into, (row * Tile) + at);
                kernel.Of(first).StoreUnsafe(ref cell);
                kernel.Of(second).StoreUnsafe(ref cell, 4);
                kernel.Of(third).StoreUnsafe(ref cell, 8);
                kernel.Of(fourth).StoreUnsafe(ref cell, 12);
            }
        }
    }

    /// <summary>Adds up the marked rows of a tile, column by column.</summary>
    private static void AddRows(Span<double> tile, ulong marked, Span<double> sums)
    {
        ref double start = ref MemoryMarshal.GetReference(tile);
        ref double into = ref MemoryMarshal.GetReference(sums);

        // Half a row of the tile at a time: eight sums have room in registers on every machine with 256-bit vectors.
        for (int half = 0; half < Tile; half += Tile / 2)
        {
            Vector256<double> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
            for (ulong bits = marked; bits != 0; bits &= bits - 1)
            {
                ref double row = ref Unsafe.Add(ref start, (BitOperations.TrailingZeroCount(bits) * Tile) + half);
                s0 += Vector256.LoadUnsafe(ref row);
                s1 += Vector256.LoadUnsafe(ref row, 4);
                s2 += Vector256.LoadUnsafe(ref row, 8);
                s3 += Vector256.LoadUnsafe(ref row, 12);
                s4 += Vector256.LoadUnsafe(ref row, 16);
                s5 += Vector256.LoadUnsafe(ref row, 20);
                s6 += Vector256.LoadUnsafe(ref row, 24);
                s7 += Vector256.LoadUnsafe(ref row, 28);
            }

            ref double cell = ref Unsafe.Add(ref into, half);
            s0.StoreUnsafe(ref cell);
            s1.StoreUnsafe(ref cell, 4);
            s2.StoreUnsafe(ref cell, 8);
            s3.StoreUnsafe(ref cell, 12);
            s4.StoreUnsafe(ref cell, 16);
            s5.StoreUnsafe(ref cell, 20);
            s6.StoreUnsafe(ref cell, 24);
            s7.StoreUnsafe(ref cell, 28);
        }
    }

    private static double Sum(ReadOnlySpan<double> values)
    {
        Vector256<double> sum = default;
        for (int at = 0; at < Tile; at += 4)
            sum += Vector256.LoadUnsafe(in values[at]);
        return Vector256.Sum(sum);
    }

    /// <summary>The median of values that are not negative: they are in the order of their bits, so that the leading 16 say in which bucket it lies, and only that one is sorted.</summary>
    private static double Median(double[] values)
    {
        if (values.Length == 0)
            return double.NaN;
        int[] buckets = new int[1 << 16];
        foreach (double value in values)
            buckets[Bucket(value)]++;
        int upper = values.Length / 2, lower = (values.Length - 1) / 2;
        double high = At(upper), low = lower == upper ? high : At(lower);
        return low == high ? low : low + ((high - low) / 2);

        double At(int rank)
        {
            int bucket = 0;
            for (; rank >= buckets[bucket]; bucket++)
                rank -= buckets[bucket];
            double[] found = Array.FindAll(values, value => Bucket(value) == bucket);
            Array.Sort(found);
            return found[rank];
        }
    }

    private static int Bucket(double value) => (int)(BitConverter.DoubleToUInt64Bits(value) >> 47);

    private readonly struct Identity : IPairKernel
    {
        public Vector256<double> Of(Vector256<double> squaredDistance) => squaredDistance;
    }
}
