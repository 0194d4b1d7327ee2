namespace MLOps.Server.Wire.Shapes;

/// <summary>A dataset, its use by a run, and the answer that sums datasets up.</summary>
internal sealed record WireDataset
{
    public required string Name { get; init; }

    public required string Digest { get; init; }

    public required string SourceType { get; init; }

    public required string Source { get; init; }

    public string? Schema { get; init; }

    public string? Profile { get; init; }
}

internal sealed record WireDatasetInput
{
    public IReadOnlyList<WirePair>? Tags { get; init; }

    public required WireDataset Dataset { get; init; }
}

internal sealed record WireDatasetSummary(string ExperimentId, string Name, string Digest, string? Context);

internal sealed record DatasetsAnswer(IReadOnlyList<WireDatasetSummary>? DatasetSummaries);
