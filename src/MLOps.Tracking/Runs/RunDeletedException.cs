namespace MLOps.Tracking;

/// <summary>A run is softly deleted and can be neither resumed nor changed.</summary>
/// <param name="id">The run.</param>
public sealed class RunDeletedException(RunId id)
    : MLOpsException($"Run '{id}' is deleted. Restore it with Tracker.RestoreRunAsync, or start another run.")
{
    /// <summary>The run.</summary>
    public RunId Id { get; } = id;
}
