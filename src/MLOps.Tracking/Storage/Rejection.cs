namespace MLOps.Tracking.Storage;

/// <summary>A record that a store refused.</summary>
/// <param name="Index">Its index in <see cref="RecordBatch.Records"/>.</param>
/// <param name="Reason">Why, for programs.</param>
/// <param name="Message">Why, for people.</param>
public sealed record Rejection(int Index, RejectionReason Reason, string Message);
