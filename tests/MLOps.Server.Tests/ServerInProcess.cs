using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MLOps.Tracking.Contract;

namespace MLOps.Server.Tests;

/// <summary>The server in this process, on a free port of 127.0.0.1, for what is set in code: options, stores, the clock.</summary>
internal sealed class ServerInProcess : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly WebApplication _app;

    private ServerInProcess(Action<MLOpsServerOptions>? configure, Action<TrackingBuilder, string>? track, TimeProvider? time)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        if (time is not null)
            builder.Services.AddSingleton(time);
        builder.Services.AddMLOpsTracking(t =>
        {
            t.UseInMemory(_folder["mlops"]);
            if (track is null)
                t.UseArtifactProxy(Kept);
            else
                track(t, Kept);
        });
        builder.Services.AddMLOpsRegistry(r => r.UseInMemory(_folder["registry"]));
        builder.Services.AddMLOpsServer(configure);
        _app = builder.Build();
        _app.MapMLOps();
    }

    /// <summary>Where the artifacts lie.</summary>
    public string Kept => _folder["kept"];

    public MlflowClient Client { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    /// <param name="configure">Sets options.</param>
    /// <param name="track">Given the tracker's builder and the folder for artifacts, says where these are kept; null keeps them below the folder through the proxy.</param>
    /// <param name="time">The clock.</param>
    public static async Task<ServerInProcess> StartAsync(Action<MLOpsServerOptions>? configure = null, Action<TrackingBuilder, string>? track = null, TimeProvider? time = null)
    {
        ServerInProcess server = new(configure, track, time);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        server.Client = new MlflowClient(new Uri(server._app.Urls.Single()));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        _folder.Dispose();
    }
}
