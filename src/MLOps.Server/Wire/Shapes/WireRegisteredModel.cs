namespace MLOps.Server.Wire.Shapes;

/// <summary>A registered model, and the answers that hold some.</summary>
internal sealed record WireRegisteredModel
{
    public required string Name { get; init; }

    public required long CreationTimestamp { get; init; }

    public required long LastUpdatedTimestamp { get; init; }

    public string? UserId { get; init; }

    public string? Description { get; init; }

    public IReadOnlyList<WireModelVersion>? LatestVersions { get; init; }

    public IReadOnlyList<WirePair>? Tags { get; init; }

    public IReadOnlyList<WireAlias>? Aliases { get; init; }
}

internal sealed record WireAlias(string Alias, string Version);

internal sealed record RegisteredModelAnswer(WireRegisteredModel RegisteredModel);

internal sealed record RegisteredModelsAnswer(IReadOnlyList<WireRegisteredModel>? RegisteredModels, string? NextPageToken);
