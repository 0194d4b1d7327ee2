using MLOps.Tracking.Storage;

namespace MLOps.Sqlite;

/// <summary>Why a record is refused.</summary>
internal sealed record Refusal(RejectionReason Reason, string Message);
