namespace MLOps.Tracking.Storage;

/// <summary>The claim of a journal on a run.</summary>
/// <param name="Owner">Who holds it.</param>
/// <param name="Until">When it runs out.</param>
/// <param name="RenewedAt">When the living owner last spoke for it; null while only records have, for those may be applied long after their writer's death.</param>
internal sealed record InMemoryLease(LeaseOwner Owner, DateTimeOffset Until, DateTimeOffset? RenewedAt);
