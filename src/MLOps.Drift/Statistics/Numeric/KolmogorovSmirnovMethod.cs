namespace MLOps.Drift.Statistics;

/// <summary>Which null law gives the p-value of <see cref="KolmogorovSmirnov"/>.</summary>
public enum KolmogorovSmirnovMethod
{
    /// <summary>Exact while neither sample has more than 10,000 values, and where the samples do not overlap at all; asymptotic otherwise.</summary>
    Auto,

    /// <summary>By counting all orders of the pooled values.</summary>
    Exact,

    /// <summary>By the law of one sample of nm / (n + m) values against a known distribution.</summary>
    Asymptotic,
}
