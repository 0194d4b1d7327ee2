namespace MLOps.Tracking;

/// <summary>The points of one metric of one run, equal points once: all that were asked for, or a reduction that keeps every extreme.</summary>
/// <remarks>
/// A reduced series consists of points that were logged. All that were asked for, in stored order (step, timestamp, value, whatever the axis), are cut into consecutive groups of about equal
/// size. Of each group the smallest and the largest value are kept, the first point that has it; and of the whole the first and the last point on the axis. Infinities are values;
/// NaN is kept only where a whole group is NaN, and at the ends. So the extremes are always there, and by step no peak is lost, however far away the series is drawn from.
/// </remarks>
public sealed record MetricSeries
{
    /// <summary>The run.</summary>
    public required RunId RunId { get; init; }

    /// <summary>The metric's key.</summary>
    public required string Key { get; init; }

    /// <summary>The points in the order of the axis that was asked for; empty when the run has no such metric.</summary>
    public required IReadOnlyList<MetricPoint> Points { get; init; }

    /// <summary>Whether there are more points than these in what was asked for.</summary>
    public bool IsReduced { get; init; }
}
