namespace MLOps.Server.Wire.Shapes;

/// <summary>A version of a registered model, and the answers that hold some.</summary>
internal sealed record WireModelVersion
{
    public required string Name { get; init; }

    public required string Version { get; init; }

    public required long CreationTimestamp { get; init; }

    public required long LastUpdatedTimestamp { get; init; }

    public string? UserId { get; init; }

    public required string CurrentStage { get; init; }

    public string? Description { get; init; }

    public required string Source { get; init; }

    public string? RunId { get; init; }

    public required string Status { get; init; }

    public string? StatusMessage { get; init; }

    public IReadOnlyList<WirePair>? Tags { get; init; }

    public string? RunLink { get; init; }

    public IReadOnlyList<string>? Aliases { get; init; }

    public string? ModelId { get; init; }

    public IReadOnlyList<WirePair>? ModelParams { get; init; }

    public IReadOnlyList<WireMetric>? ModelMetrics { get; init; }
}

internal sealed record ModelVersionAnswer(WireModelVersion ModelVersion);

internal sealed record ModelVersionsAnswer(IReadOnlyList<WireModelVersion>? ModelVersions, string? NextPageToken);

internal sealed record ArtifactUriAnswer(string ArtifactUri);
