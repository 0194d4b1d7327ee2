namespace MLOps.Tracking.LoggedModels;

/// <summary>A logged model that a run put out.</summary>
/// <param name="Id">The model.</param>
/// <param name="Step">The step at which it did.</param>
public sealed record LoggedModelOutput(LoggedModelId Id, long Step);
