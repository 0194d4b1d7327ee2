using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MLOps.Registry;

namespace MLOps.Server.Tests.Registry;

/// <summary>The server in this process over stores in memory, for what is set in code and for what clients do not say.</summary>
internal sealed class RegistryServer : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlops-registry-").FullName;
    private readonly WebApplication _app;

    private RegistryServer(Action<MLOpsServerOptions>? configure)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddMLOpsTracking(t => t.UseInMemory(Path.Join(_folder, "tracking")));
        builder.Services.AddMLOpsRegistry(r => r.UseInMemory(Path.Join(_folder, "registry")));
        builder.Services.AddMLOpsServer(configure);
        _app = builder.Build();
        _app.MapMLOps();
    }

    public MlflowClient Client { get; private set; } = null!;

    public Tracker Tracker => _app.Services.GetRequiredService<Tracker>();

    public ModelRegistry Registry => _app.Services.GetRequiredService<ModelRegistry>();

    public static async Task<RegistryServer> StartAsync(Action<MLOpsServerOptions>? configure = null)
    {
        RegistryServer server = new(configure);
        await server._app.StartAsync(TestContext.Current.CancellationToken);
        server.Client = new MlflowClient(new Uri(server._app.Urls.Single()));
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
