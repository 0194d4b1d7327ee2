namespace MLOps.Drift.Tests.Statistics;

/// <summary>The vectors of all methods of shares: numeric columns in bins, categories, and bare probabilities.</summary>
internal static class ShareVectors
{
    public static void Check(string name, Func<CellCounts, double> ofCells, Func<double[], double[], double>? ofShares = null)
    {
        Check(VectorCase.Of("binned.json", "binned_distances"), name, vector => ofCells(Binned(vector)));
        Check(VectorCase.Of("binned.json", "categorical_distances"), name, vector => ofCells(Categories(vector)));
        if (ofShares is null)
            return;
        Check(VectorCase.Of("binned.json", "pmf_distances"), name, vector => ofShares(VectorCase.NumbersOf(vector.Get("p")), VectorCase.NumbersOf(vector.Get("q"))));
        Check(VectorCase.Of("binned.json", "binned_distances"), name, vector => Binned(vector) is var cells ? ofShares(Doubles(cells.Reference), Doubles(cells.Current)) : 0);
    }

    /// <summary>Counts that are wild: empty sides, one cell, empty cells, a million million values.</summary>
    public static void CheckWild(Func<CellCounts, TestResult> test)
    {
        Random random = new(11);
        for (int trial = 0; trial < TestLength.Of(2_000, 50_000); trial++)
        {
            int cells = random.Next(8);
            long[] Side() => [.. Enumerable.Range(0, cells).Select(_ => random.Next(3) == 0 ? 0 : random.NextInt64(1L << random.Next(1, 63)))];
            long[] a = Side(), b = random.Next(4) == 0 ? a : Side();
            CellCounts counts = new([.. Enumerable.Range(0, cells).Select(i => $"c{i}")], a, b, referenceMissing: random.Next(3), currentMissing: random.Next(3));
            TestResult result = ResultChecks.Sound(test(random.Next(2) == 0 ? counts : counts.WithMissingCell()));
            if (result.IsComputed)
                Assert.True(result.Statistic >= 0, $"{result.Statistic}");
        }
    }

    public static CellCounts Of(long[] reference, long[] current) => new([.. reference.Select((_, i) => $"c{i}")], reference, current);

    /// <summary>Draws counts of two samples from one distribution.</summary>
    public static CellCounts Drawn(Random random, double[] shares, int n, int m)
    {
        long[] Draw(int size)
        {
            long[] counts = new long[shares.Length];
            for (int i = 0; i < size; i++)
            {
                double u = random.NextDouble();
                int cell = 0;
                while (cell < shares.Length - 1 && (u -= shares[cell]) >= 0)
                    cell++;
                counts[cell]++;
            }

            return counts;
        }

        return Of(Draw(n), Draw(m));
    }

    private static void Check(IReadOnlyList<VectorCase> cases, string name, Func<VectorCase, double> compute)
    {
        VectorCase[] expecting = [.. cases.Where(vector => vector.Expects(name))];
        Assert.NotEmpty(expecting);
        VectorCase.CheckAll(expecting, vector => vector.CheckNumber(name, compute(vector)));
    }

    private static CellCounts Binned(VectorCase vector)
    {
        double[] reference = vector.Numbers("reference");
        return BinnedReference.Of(reference, BinsTests.Of(vector, reference)).Compare(vector.Numbers("current"));
    }

    private static CellCounts Categories(VectorCase vector)
    {
        double[] reference = vector.Numbers("reference"), current = vector.Numbers("current"), levels = [.. reference.Concat(current).Distinct().Order()];
        CellCounts cells = new([.. levels.Select(level => $"{level}")], Count(reference), Count(current));
        Assert.Equal(VectorCase.NumbersOf(vector.Expected.GetProperty("ref_counts")), Doubles(cells.Reference));
        return cells;

        long[] Count(double[] values) => [.. levels.Select(level => values.LongCount(value => value == level))];
    }

    private static double[] Doubles(ReadOnlySpan<long> counts)
    {
        double[] numbers = new double[counts.Length];
        for (int i = 0; i < numbers.Length; i++)
            numbers[i] = counts[i];
        return numbers;
    }
}
