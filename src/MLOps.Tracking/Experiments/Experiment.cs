using System.Collections.ObjectModel;

namespace MLOps.Tracking;

/// <summary>A named set of runs that are compared with each other.</summary>
public sealed record Experiment
{
    /// <summary>The experiment's identity, given by the store.</summary>
    public required ExperimentId Id { get; init; }

    /// <summary>The name: 1 to 500 characters, unique in the store, deleted experiments included.</summary>
    public required string Name { get; init; }

    /// <summary>Where artifacts of runs that are created over MLflow's routes go; runs that this SDK starts keep their own location.</summary>
    public string ArtifactLocation { get; init; } = "";

    /// <summary>Whether the experiment is in use or softly deleted.</summary>
    public Lifecycle Lifecycle { get; init; }

    /// <summary>When the experiment was made, to the millisecond.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the experiment was last changed, to the millisecond.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The experiment's tags by key.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = ReadOnlyDictionary<string, string>.Empty;
}
