namespace MLOps.Tracking;

/// <summary>No such run in the store that was asked.</summary>
/// <param name="id">The run that was asked for.</param>
public sealed class RunNotFoundException(RunId id)
    : MLOpsException($"No run '{id}' in this store. It may belong to another store or have been purged.")
{
    /// <summary>The run that was asked for.</summary>
    public RunId Id { get; } = id;
}
