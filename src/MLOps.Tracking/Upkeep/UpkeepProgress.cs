namespace MLOps.Tracking;

/// <summary>How far a purge or a check has come.</summary>
/// <param name="Runs">Runs that are done, skipped ones included.</param>
/// <param name="TotalRuns">Runs that there are to do.</param>
/// <param name="ArtifactFiles">Artifact files that were removed, counted or verified.</param>
/// <param name="ArtifactBytes">The size of those files in bytes.</param>
public readonly record struct UpkeepProgress(int Runs, int TotalRuns, long ArtifactFiles, long ArtifactBytes);
