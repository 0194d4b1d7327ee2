namespace MLOps.Tracking;

/// <summary>A run cannot be resumed because the process that owns it lives.</summary>
/// <param name="id">The run.</param>
/// <param name="owner">Who owns it.</param>
public sealed class RunInUseException(RunId id, Storage.LeaseOwner owner)
    : MLOpsException($"Run '{id}' is in use by process {owner.ProcessId} on {owner.Host} since {owner.Since:O}. End that process, wait for it, or join the run with ResumeMode.Share.")
{
    /// <summary>The run.</summary>
    public RunId Id { get; } = id;

    /// <summary>Who owns it.</summary>
    public Storage.LeaseOwner Owner { get; } = owner;
}
