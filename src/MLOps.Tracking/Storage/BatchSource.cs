namespace MLOps.Tracking.Storage;

/// <summary>Where a batch comes from: a journal, and the position after the batch's last record.</summary>
/// <param name="Owner">The journal and its process; runs that the batch starts or resumes are leased to it, unless another journal holds a lease that has not run out.</param>
/// <param name="Cursor">The position after the last record. A store that has committed this position or a later one applies nothing and reports success.</param>
/// <param name="LeaseDuration">How long the leases of runs started by this batch last, by the store's clock.</param>
public sealed record BatchSource(LeaseOwner Owner, long Cursor, TimeSpan LeaseDuration);
