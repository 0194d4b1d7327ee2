using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using MLOps.Registry;
using MLOps.Sqlite;

namespace MLOps.Server.Tests.Faults;

/// <summary>The server's routes in a host of the test's own, on a loopback port, where the test sets what the tool leaves at its defaults.</summary>
internal sealed class HostedServer : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly string _folder;

    private HostedServer(WebApplication host, string folder)
    {
        (_host, _folder) = (host, folder);
        Address = new Uri(host.Urls.First());
        Client = new MlflowClient(Address);
    }

    public Uri Address { get; }

    public MlflowClient Client { get; }

    public string Database => Path.Join(_folder, "mlops.db");

    /// <summary>Starts one.</summary>
    /// <param name="limits">Sets limits of Kestrel.</param>
    /// <param name="sqlite">Sets options of the store, in which the registry is too.</param>
    /// <param name="options">Sets options of the server.</param>
    public static async Task<HostedServer> StartAsync(Action<KestrelServerLimits>? limits = null, Action<SqliteOptions>? sqlite = null, Action<MLOpsServerOptions>? options = null)
    {
        string folder = Directory.CreateTempSubdirectory("mlops-hosted-").FullName, file = Path.Join(folder, "mlops.db");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(kestrel => limits?.Invoke(kestrel.Limits));
        builder.Services.AddMLOpsTracking(t => t.UseSqlite(file, sqlite));
        builder.Services.AddMLOpsRegistry(r => r.UseSqlite(file, sqlite));
        builder.Services.AddMLOpsServer(options);
        WebApplication host = builder.Build();
        host.MapMLOps();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new HostedServer(host, folder);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
