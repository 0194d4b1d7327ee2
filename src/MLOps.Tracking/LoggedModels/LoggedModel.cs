using System.Collections.ObjectModel;

namespace MLOps.Tracking.LoggedModels;

/// <summary>A model that a run made, as MLflow 3 keeps it: an entity of its own, with params, tags and metrics, that may become a version of a registered model later.</summary>
public sealed record LoggedModel
{
    /// <summary>The identity.</summary>
    public required LoggedModelId Id { get; init; }

    /// <summary>The experiment it belongs to.</summary>
    public required ExperimentId ExperimentId { get; init; }

    /// <summary>The name, which need not be unique.</summary>
    public required string Name { get; init; }

    /// <summary>What kind of model it is, in words of its maker, for example <c>agent</c>; empty when unsaid.</summary>
    public string ModelType { get; init; } = "";

    /// <summary>The run that made it; null when none did. It need not be in the store: a model outlives the purge of its run, though not what that run measured.</summary>
    public RunId? SourceRunId { get; init; }

    /// <summary>How far it is.</summary>
    public required LoggedModelStatus Status { get; init; }

    /// <summary>A word on the status; empty for none.</summary>
    public string StatusMessage { get; init; } = "";

    /// <summary>When it was made, to the millisecond.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed, to the millisecond. Points do not count.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Where its files lie: an absolute URI.</summary>
    public required string ArtifactLocation { get; init; }

    /// <summary>Whether it is in use or softly deleted.</summary>
    public Lifecycle Lifecycle { get; init; }

    /// <summary>Its params, which are only ever added.</summary>
    public IReadOnlyDictionary<string, string> Params { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Its tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>The latest point of each metric, for each dataset and run that it was logged with, in ordinal order of key, then run, then dataset.</summary>
    public IReadOnlyList<LoggedModelMetric> Metrics { get; init; } = [];
}
