namespace MLOps.Tracking.Storage;

/// <summary>Records to apply in their order.</summary>
public sealed record RecordBatch
{
    /// <summary>The journal that the records come from; null for a direct write, to which the rule applies that a deleted run is not written to.</summary>
    public BatchSource? Source { get; init; }

    /// <summary>What happens to the others when a record is refused. Default: <see cref="OnReject.Skip"/>.</summary>
    public OnReject OnReject { get; init; }

    /// <summary>The records.</summary>
    public required IReadOnlyList<TrackingRecord> Records { get; init; }
}
