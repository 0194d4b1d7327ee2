namespace MLOps.Server.Wire.Shapes;

/// <summary>An experiment, and the answers that hold some.</summary>
internal sealed record WireExperiment
{
    public required string ExperimentId { get; init; }

    public required string Name { get; init; }

    public required string ArtifactLocation { get; init; }

    public required string LifecycleStage { get; init; }

    public required long LastUpdateTime { get; init; }

    public required long CreationTime { get; init; }

    public IReadOnlyList<WirePair>? Tags { get; init; }
}

internal sealed record ExperimentIdAnswer(string ExperimentId);

internal sealed record ExperimentAnswer(WireExperiment Experiment);

internal sealed record ExperimentsAnswer(IReadOnlyList<WireExperiment>? Experiments, string? NextPageToken);
