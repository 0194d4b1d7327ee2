namespace MLOps.Drift.Tests.Statistics;

public sealed class LatticePathsTests
{
    [Fact]
    public void Every_gap_of_small_samples_has_the_share_of_paths_that_whole_numbers_give()
    {
        for (int n = 1; n <= 9; n++)
        {
            for (int m = 1; m <= 9; m++)
            {
                for (long gap = 0; gap <= n * m; gap++)
                    Check(n, m, gap);
            }
        }
    }

    [Fact]
    public void Sizes_up_to_300_have_their_p_value_within_1e_12_of_the_truth()
    {
        Random random = new(7);
        for (int trial = 0; trial < TestLength.Of(60, 1000); trial++)
        {
            int n = random.Next(1, 301), m = trial % 4 == 0 ? n : random.Next(1, 301);
            Check(n, m, random.NextInt64(1, ((long)n * m) + 1));

            // Where tests mostly are: a gap of a few standard deviations.
            Check(n, m, Math.Min((long)n * m, 1 + (long)(random.NextDouble() * 3 * Math.Sqrt((double)n * m * (n + m)))));
        }
    }

    [Theory]
    [InlineData(9001, 9000, 1.0)]
    [InlineData(9000, 9000, 0.999)]
    [InlineData(9000, 8990, 0.99)]
    [InlineData(1200, 1200, 0.7)]
    [InlineData(1200, 1100, 0.7)]
    public void Logarithms_hold_down_to_1e_5000_and_below(int n, int m, double share)
    {
        long gap = (long)(share * n * m);
        foreach (bool twoSided in (bool[])[true, false])
        {
            (double log, _) = LatticePathCounts.Share(n, m, gap, twoSided);
            Assert.InRange(log, double.MinValue, -400);
            Assert.Equal(log, LatticePaths.Reaching(n, m, gap, twoSided).Log, 1e-11 * Math.Abs(log));
        }
    }

    [Fact]
    public void Equal_sizes_agree_with_sizes_that_are_nearly_equal()
    {
        foreach (double statistic in (double[])[0.01, 0.02, 0.05, 0.2])
        {
            double equal = LatticePaths.Reaching(10_000, 10_000, (long)(statistic * 1e8), twoSided: true).Log;
            double near = LatticePaths.Reaching(10_000, 9_999, (long)(statistic * 9.999e7), twoSided: true).Log;
            Assert.Equal(equal, near, 0.03 * Math.Max(0.1, Math.Abs(equal)));
        }
    }

    private static void Check(int n, int m, long gap)
    {
        foreach (bool twoSided in (bool[])[true, false])
        {
            (double log, double truth) = LatticePathCounts.Share(n, m, gap, twoSided);
            Probability found = LatticePaths.Reaching(n, m, gap, twoSided);
            if (truth > 1e-290)
                Assert.True(Math.Abs(found.Value - truth) <= 1e-12 * truth, $"n {n}, m {m}, gap {gap}, two-sided {twoSided}: expected {truth:R}, got {found.Value:R}");
            Assert.True(Math.Abs(found.Log - log) <= 1e-12 * Math.Max(1, Math.Abs(log)), $"n {n}, m {m}, gap {gap}, two-sided {twoSided}: expected ln {log:R}, got {found.Log:R}");
        }
    }
}
