namespace MLOps.Tracking;

/// <summary>No such experiment in the store that was asked.</summary>
/// <param name="experiment">The name or id that was asked for.</param>
public sealed class ExperimentNotFoundException(string experiment)
    : MLOpsException($"No experiment '{experiment}' in this store. It comes to be with its first run; Tracker.FindExperimentsAsync lists those that exist.")
{
    /// <summary>The name or id that was asked for.</summary>
    public string Experiment { get; } = experiment;
}
