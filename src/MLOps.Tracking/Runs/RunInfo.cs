namespace MLOps.Tracking;

/// <summary>What a store knows of a run without its params, metrics and tags.</summary>
public sealed record RunInfo
{
    /// <summary>The run's identity.</summary>
    public required RunId Id { get; init; }

    /// <summary>The experiment that the run belongs to.</summary>
    public required ExperimentId ExperimentId { get; init; }

    /// <summary>The run's name, for people; not unique.</summary>
    public required string Name { get; init; }

    /// <summary>Where the run stands. A run whose owner's lease has run out reads as <see cref="RunStatus.Killed"/>.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>When the run started, to the millisecond.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the run ended, to the millisecond; null while it runs.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>The run that this one is a child of; null at the top.</summary>
    public RunId? Parent { get; init; }

    /// <summary>Who started the run; empty when unknown.</summary>
    public string User { get; init; } = "";

    /// <summary>The root under which the run's artifacts lie, for example <c>file:///data/mlops.artifacts/0193…/artifacts</c>.</summary>
    public required string ArtifactLocation { get; init; }

    /// <summary>Whether the run is in use or softly deleted.</summary>
    public Lifecycle Lifecycle { get; init; }

    /// <summary>When the run was softly deleted, by the store's clock; null while it is in use.</summary>
    public DateTimeOffset? DeletedAt { get; init; }
}
