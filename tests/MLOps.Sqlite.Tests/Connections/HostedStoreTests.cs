using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Sqlite.Tests.Connections;

/// <summary>A container that has handed out the store by itself disposes it after its tracker, which still writes to it then.</summary>
public sealed class HostedStoreTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_host_that_stops_closes_its_tracker_while_the_store_is_open()
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddMLOpsTracking(Use);
        RunId run;
        using (IHost host = builder.Build())
        {
            await host.StartAsync(Token);
            run = await LogAsync(host.Services);
            await host.StopAsync(Token);
        }

        await AssertClosedAsync(run);
    }

    [Fact]
    public async Task So_does_a_container_without_a_host()
    {
        ServiceCollection services = new();
        services.AddMLOpsTracking(Use);
        RunId run;
        await using (ServiceProvider provider = services.BuildServiceProvider())
            run = await LogAsync(provider);

        await AssertClosedAsync(run);
    }

    private static async Task<RunId> LogAsync(IServiceProvider services)
    {
        Run run = await services.GetRequiredService<Tracker>().StartRunAsync("hosted", cancellationToken: Token);
        Assert.NotNull(services.GetRequiredService<ITrackingStore>());
        run.LogParam("depth", 3);
        return run.Id;
    }

    private void Use(TrackingBuilder tracking) => tracking.UseSqlite(_folder.File).Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false));

    private async Task AssertClosedAsync(RunId run)
    {
        Assert.Empty(Directory.EnumerateDirectories(Path.ChangeExtension(_folder.File, ".journal")));
        await using SqliteTrackingStore store = _folder.Open();
        RunDetails details = (await store.FindRunAsync(run, Token))!;
        Assert.Equal((RunStatus.Killed, "3"), (details.Info.Status, details.Params["depth"]));
    }
}
