using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpLogging;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using MLOps.Registry;
using MLOps.Tracking;
using IPNetwork = System.Net.IPNetwork;

namespace MLOps.Cli.Server;

/// <summary>The server as a program of ASP.NET Core. It takes settings from the flags alone: a file <c>appsettings.json</c> that happens to lie in the working directory opens no further address.</summary>
internal static class ServerHost
{
    // More is a client that does not know its key is wrong, or somebody who tries.
    private const int UnknownCallersPerMinute = 60;

    private static readonly TimeSpan s_shutdownDeadline = TimeSpan.FromSeconds(30);

    public static WebApplication Build(ServerSettings settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "mlops" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, settings.Listening));
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, TransferMemoryPool.Factory>();
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = s_shutdownDeadline);
        builder.Services.AddSingleton<IHostLifetime, SignalLifetime>();
        ServerLog.Add(builder.Logging, settings);
        builder.Services.AddMLOpsTracking(tracking => ArtifactPlaces.Use(tracking.UseSqlite(settings.Database), settings));
        builder.Services.AddMLOpsRegistry(registry => registry.UseSqlite(settings.Database));
        builder.Services.AddMLOpsServer(server =>
        {
            server.ServeArtifacts = settings.ArtifactsDestination is not null;
            server.AllowAnonymous = settings.AllowAnonymous;
            server.FrameOptions = settings.FrameOptions;
            server.MaxArtifactBytes = settings.MaxArtifactBytes;
            server.TruncateLongValues = settings.TruncateLongValues;
            server.ModelSourcePattern = settings.ModelSources;
            foreach (string root in settings.LocalArtifactRoots)
                server.LocalArtifactRoots.Add(root);
            foreach (string host in settings.AllowedHosts)
                server.AllowedHosts.Add(host);
            foreach (string origin in settings.AllowedOrigins)
                server.AllowedOrigins.Add(origin);
        });
        AddOptional(builder.Services, settings);
        WebApplication app = builder.Build();
        Map(app, settings);
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, Listening listening)
    {
        kestrel.AddServerHeader = false;
        foreach (IPAddress address in listening.Addresses)
            kestrel.Listen(address, listening.Port);
    }

    // What nobody asked for is not even made.
    private static void AddOptional(IServiceCollection services, ServerSettings settings)
    {
        if (settings.ApiKeys is { } keys)
        {
            services.AddAuthentication().AddMLOpsApiKeys(keys);
            services.AddAuthorization();
            services.AddRateLimiter(LimitUnknownCallers);
        }

        if (settings.AllowedOrigins.Count > 0)
            services.AddCors(cors => cors.AddDefaultPolicy(policy => Allow(policy, settings.AllowedOrigins)));
        if (settings.AccessLog)
        {
            services.AddHttpLogging(log =>
            {
                log.LoggingFields = HttpLoggingFields.RequestMethod | HttpLoggingFields.RequestPath | HttpLoggingFields.ResponseStatusCode | HttpLoggingFields.Duration;
                log.CombineLogs = true;
            });
            services.AddHttpLoggingInterceptor<CallerLog>();
        }
    }

    private static void Map(WebApplication app, ServerSettings settings)
    {
        if (settings.Proxies.Count > 0)
            app.UseForwardedHeaders(ForwardedBy(settings.Proxies));
        if (settings.AccessLog)
            app.UseHttpLogging();
        if (settings.StaticPrefix.Length > 0)
            app.UsePathBase(settings.StaticPrefix);
        app.UseRouting();
        if (settings.AllowedOrigins.Count > 0)
            app.UseCors();
        if (settings.ApiKeys is null)
        {
            app.MapMLOps();
            return;
        }

        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.MapMLOps().RequireAuthorization();
    }

    private static ForwardedHeadersOptions ForwardedBy(IReadOnlyList<IPNetwork> proxies)
    {
        ForwardedHeadersOptions options = new() { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (IPNetwork network in proxies)
            options.KnownIPNetworks.Add(network);
        return options;
    }

    private static void Allow(CorsPolicyBuilder policy, IReadOnlyList<string> origins)
    {
        policy.AllowAnyMethod().AllowAnyHeader();
        if (origins.Contains("*", StringComparer.Ordinal))
            policy.AllowAnyOrigin();
        else
            policy.WithOrigins([.. origins]).SetIsOriginAllowedToAllowWildcardSubdomains();
    }

    private static void LimitUnknownCallers(RateLimiterOptions options)
    {
        options.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(http =>
            http.User.Identity is { IsAuthenticated: true } || http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null
                ? RateLimitPartition.GetNoLimiter("")
                : RateLimitPartition.GetFixedWindowLimiter(NetworkOf(http.Connection.RemoteIpAddress), _ => new FixedWindowRateLimiterOptions { PermitLimit = UnknownCallersPerMinute, Window = TimeSpan.FromMinutes(1) }));
        options.OnRejected = async (rejected, cancellationToken) =>
        {
            HttpResponse response = rejected.HttpContext.Response;
            response.StatusCode = StatusCodes.Status429TooManyRequests;
            response.ContentType = "application/json";
            if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan wait))
                response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            await response.WriteAsync("""{"error_code":"REQUEST_LIMIT_EXCEEDED","message":"Too many requests without a valid API key came from this address. Check the key, then try again in a minute."}""", cancellationToken).ConfigureAwait(false);
        };
    }

    // Whoever has one address of IPv6 has all of its /64.
    private static string NetworkOf(IPAddress? address) =>
        address is { AddressFamily: AddressFamily.InterNetworkV6, IsIPv4MappedToIPv6: false } ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address?.ToString() ?? "";
}
