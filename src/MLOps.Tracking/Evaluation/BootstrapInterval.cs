namespace MLOps.Tracking.Evaluation;

/// <summary>A metric with the interval in which it would be expected to lie on other rows from the same source.</summary>
public sealed record BootstrapInterval
{
    /// <summary>The metric of the rows themselves.</summary>
    public required double Estimate { get; init; }

    /// <summary>The lower end; NaN if every resample was degenerate.</summary>
    public required double Lower { get; init; }

    /// <summary>The upper end; NaN if every resample was degenerate.</summary>
    public required double Upper { get; init; }

    /// <summary>The share of the resamples between the ends, 0 to 1 exclusive, for example 0.95.</summary>
    public required double ConfidenceLevel { get; init; }

    /// <summary>How many resamples were drawn.</summary>
    public required int Resamples { get; init; }

    /// <summary>How many of them were degenerate: the metric was NaN, for example ROC AUC where all drawn rows are of one class. They are left out of the interval; if they are many, it speaks of the other draws alone.</summary>
    public required int Skipped { get; init; }
}
