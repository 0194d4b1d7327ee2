namespace MLOps.Tracking;

/// <summary>The run was purged for good, or its purge has begun: it cannot be restored, resumed or written to.</summary>
/// <param name="id">The run.</param>
public sealed class RunPurgedException(RunId id)
    : MLOpsException($"Run '{id}' was purged for good and cannot be brought back. Start a run with a new id.")
{
    /// <summary>The run.</summary>
    public RunId Id { get; } = id;
}
