namespace MLOps.Tracking.Artifacts;

/// <summary>An object as a store lists it, without what the manifests know of it.</summary>
/// <param name="Path">The path below the location, with <c>/</c> between its parts.</param>
/// <param name="SizeBytes">The size in bytes.</param>
public readonly record struct ArtifactObject(string Path, long SizeBytes);
