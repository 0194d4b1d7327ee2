namespace MLOps.Tracking;

/// <summary>What became of what was logged. Counts are points plus other records, since the run or the tracker was opened.</summary>
public sealed record RunHealth
{
    /// <summary>Accepted: the log call has returned and the record survives the end of the process.</summary>
    public required long Accepted { get; init; }

    /// <summary>Applied: the store has it.</summary>
    public required long Applied { get; init; }

    /// <summary>Dropped: there was no room in the journal.</summary>
    public required long Dropped { get; init; }

    /// <summary>Rejected: the store refused it; it is kept in <c>rejected/&lt;journal&gt;.jsonl</c>.</summary>
    public required long Rejected { get; init; }

    /// <summary>Artifacts that are staged beside the journal because their store is away, the logs of ended runs among them.</summary>
    public required int Staged { get; init; }

    /// <summary>Lines of the run's log that the disk did not take; the log says where they are missing. None unless <see cref="RunLoggerProvider"/> is used.</summary>
    public long LogLinesMissing { get; init; }

    /// <summary>Why the journal has no room now; null while it has.</summary>
    public string? Full { get; init; }

    /// <summary>Why the store takes nothing now; null while it does.</summary>
    public Exception? StoreError { get; init; }

    /// <summary>Whether nothing was lost or refused and nothing stands in the way.</summary>
    public bool IsHealthy => Dropped == 0 && Rejected == 0 && LogLinesMissing == 0 && Full is null && StoreError is null;
}
