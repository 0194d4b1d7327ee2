namespace MLOps.Registry.Serving.Cache;

/// <summary>What a URI was last known to name.</summary>
/// <param name="Uri">The URI, for people who look into the cache.</param>
/// <param name="Version">The version as it was then; null for a run's files.</param>
/// <param name="Manifest">Its files.</param>
internal sealed record KnownAnswer(string Uri, ModelVersion? Version, ModelManifest Manifest);
