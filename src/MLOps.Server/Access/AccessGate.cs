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
    // What proxies say of the caller behind them; X-Original-For is what ASP.NET Core leaves of it once it has believed it.
    private static readonly string[] s_forwarded = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "X-Original-For"];

    private readonly MLOpsServerOptions _options = options.Value;
    private readonly HostFilter _hosts = new(options.Value);

    /// <summary>Lets a request through or raises.</summary>
    public void Demand(HttpContext http, AccessDemand demand)
    {
        if (demand == AccessDemand.Nothing)
            return;
        _hosts.Demand(http.Request, demand.IsWrite);
        if (!_options.AllowAnonymous && !IsGuarded(http) && !IsLocal(http))
        {
            throw new MlflowException(
                ErrorCode.PermissionDenied,
                "This server answers callers on its own machine only, because nothing says who else may call it. Guard its routes with RequireAuthorization or API keys, or let everybody in with AllowAnonymous.");
        }

        // Who acts is asked by the registry alone; to note it costs each step of a request something.
        if (demand.Kind == ResourceKind.RegisteredModel)
            CallerActor.Enter(http.User.Identity is { IsAuthenticated: true, Name: { Length: > 0 } name } ? name : null);
    }

    // The host's fallback policy does not count: whether anything enforces it cannot be seen from here. ASP.NET Core itself refuses to run a guarded route that nothing has checked.
    private static bool IsGuarded(HttpContext http) =>
        http.GetEndpoint()?.Metadata is { } metadata && metadata.GetMetadata<IAllowAnonymous>() is null && (metadata.GetMetadata<IAuthorizeData>() is not null || metadata.GetMetadata<AuthorizationPolicy>() is not null);

    // A proxy on this machine calls from this machine, whoever calls the proxy.
    private static bool IsLocal(HttpContext http)
    {
        IPAddress? caller = http.Connection.RemoteIpAddress;
        return (caller is null || IPAddress.IsLoopback(caller.IsIPv4MappedToIPv6 ? caller.MapToIPv4() : caller)) && !Array.Exists(s_forwarded, http.Request.Headers.ContainsKey);
    }
}
