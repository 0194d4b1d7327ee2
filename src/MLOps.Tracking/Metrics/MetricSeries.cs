namespace MLOps.Tracking;

/// <summary>All points of one metric of one run, in the order of <see cref="MetricPoint.CompareTo"/>, equal points once.</summary>
public sealed record MetricSeries
{
    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>The metric's key.</summary>
    public required string Key { get; init; }

    /// <summary>The points, sorted by step, timestamp and value; empty when the run has no such metric.</summary>
    public required IReadOnlyList<MetricPoint> Points { get; init; }
}
