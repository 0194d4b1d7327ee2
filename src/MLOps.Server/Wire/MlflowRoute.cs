using Microsoft.AspNetCore.Http;
using MLOps.Server.Access;

namespace MLOps.Server.Wire;

/// <summary>One route of the protocol.</summary>
/// <param name="Method">The HTTP method.</param>
/// <param name="Path">The pattern below its base, without a slash at its beginning.</param>
/// <param name="Demand">What access it asks for.</param>
/// <param name="Handle">Answers a call.</param>
internal sealed record MlflowRoute(string Method, string Path, AccessDemand Demand, Func<MlflowCall, Task> Handle)
{
    /// <summary>Where it lies: in the API or beside it.</summary>
    public RouteBase Base { get; init; } = RouteBase.Mlflow;

    /// <summary>The answer of a route whose body is no JSON; it takes the place of <see cref="Handle"/>.</summary>
    public RequestDelegate? Raw { get; init; }

    /// <summary>The methods that it answers to. HEAD is GET without the body, which the server leaves out; a streamed body would be read for nothing.</summary>
    public string[] Methods => Method == "GET" && (Raw is null || Demand == AccessDemand.Nothing) ? ["GET", "HEAD"] : [Method];

    public static MlflowRoute Get(string path, AccessDemand demand, Func<MlflowCall, Task> handle) => new("GET", path, demand, handle);

    public static MlflowRoute Post(string path, AccessDemand demand, Func<MlflowCall, Task> handle) => new("POST", path, demand, handle);

    public static MlflowRoute Patch(string path, AccessDemand demand, Func<MlflowCall, Task> handle) => new("PATCH", path, demand, handle);

    public static MlflowRoute Delete(string path, AccessDemand demand, Func<MlflowCall, Task> handle) => new("DELETE", path, demand, handle);

    /// <summary>A route whose body, in or out, is streamed: it reads and writes the request itself. What it raises is answered as an error all the same.</summary>
    public static MlflowRoute Stream(string method, string path, AccessDemand demand, RequestDelegate raw) =>
        new(method, path, demand, static _ => Task.CompletedTask) { Raw = raw };
}
