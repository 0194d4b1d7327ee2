namespace MLOps.Tracking;

/// <summary>How a run starts.</summary>
public sealed record RunOptions
{
    /// <summary>The id; null makes one. A caller that coordinates several processes gives the same id to all.</summary>
    public RunId? Id { get; init; }

    /// <summary>The name, for people, at most 8,000 characters; null makes one such as <c>calm-heron-417</c>.</summary>
    public string? Name { get; init; }

    /// <summary>The run that this one is a child of; null takes <see cref="Run.Current"/> where it belongs to the same tracker.</summary>
    public RunId? Parent { get; init; }

    /// <summary>Whether the run is at the top even where there is a current run. Default false.</summary>
    public bool IsRoot { get; init; }

    /// <summary>Tags to begin with.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How often CPU, memory, disk and GPU use are logged; null takes <see cref="TrackingOptions.SystemMetricsInterval"/>. At least 1 s.</summary>
    public TimeSpan? SystemMetricsInterval { get; init; }

    /// <summary>What the run's time costs; null takes <see cref="TrackingOptions.Prices"/>.</summary>
    public PriceTable? Prices { get; init; }
}
