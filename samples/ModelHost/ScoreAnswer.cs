namespace ModelHost;

/// <summary>What a caller gets: the probability, and the version that gave it.</summary>
internal sealed record ScoreAnswer(float Probability, int Version);
