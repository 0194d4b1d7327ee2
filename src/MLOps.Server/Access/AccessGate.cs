using System.Net;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using MLOps.Server.Wire;

namespace MLOps.Server.Access;

/// <summary>The one place where every route asks whether it may answer.</summary>
/// <remarks>Who the caller is, and whether the policies that the host has put on the routes let the caller in, ASP.NET Core has decided before.</remarks>
internal sealed class AccessGate(IOptions<MLOpsServerOptions> options)
{
    private readonly MLOpsServerOptions _options = options.Value;
    private readonly HostFilter _hosts = new(options.Value);

    /// <summary>Lets a request through or raises.</summary>
    public void Demand(HttpContext http, AccessDemand demand)
    {
        if (demand == AccessDemand.Nothing)
            return;
        _hosts.Demand(http.Request, demand.IsWrite);
        if (!_options.AllowAnonymous && !IsLocal(http.Connection) && http.GetEndpoint()?.Metadata.GetMetadata<IAuthorizeData>() is null)
        {
            throw new MlflowException(
                ErrorCode.PermissionDenied,
                "This server answers callers on its own machine only, because nothing says who else may call it. Guard its routes with RequireAuthorization or API keys, or let everybody in with AllowAnonymous.");
        }

        CallerActor.Enter(http.User.Identity is { IsAuthenticated: true, Name: { Length: > 0 } name } ? name : null);
    }

    private static bool IsLocal(ConnectionInfo connection) =>
        connection.RemoteIpAddress is null || IPAddress.IsLoopback(connection.RemoteIpAddress.IsIPv4MappedToIPv6 ? connection.RemoteIpAddress.MapToIPv4() : connection.RemoteIpAddress);
}
