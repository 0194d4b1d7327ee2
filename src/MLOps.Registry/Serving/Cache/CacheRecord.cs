namespace MLOps.Registry.Serving.Cache;

/// <summary>What <c>entry.json</c> says of an entry of the download cache.</summary>
/// <param name="Manifest">The files.</param>
/// <param name="Modified">When each was written, in ticks of UTC, in the manifest's order: a file that still has its size and this time is the one that was verified.</param>
internal sealed record CacheRecord(ModelManifest Manifest, IReadOnlyList<long> Modified);
