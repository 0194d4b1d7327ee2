namespace ModelHost;

/// <summary>What a caller sends: one row.</summary>
internal sealed record ScoreRequest(float[]? Features);
