namespace MLOps.Drift.Statistics;

/// <summary>How far off a regression model's predictions are: estimated for rows without targets, or measured on the reference.</summary>
/// <remarks>Immutable.</remarks>
public sealed record LossEstimate
{
    /// <summary>Where the numbers come from.</summary>
    public required string Rule { get; init; }

    /// <summary>How many rows were looked at; those without a prediction are not counted.</summary>
    public long Rows { get; init; }

    /// <summary>How many rows had no prediction or, in the reference, no target (NaN), and were left out.</summary>
    public long Missing { get; init; }

    /// <summary>The mean of |prediction − target|, 0 or more, in the target's unit.</summary>
    public EstimatedMetric MeanAbsoluteError { get; init; } = new(double.NaN, double.NaN);

    /// <summary>The root of the mean of (prediction − target)², 0 or more, in the target's unit.</summary>
    public EstimatedMetric RootMeanSquaredError { get; init; } = new(double.NaN, double.NaN);

    /// <summary>Why there are no numbers; null when there are.</summary>
    public NotComputable? NotComputable { get; init; }
}
