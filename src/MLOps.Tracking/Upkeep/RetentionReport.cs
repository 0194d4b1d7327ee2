namespace MLOps.Tracking;

/// <summary>What a retention policy did; of a dry run, what it would have done.</summary>
/// <param name="Deleted">The runs that were softly deleted; they can be restored until they are purged.</param>
/// <param name="Purge">What was purged; null when the policy purges nothing.</param>
public sealed record RetentionReport(IReadOnlyList<RunId> Deleted, PurgeReport? Purge);
