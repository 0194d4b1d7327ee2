namespace MLOps.Registry;

/// <summary>What a version was made from, and what was made from it. Immutable.</summary>
public sealed record LineageGraph
{
    /// <summary>The version in the middle.</summary>
    public required ModelVersionRef Version { get; init; }
}
