namespace MLOps.Registry;

/// <summary>The user that the process runs as.</summary>
internal sealed class SystemActor : IActorProvider
{
    public string GetActor() => Environment.UserName is { Length: > 0 } user ? user : "unknown";
}
