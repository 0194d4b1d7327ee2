namespace MLOps.Registry.Audit;

/// <summary>What a verification of an audit log found. Immutable.</summary>
public sealed record AuditVerification
{
    /// <summary>How many events were read and found to be in order, up to the first that is not.</summary>
    public required long Verified { get; init; }

    /// <summary>
    /// The place of the first event that is known not to be what was written; null when all are. Where the log contradicts a checkpoint, it is the event that the
    /// checkpoint names: the change may have begun before it, and <see cref="Problem"/> has the range.
    /// </summary>
    public long? FirstBad { get; init; }

    /// <summary>What is wrong there, and what to do; null when nothing is.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the log is what was written.</summary>
    public bool IsIntact => FirstBad is null;
}
