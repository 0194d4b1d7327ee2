// <server-host>
using MLOps.Registry;
using MLOps.Tracking;

// </server-host>
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MLOps.Server.ApiKeys;

namespace Snippets;

/// <summary>The page of the server.</summary>
internal static class TrackingServer
{
    public static async Task ServeAsync()
    {
        await CallAsync(Host());
        await CallAsync(Guarded());
        await CallAsync(BehindProxy(), "/mlflow");
    }

    private static WebApplication Host()
    {
        string[] args = ["--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default", "Warning"];
        // <server-host>
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(args);
        builder.Services.AddMLOpsTracking(t => t.UseSqlite("mlops.db").UseArtifactProxy("mlartifacts"));
        builder.Services.AddMLOpsRegistry(r => r.UseSqlite("mlops.db"));
        builder.Services.AddMLOpsServer();

        WebApplication app = builder.Build();
        app.MapMLOps();
        // </server-host>
        return app;
    }

    private static WebApplication Guarded()
    {
        WebApplicationBuilder builder = Builder();
        // <server-keys>
        builder.Services.AddAuthentication(ApiKeyOptions.Scheme).AddMLOpsApiKeys("mlops.keys");
        builder.Services.AddAuthorization();
        builder.Services.AddRateLimiter(limits => limits.AddPolicy("clients", http =>
            RateLimitPartition.GetTokenBucketLimiter(
                http.User.Identity?.Name ?? $"{http.Connection.RemoteIpAddress}",
                _ => new TokenBucketRateLimiterOptions { TokenLimit = 1000, TokensPerPeriod = 200, ReplenishmentPeriod = TimeSpan.FromSeconds(1) })));

        WebApplication app = builder.Build();
        app.UseAuthentication();
        app.UseRateLimiter();
        app.UseAuthorization();
        app.MapMLOps().RequireAuthorization().RequireRateLimiting("clients");
        // </server-keys>
        return app;
    }

    private static WebApplication BehindProxy()
    {
        WebApplicationBuilder builder = Builder();
        builder.Services.AddAuthentication(ApiKeyOptions.Scheme).AddMLOpsApiKeys("mlops.keys");
        builder.Services.AddAuthorization();
        // <server-proxy>
        WebApplication app = builder.Build();
        app.UseForwardedHeaders(new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
            KnownIPNetworks = { System.Net.IPNetwork.Parse("10.0.0.0/8") },
        });
        app.MapMLOps("/mlflow").RequireAuthorization();
        // </server-proxy>
        return app;
    }

    public static async Task MakeKeysAsync()
    {
        // <server-keys-code>
        ApiKeyFile keys = new("mlops.keys");
        string secret = await keys.CreateAsync("nightly-training", DateTimeOffset.UtcNow.AddDays(90));
        bool wasThere = await keys.RevokeAsync("nightly-training");
        // </server-keys-code>
        Console.WriteLine($"a key of {secret.Length} characters was revoked: {wasThere}");
    }

    private static WebApplicationBuilder Builder()
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddMLOpsTracking(t => t.UseSqlite("mlops.db").UseArtifactProxy("mlartifacts"));
        builder.Services.AddMLOpsRegistry(r => r.UseSqlite("mlops.db"));
        builder.Services.AddMLOpsServer();
        return builder;
    }

    private static async Task CallAsync(WebApplication app, string prefix = "")
    {
        await using (app)
        {
            await app.StartAsync();
            using HttpClient http = new() { BaseAddress = new Uri(app.Urls.Single()) };
            using HttpResponseMessage answer = await http.GetAsync($"{prefix}/api/2.0/mlflow/experiments/get?experiment_id=0");
            Console.WriteLine($"the server answered {(int)answer.StatusCode}");
            await app.StopAsync();
        }
    }
}
