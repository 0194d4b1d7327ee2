namespace MLOps.Server.Wire.Shapes;

/// <summary>A run, and the answers that hold some.</summary>
internal sealed record WireRun
{
    public required WireRunInfo Info { get; init; }

    public required WireRunData Data { get; init; }

    public required WireRunInputs Inputs { get; init; }

    public required WireRunOutputs Outputs { get; init; }
}

internal sealed record WireRunInfo
{
    public required string RunUuid { get; init; }

    public required string RunId { get; init; }

    public required string ExperimentId { get; init; }

    public required string RunName { get; init; }

    public required string UserId { get; init; }

    public required string Status { get; init; }

    public required long StartTime { get; init; }

    public long? EndTime { get; init; }

    public required string ArtifactUri { get; init; }

    public required string LifecycleStage { get; init; }
}

internal sealed record WireRunData
{
    public IReadOnlyList<WireMetric>? Metrics { get; init; }

    public IReadOnlyList<WirePair>? Params { get; init; }

    public IReadOnlyList<WirePair>? Tags { get; init; }
}

internal sealed record WireRunInputs
{
    public IReadOnlyList<WireDatasetInput>? DatasetInputs { get; init; }

    public IReadOnlyList<WireModelInput>? ModelInputs { get; init; }
}

internal sealed record WireRunOutputs
{
    public IReadOnlyList<WireModelOutput>? ModelOutputs { get; init; }
}

internal sealed record WireModelInput(string ModelId);

internal sealed record WireModelOutput(string ModelId, long Step);

internal sealed record RunAnswer(WireRun Run);

internal sealed record RunInfoAnswer(WireRunInfo RunInfo);

internal sealed record RunsAnswer(IReadOnlyList<WireRun>? Runs, string? NextPageToken);
