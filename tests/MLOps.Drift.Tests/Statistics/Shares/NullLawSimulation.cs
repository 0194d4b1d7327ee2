namespace MLOps.Drift.Tests.Statistics;

/// <summary>Whether p-values of samples from one distribution are as frequent as they say.</summary>
internal static class NullLawSimulation
{
    private static readonly double[] Shares = [0.3, 0.2, 0.2, 0.15, 0.1, 0.05];

    public static void Check(Func<CellCounts, TestResult> test, int trials = 2000, int n = 500, int m = 400)
    {
        Random random = new(20261127);
        int below50 = 0, below5 = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            TestResult result = ResultChecks.Sound(test(ShareVectors.Drawn(random, Shares, n, m)));
            below50 += result.PValue <= 0.5 ? 1 : 0;
            below5 += result.PValue <= 0.05 ? 1 : 0;
        }

        // Four standard errors of a share of so many trials.
        Assert.InRange((below50 / (double)trials) - 0.5, -4 * 0.5 / Math.Sqrt(trials), 4 * 0.5 / Math.Sqrt(trials));
        Assert.InRange((below5 / (double)trials) - 0.05, -4 * 0.22 / Math.Sqrt(trials), 4 * 0.22 / Math.Sqrt(trials));
    }
}
