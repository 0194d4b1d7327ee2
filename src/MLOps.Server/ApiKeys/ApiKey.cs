namespace MLOps.Server.ApiKeys;

/// <summary>A key by which a client shows who it is, without its secret, which nobody keeps but the client.</summary>
/// <param name="Name">Whose it is. It is who acts in the registry's audit log.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From when on it is refused; null for never.</param>
public sealed record ApiKey(string Name, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);
