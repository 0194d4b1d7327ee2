using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using MLOps.Registry;
using MLOps.Server.ApiKeys;
using MLOps.Tracking;

namespace TrackingServer;

/// <summary>The host: the server's routes in an ASP.NET Core program, guarded by that program.</summary>
internal static class Server
{
    public static WebApplication Create(Settings settings)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls(settings.Urls);
        builder.Logging.SetMinimumLevel(LogLevel.Warning);

        builder.Services.AddMLOpsTracking(t => t.UseSqlite(settings.Database).UseArtifactProxy(Path.ChangeExtension(settings.Database, ".artifacts")));
        builder.Services.AddMLOpsRegistry(r => r.UseSqlite(settings.Database));
        builder.Services.AddMLOpsServer();

        builder.Services.AddAuthentication(ApiKeyOptions.Scheme).AddMLOpsApiKeys(settings.Keys);
        builder.Services.AddAuthorization();
        builder.Services.AddRateLimiter(limits => limits.AddPolicy("clients", BucketOf));

        WebApplication app = builder.Build();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.MapMLOps().RequireAuthorization().RequireRateLimiting("clients");
        return app;
    }

    // Two hundred calls a second for whoever shows a key; one a second, after a few, for an address that shows none.
    private static RateLimitPartition<string> BucketOf(HttpContext http) =>
        http.User.Identity is { IsAuthenticated: true, Name: { } name }
            ? RateLimitPartition.GetTokenBucketLimiter($"key {name}", _ => Bucket(most: 1000, perSecond: 200))
            : RateLimitPartition.GetTokenBucketLimiter($"from {http.Connection.RemoteIpAddress}", _ => Bucket(most: 30, perSecond: 1));

    private static TokenBucketRateLimiterOptions Bucket(int most, int perSecond) =>
        new() { TokenLimit = most, TokensPerPeriod = perSecond, ReplenishmentPeriod = TimeSpan.FromSeconds(1) };
}
