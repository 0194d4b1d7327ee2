namespace MLOps.Drift.Statistics;

/// <summary>How well a binary classifier does: estimated for rows without labels, or measured on the reference.</summary>
/// <remarks>Immutable. Counts are expected numbers of rows, and so no whole numbers; measured ones are.</remarks>
public sealed record PerformanceEstimate
{
    private static readonly EstimatedMetric None = new(double.NaN, double.NaN);

    /// <summary>Where the numbers come from: measured or estimated, by which calibration and threshold.</summary>
    public required string Rule { get; init; }

    /// <summary>How many rows were looked at; those without a score are not counted.</summary>
    public long Rows { get; init; }

    /// <summary>How many rows had no score (NaN) and were left out.</summary>
    public long Missing { get; init; }

    /// <summary>Rows predicted positive that are.</summary>
    public double TruePositives { get; init; } = double.NaN;

    /// <summary>Rows predicted positive that are not.</summary>
    public double FalsePositives { get; init; } = double.NaN;

    /// <summary>Rows predicted negative that are positive.</summary>
    public double FalseNegatives { get; init; } = double.NaN;

    /// <summary>Rows predicted negative that are.</summary>
    public double TrueNegatives { get; init; } = double.NaN;

    /// <summary>(TP + TN) / rows, 0 to 1.</summary>
    public EstimatedMetric Accuracy { get; init; } = None;

    /// <summary>TP / (TP + FP), 0 to 1.</summary>
    public EstimatedMetric Precision { get; init; } = None;

    /// <summary>TP / (TP + FN), 0 to 1.</summary>
    public EstimatedMetric Recall { get; init; } = None;

    /// <summary>TN / (TN + FP), 0 to 1.</summary>
    public EstimatedMetric Specificity { get; init; } = None;

    /// <summary>2 TP / (2 TP + FP + FN), 0 to 1.</summary>
    public EstimatedMetric F1 { get; init; } = None;

    /// <summary>The area under the ROC curve, 0 to 1.</summary>
    public EstimatedMetric RocAuc { get; init; } = None;

    /// <summary>Why there are no numbers; null when there are.</summary>
    public NotComputable? NotComputable { get; init; }
}
