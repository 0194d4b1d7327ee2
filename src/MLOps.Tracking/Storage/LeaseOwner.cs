namespace MLOps.Tracking.Storage;

/// <summary>Who owns a run: a journal, and for people the process that writes it.</summary>
/// <param name="Journal">The journal, the one field that decides.</param>
/// <param name="Host">The host's name.</param>
/// <param name="ProcessId">The process id, as that host sees it; two containers may both say 1.</param>
/// <param name="Since">When the process opened the journal.</param>
public sealed record LeaseOwner(Guid Journal, string Host, int ProcessId, DateTimeOffset Since);
