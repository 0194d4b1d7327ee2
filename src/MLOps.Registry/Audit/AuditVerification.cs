namespace MLOps.Registry.Audit;

/// <summary>What a verification of an audit log found. Immutable.</summary>
public sealed record AuditVerification
{
    /// <summary>How many events were read and found to be in order, from the beginning on.</summary>
    public required long Verified { get; init; }

    /// <summary>The place of the first event that is not what was written; null when all are.</summary>
    public long? FirstBad { get; init; }

    /// <summary>What is wrong there, and what to do; null when nothing is.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether the log is what was written.</summary>
    public bool IsIntact => FirstBad is null;
}
