namespace MLOps.Tracking.Artifacts;

/// <summary>How much lies at a location.</summary>
internal readonly record struct ArtifactAmount(long Files, long Bytes);
