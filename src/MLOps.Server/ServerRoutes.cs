using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Wire;

namespace MLOps.Server;

/// <summary>Whether the server lives, and which version of the protocol it speaks (contract §1.9).</summary>
internal sealed class ServerRoutes(IOptions<MLOpsServerOptions> options) : IRouteSet
{
    private readonly string _version = options.Value.ProtocolVersion;

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Stream("GET", "health", AccessDemand.Nothing, http => WriteAsync(http, "OK", "text/html; charset=utf-8")) with { Base = RouteBase.Root },
        MlflowRoute.Stream("GET", "version", AccessDemand.Nothing, http => WriteAsync(http, _version, "text/plain; charset=utf-8")) with { Base = RouteBase.Root },
    ];

    private static Task WriteAsync(HttpContext http, string text, string type)
    {
        http.Response.ContentType = type;
        return http.Response.WriteAsync(text, http.RequestAborted);
    }
}
