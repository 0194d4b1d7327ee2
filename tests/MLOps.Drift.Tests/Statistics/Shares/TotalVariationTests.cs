using System.Numerics;

namespace MLOps.Drift.Tests.Statistics;

public sealed class TotalVariationTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Distances_are_those_of_the_vectors()
    {
        ShareVectors.Check("tvd", cells => ResultChecks.Sound(TotalVariation.Test(cells, permutations: 9, cancellationToken: Stop)).Statistic, (p, q) => TotalVariation.OfShares(p, q));
        ShareVectors.Check("overlap", cells => 1 - TotalVariation.Test(cells, permutations: 0, cancellationToken: Stop).Statistic);
    }

    [Fact]
    public void The_p_of_permutations_is_near_that_of_all_of_them()
    {
        foreach ((long[] a, long[] b) in new (long[], long[])[] { ([3, 1, 2], [1, 4, 0]), ([5, 5], [9, 1]), ([0, 4, 0, 1], [2, 1, 2, 2]), ([12, 3, 5], [20, 11, 2]), ([1, 1], [1, 1]) })
        {
            double exact = Exact(a, b, largest: false), largest = Exact(a, b, largest: true);
            Assert.Equal(exact, TotalVariation.Test(ShareVectors.Of(a, b), 40_000, cancellationToken: Stop).PValue, 4 * 0.5 / Math.Sqrt(40_000));
            Assert.Equal(largest, Chebyshev.Test(ShareVectors.Of(a, b), 40_000, cancellationToken: Stop).PValue, 4 * 0.5 / Math.Sqrt(40_000));
        }
    }

    [Fact]
    public void Equal_samples_have_a_p_of_1_and_the_same_seed_gives_the_same_p()
    {
        CellCounts equal = ShareVectors.Of([300, 200, 100], [150, 100, 50]), cells = ShareVectors.Of([50, 30, 20], [40, 40, 20]);
        Assert.Equal(1, TotalVariation.Test(equal, cancellationToken: Stop).PValue);
        Assert.Equal(TotalVariation.Test(cells, cancellationToken: Stop).PValue, TotalVariation.Test(cells, random: new Random(1), cancellationToken: Stop).PValue);
        Assert.EndsWith("999 permutations", TotalVariation.Test(cells, cancellationToken: Stop).Rule, StringComparison.Ordinal);
        Assert.Equal(0.001, TotalVariation.Test(ShareVectors.Of([1000, 0], [0, 1000]), cancellationToken: Stop).PValue);
    }

    [Fact]
    public void Without_permutations_a_note_says_why_there_is_no_p()
    {
        TestResult none = ResultChecks.Sound(TotalVariation.Test(ShareVectors.Of([1], [2]), permutations: 0, cancellationToken: Stop)), many = ResultChecks.Sound(TotalVariation.Test(ShareVectors.Of([1L << 40, 5], [2, 7]), cancellationToken: Stop));
        Assert.True(double.IsNaN(none.PValue) && double.IsNaN(many.PValue));
        Assert.Single(none.Notes);
        Assert.Single(many.Notes);
        Assert.Throws<ArgumentOutOfRangeException>(() => TotalVariation.Test(ShareVectors.Of([1], [2]), permutations: -1, cancellationToken: Stop));
    }

    [Fact]
    public void Work_that_is_cancelled_ends()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => TotalVariation.Test(ShareVectors.Of([50, 30, 20], [40, 40, 20]), 1_000_000, cancellationToken: source.Token));
    }

    [Fact]
    public void Without_drift_p_values_are_uniform()
    {
        // One source for all trials: the same permutations for each would be wrong in the same way.
        Random random = new(41);
        NullLawSimulation.Check(cells => TotalVariation.Test(cells, 199, random, Stop), trials: 1000);
    }

    [Fact]
    public void Wild_input_gives_a_result()
    {
        ShareVectors.CheckWild(cells => TotalVariation.Test(cells, 5, cancellationToken: Stop));
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) => Assert.False(ResultChecks.Sound(TotalVariation.Test(reference, current, 5, cancellationToken: Stop)).Statistic > 1));
    }

    /// <summary>The p-value over all tables with the same margins, in whole numbers.</summary>
    private static double Exact(long[] a, long[] b, bool largest)
    {
        long n = a.Sum(), m = b.Sum();
        long[] pooled = [.. a.Zip(b, (x, y) => x + y)];
        long Statistic(long[] x)
        {
            long[] differences = [.. x.Select((count, cell) => Math.Abs((count * m) - ((pooled[cell] - count) * n)))];
            return largest ? differences.Max() : differences.Sum();
        }

        long observed = Statistic(a);
        BigInteger extreme = 0, all = 0;
        long[] table = new long[a.Length];
        Walk(0, n, 1);
        return (double)extreme / (double)all;

        void Walk(int cell, long left, BigInteger ways)
        {
            if (cell == table.Length - 1)
            {
                if (left > pooled[cell])
                    return;
                table[cell] = left;
                ways *= Choose(pooled[cell], left);
                all += ways;
                if (Statistic(table) >= observed)
                    extreme += ways;
                return;
            }

            for (table[cell] = 0; table[cell] <= Math.Min(left, pooled[cell]); table[cell]++)
                Walk(cell + 1, left - table[cell], ways * Choose(pooled[cell], table[cell]));
        }
    }

    internal static BigInteger Choose(long n, long k)
    {
        BigInteger ways = 1;
        for (long i = 1; i <= k; i++)
            ways = ways * (n - k + i) / i;
        return ways;
    }
}
