namespace MLOps.Tracking;

/// <summary>The experiment is softly deleted, and what was asked needs one that is in use.</summary>
/// <param name="experiment">The experiment's id or name.</param>
public sealed class ExperimentDeletedException(string experiment)
    : MLOpsException($"Experiment '{experiment}' is deleted. Restore it first.")
{
    /// <summary>The experiment's id or name.</summary>
    public string Experiment { get; } = experiment;
}
