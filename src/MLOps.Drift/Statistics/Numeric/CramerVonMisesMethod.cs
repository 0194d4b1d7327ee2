namespace MLOps.Drift.Statistics;

/// <summary>Which null law gives the p-value of <see cref="CramerVonMises"/>.</summary>
public enum CramerVonMisesMethod
{
    /// <summary>Exact while neither sample has more than 20 values; asymptotic otherwise.</summary>
    Auto,

    /// <summary>The share of all ways to deal the pooled values out to the two samples, tied values as they are.</summary>
    Exact,

    /// <summary>By the limiting law, the statistic brought to the limit's mean and variance.</summary>
    Asymptotic,
}
