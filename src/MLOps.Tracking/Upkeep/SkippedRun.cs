namespace MLOps.Tracking;

/// <summary>A run that was left out.</summary>
/// <param name="Id">The run.</param>
/// <param name="Reason">Why, and what to do, as sentences.</param>
public sealed record SkippedRun(RunId Id, string Reason);
