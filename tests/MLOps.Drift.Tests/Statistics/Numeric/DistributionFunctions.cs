namespace MLOps.Drift.Tests.Statistics;

/// <summary>Empirical distribution functions by their definition, in 28 digits.</summary>
internal static class DistributionFunctions
{
    /// <summary>∫ f(F − G) dx.</summary>
    public static decimal Area(double[] reference, double[] current, Func<decimal, decimal> f)
    {
        double[] pooled = [.. reference.Concat(current).Distinct().Order()];
        decimal sum = 0;
        for (int k = 1; k < pooled.Length; k++)
        {
            decimal gap = (reference.Count(x => x <= pooled[k - 1]) / (decimal)reference.Length) - (current.Count(x => x <= pooled[k - 1]) / (decimal)current.Length);
            sum += f(gap) * (Exactly(pooled[k]) - Exactly(pooled[k - 1]));
        }

        return sum;
    }

    /// <summary>All digits of a double of common size; the conversion keeps 15.</summary>
    private static decimal Exactly(double value)
    {
        decimal near = (decimal)value;
        return near + (decimal)(value - (double)near);
    }
}
