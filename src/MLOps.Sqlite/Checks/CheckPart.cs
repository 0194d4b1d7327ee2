using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Checks;

/// <summary>What one read transaction of a check found.</summary>
/// <param name="Findings">What is wrong.</param>
/// <param name="Next">Where the next transaction goes on; null when this kind of check is done.</param>
internal sealed record CheckPart(IReadOnlyList<StoreFinding> Findings, long? Next);
