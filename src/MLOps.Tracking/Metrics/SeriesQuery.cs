namespace MLOps.Tracking;

/// <summary>Which series to read, and how much of them.</summary>
public sealed record SeriesQuery
{
    /// <summary>The smallest <see cref="MaxPoints"/>: 4, room for the first, the last, the smallest and the largest point.</summary>
    public const int SmallestMaxPoints = 4;

    /// <summary>The runs, at least one, each once.</summary>
    public required IReadOnlyList<RunId> Runs { get; init; }

    /// <summary>The keys of the metrics, at least one, each once.</summary>
    public required IReadOnlyList<string> Keys { get; init; }

    /// <summary>What <see cref="From"/> and <see cref="To"/> mean and how points are ordered. Default: by step.</summary>
    public SeriesAxis Axis { get; init; }

    /// <summary>Only points from this step, or millisecond since 1970-01-01 UTC, on; null begins at the first.</summary>
    public long? From { get; init; }

    /// <summary>Only points up to this step or millisecond, itself included; null goes to the last.</summary>
    public long? To { get; init; }

    /// <summary>The most points of each series, at least <see cref="SmallestMaxPoints"/>; null reads all. A longer series is reduced: see <see cref="MetricSeries"/>.</summary>
    public int? MaxPoints { get; init; }
}
