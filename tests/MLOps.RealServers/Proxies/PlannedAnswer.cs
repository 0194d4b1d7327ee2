namespace MLOps.RealServers;

/// <summary>What a <see cref="FaultProxy"/> says in the server's place.</summary>
internal sealed record PlannedAnswer(int Status, IReadOnlyDictionary<string, string> Headers);
