namespace MLOps.Tracking.Storage;

/// <summary>What a store does with a batch of which it refuses a record.</summary>
public enum OnReject
{
    /// <summary>Apply the others, report the refused ones.</summary>
    Skip = 0,

    /// <summary>Apply nothing, report the refused ones. Needs <see cref="StoreCapabilities.AtomicBatch"/>.</summary>
    RefuseAll = 1,
}
