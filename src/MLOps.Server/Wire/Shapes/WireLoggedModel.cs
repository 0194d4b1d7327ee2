namespace MLOps.Server.Wire.Shapes;

/// <summary>A logged model, and the answers that hold some.</summary>
internal sealed record WireLoggedModel
{
    public required WireLoggedModelInfo Info { get; init; }

    public required WireLoggedModelData Data { get; init; }
}

internal sealed record WireLoggedModelInfo
{
    public required string ModelId { get; init; }

    public required string ExperimentId { get; init; }

    public required string Name { get; init; }

    public required long CreationTimestampMs { get; init; }

    public required long LastUpdatedTimestampMs { get; init; }

    public required string ArtifactUri { get; init; }

    public required string Status { get; init; }

    public string? ModelType { get; init; }

    public string? SourceRunId { get; init; }

    public string? StatusMessage { get; init; }

    public IReadOnlyList<WirePair>? Tags { get; init; }

    public IReadOnlyList<WireRegistration>? Registrations { get; init; }
}

internal sealed record WireRegistration(string Name, string Version);

internal sealed record WireLoggedModelData
{
    public IReadOnlyList<WirePair>? Params { get; init; }

    public IReadOnlyList<WireMetric>? Metrics { get; init; }
}

internal sealed record LoggedModelAnswer(WireLoggedModel Model);

internal sealed record LoggedModelsAnswer(IReadOnlyList<WireLoggedModel>? Models, string? NextPageToken);
