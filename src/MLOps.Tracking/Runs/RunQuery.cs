namespace MLOps.Tracking;

/// <summary>Which runs to find.</summary>
public sealed record RunQuery
{
    /// <summary>The experiments to look in; null looks in all.</summary>
    public IReadOnlyList<ExperimentId>? Experiments { get; init; }

    /// <summary>Only the children of this run; null does not ask.</summary>
    public RunId? Parent { get; init; }

    /// <summary>Which runs to show by lifecycle; null shows both. Default: active ones.</summary>
    public Lifecycle? Lifecycle { get; init; } = MLOps.Tracking.Lifecycle.Active;
}
