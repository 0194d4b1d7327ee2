namespace MLOps.Tracking.Artifacts;

/// <summary>How far an upload has come.</summary>
/// <param name="Files">Files that are under their final names.</param>
/// <param name="TotalFiles">Files of this upload.</param>
/// <param name="Bytes">Bytes that were read.</param>
/// <param name="TotalBytes">Bytes of this upload, as the files were when it began.</param>
public readonly record struct ArtifactProgress(int Files, int TotalFiles, long Bytes, long TotalBytes);
