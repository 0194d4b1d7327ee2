using MLOps.Registry;

namespace MLOps.Server.Access;

/// <summary>Names the authenticated caller of the present request as the one who acts in the registry.</summary>
internal sealed class CallerActor : IActorProvider
{
    /// <summary>Who acts when nobody has said who they are.</summary>
    public const string Anonymous = "anonymous";

    private static readonly AsyncLocal<string?> s_caller = new();

    /// <summary>Notes the caller for the rest of the request.</summary>
    public static void Enter(string? caller) => s_caller.Value = caller ?? Anonymous;

    public string GetActor() => s_caller.Value ?? $"{Environment.UserName}@{Environment.MachineName}";
}
