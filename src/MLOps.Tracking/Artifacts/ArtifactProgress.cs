namespace MLOps.Tracking.Artifacts;

/// <summary>How far an upload or a download has come.</summary>
/// <param name="Files">Files that are under their final names.</param>
/// <param name="TotalFiles">Files of this transfer.</param>
/// <param name="Bytes">Bytes that were read: of local files for an upload, from the store for a download.</param>
/// <param name="TotalBytes">Bytes of this transfer, as the files were when it began.</param>
public readonly record struct ArtifactProgress(int Files, int TotalFiles, long Bytes, long TotalBytes);
