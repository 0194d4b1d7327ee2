namespace MLOps.Tracking.Artifacts;

/// <summary>An object as a store knows it, without what the manifests know of it.</summary>
/// <param name="Path">The path below the location, with <c>/</c> between its parts.</param>
/// <param name="SizeBytes">The size in bytes.</param>
public readonly record struct ArtifactObject(string Path, long SizeBytes)
{
    /// <summary>A text that is another one whenever the content may be another one, as every member of the store gives it for the same content. Null when the store has none.</summary>
    public string? ETag { get; init; }

    /// <summary>The key that encrypts it; null when it lies in the plain, or when a member would have to read the object to know (listing does not).</summary>
    public string? KeyId { get; init; }
}
