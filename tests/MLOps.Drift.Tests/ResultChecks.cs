namespace MLOps.Drift.Tests;

/// <summary>What holds for every result of every method.</summary>
internal static class ResultChecks
{
    public static TestResult Sound(TestResult result)
    {
        Assert.NotEmpty(result.Method);
        Assert.NotEmpty(result.Rule);
        Assert.Equal(result.IsComputed, !double.IsNaN(result.Statistic));
        if (!result.IsComputed)
        {
            Assert.NotEmpty(result.NotComputable!.Explanation);
            Assert.True(double.IsNaN(result.PValue) && double.IsNaN(result.LogPValue), "what is not computable has no p-value");
        }

        if (!double.IsNaN(result.PValue))
        {
            Assert.InRange(result.PValue, 0, 1);
            Assert.InRange(result.LogPValue, double.NegativeInfinity, 0);
            if (result.PValue > 1e-290)
                Assert.Equal(Math.Log(result.PValue), result.LogPValue, 1e-9 * Math.Max(1, Math.Abs(result.LogPValue)));
        }

        return result;
    }
}
