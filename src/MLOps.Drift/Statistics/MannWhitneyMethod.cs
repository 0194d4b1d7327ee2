namespace MLOps.Drift.Statistics;

/// <summary>By which law a Mann–Whitney test finds its p-value.</summary>
public enum MannWhitneyMethod
{
    /// <summary>The exact one when the smaller sample has at most 8 values and there are no ties, otherwise the normal one, as scipy chooses.</summary>
    Auto,

    /// <summary>The law of U over all orders of n + m different values. With ties it is only near the truth, and the result has a note.</summary>
    Exact,

    /// <summary>The normal law with the variance corrected for ties.</summary>
    Asymptotic,
}
