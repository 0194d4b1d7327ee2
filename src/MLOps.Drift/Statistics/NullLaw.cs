namespace MLOps.Drift.Statistics;

/// <summary>By which law of the statistic, when nothing has changed, a test of ranks finds its p-value. The rule of a result says which it was.</summary>
public enum NullLaw
{
    /// <summary>
    /// The exact one where it is known and quick, otherwise the asymptotic one. <see cref="KolmogorovSmirnov"/>: exact while neither sample has more than 10,000 values, and where the samples do not
    /// overlap at all. <see cref="CramerVonMises"/>: exact while neither has more than 20. <see cref="MannWhitney"/>: exact when the smaller has 8 at most and there are no ties.
    /// </summary>
    Auto,

    /// <summary>By counting the orders of the pooled values; not computable where that takes too long.</summary>
    Exact,

    /// <summary>By the law that the statistic tends to as samples grow, or one nearer to it: the method's documentation says which.</summary>
    Asymptotic,
}
