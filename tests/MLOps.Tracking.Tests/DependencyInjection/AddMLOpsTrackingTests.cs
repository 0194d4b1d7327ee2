using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;
using System.Diagnostics.Metrics;

namespace MLOps.Tracking.Tests.DependencyInjection;

public sealed class AddMLOpsTrackingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_tracker_and_its_store_are_singletons_and_keyed_ones_stand_beside_them()
    {
        var services = new ServiceCollection();
        services.AddMLOpsTracking(t => Use(t, "main"));
        services.AddMLOpsTracking("audit", t => Use(t, "audit"));
        await using ServiceProvider provider = services.BuildServiceProvider();

        Tracker tracker = provider.GetRequiredService<Tracker>(), audit = provider.GetRequiredKeyedService<Tracker>("audit");
        Assert.NotSame(tracker, audit);
        Assert.Same(tracker, provider.GetRequiredService<Tracker>());
        Assert.Same(tracker.Store, provider.GetRequiredService<ITrackingStore>());
        Assert.Same(audit.Store, provider.GetRequiredKeyedService<ITrackingStore>("audit"));
        Assert.Same(tracker.ArtifactStores, provider.GetRequiredService<ArtifactStores>());
        Assert.Same(audit.ArtifactStores, provider.GetRequiredKeyedService<ArtifactStores>("audit"));
        RunId id = await audit.RunAsync("e", run => Task.FromResult(run.Id), cancellationToken: Cancellation);
        Assert.Equal(id, (await audit.GetRunAsync(id, Cancellation)).Info.Id);
        await Assert.ThrowsAsync<RunNotFoundException>(async () => await tracker.GetRunAsync(id, Cancellation));
    }

    [Fact]
    public async Task A_store_that_was_asked_for_is_there_until_its_tracker_has_written_to_it()
    {
        InMemoryTrackingStore kept = new();
        StorePlaces places = new() { JournalFolder = Path.Combine(_folder.Path, "last.journal"), ArtifactRoot = Path.Combine(_folder.Path, "last.artifacts") };
        var services = new ServiceCollection();
        services.AddMLOpsTracking(t => t.UseStore(_ => new FlakyStore(kept) { EndsWhenDisposed = true }, places));
        services.AddMLOpsTracking("audit", t => t.UseStore(_ => new FlakyStore(kept) { EndsWhenDisposed = true }, places with { JournalFolder = Path.Combine(_folder.Path, "audit.journal") }));
        ServiceProvider provider = services.BuildServiceProvider();
        List<RunId> ids = [];
        foreach ((Tracker tracker, ITrackingStore store) in ((Tracker, ITrackingStore)[])
            [(provider.GetRequiredService<Tracker>(), provider.GetRequiredService<ITrackingStore>()), (provider.GetRequiredKeyedService<Tracker>("audit"), provider.GetRequiredKeyedService<ITrackingStore>("audit"))])
        {
            Assert.Same(tracker.Store, store);
            Run run = await tracker.StartRunAsync("e", cancellationToken: Cancellation);
            run.LogParam("depth", "3");
            await run.DisposeAsync();
            ids.Add(run.Id);
        }

        await provider.DisposeAsync();

        foreach (RunId id in ids)
            Assert.Equal("3", (await kept.FindRunAsync(id, Cancellation))!.Params["depth"]);
    }

    [Fact]
    public async Task A_host_plugs_in_its_own_artifact_store_from_the_container()
    {
        var services = new ServiceCollection();
        services.AddSingleton<FlakyArtifactStore>();
        services.AddMLOpsTracking(t => Use(t, "main").AddArtifactStore(c => c.Services!.GetRequiredService<FlakyArtifactStore>()).UseArtifactRoot("flaky://bucket/root"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        await provider.GetRequiredService<Tracker>().RunAsync("e", async run => await run.LogTextAsync("note.txt", "x", Cancellation), cancellationToken: Cancellation);
        Assert.Contains(provider.GetRequiredService<FlakyArtifactStore>().Objects.Keys, name => name.EndsWith("/artifacts/note.txt", StringComparison.Ordinal));
    }

    [Fact]
    public void The_same_key_twice_or_no_store_is_a_clear_error()
    {
        var services = new ServiceCollection();
        services.AddMLOpsTracking(t => Use(t, "a"));
        Assert.Contains("key", Assert.Throws<InvalidOperationException>(() => services.AddMLOpsTracking(t => Use(t, "b"))).Message, StringComparison.Ordinal);
        services.AddMLOpsTracking("x", t => Use(t, "c"));
        Assert.Throws<InvalidOperationException>(() => services.AddMLOpsTracking("x", t => Use(t, "d")));
        Assert.Contains("UseSqlite", Assert.Throws<InvalidOperationException>(() => services.AddMLOpsTracking("y", _ => { })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_come_from_configuration_and_are_validated_when_the_host_starts()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Tracking:ReadTimeout"] = "00:00:05",
            ["Tracking:Journal:OnFull"] = "Wait",
            ["Tracking:Journal:MaxBytes"] = "2097152",
            ["Tracking:Capture:Environment"] = "false",
        }).Build();
        HostApplicationBuilder good = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        good.Services.AddMLOpsTracking(t => Use(t, "good").Bind(configuration.GetSection("Tracking")));
        using (IHost host = good.Build())
        {
            await host.StartAsync(Cancellation);
            TrackingOptions options = host.Services.GetRequiredService<IOptions<TrackingOptions>>().Value;
            Assert.Equal((TimeSpan.FromSeconds(5), OnFull.Wait, 2_097_152L, false), (options.ReadTimeout, options.Journal.OnFull, options.Journal.MaxBytes, options.Capture.Environment));
            Assert.NotEmpty(Directory.GetDirectories(_folder["good/mlops.journal"]));
            await host.StopAsync(Cancellation);
        }

        Assert.Empty(Directory.GetDirectories(_folder["good/mlops.journal"]));
        HostApplicationBuilder bad = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        bad.Services.AddMLOpsTracking("bad", t => Use(t, "bad").Configure(o => o.Journal.SyncInterval = TimeSpan.Zero));
        using IHost refused = bad.Build();
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => refused.StartAsync(Cancellation));
        Assert.Contains("SyncInterval", error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["bad"]));
    }

    [Fact]
    public async Task The_meter_counts_what_was_accepted_applied_and_rejected()
    {
        var services = new ServiceCollection();
        services.AddMetrics();
        services.AddMLOpsTracking(t => Use(t, "metered"));
        await using ServiceProvider provider = services.BuildServiceProvider();
        var meters = provider.GetRequiredService<IMeterFactory>();
        using var accepted = new MetricCollector<long>(meters, "MLOps.Tracking", "mlops.metric.points.accepted");
        using var depth = new MetricCollector<long>(meters, "MLOps.Tracking", "mlops.journal.depth");
        using var applied = new MetricCollector<long>(meters, "MLOps.Tracking", "mlops.metric.points.applied");
        using var duration = new MetricCollector<double>(meters, "MLOps.Tracking", "mlops.apply.duration");

        Tracker tracker = provider.GetRequiredService<Tracker>();
        await using Run run = await tracker.StartRunAsync("e", cancellationToken: Cancellation);
        for (int i = 0; i < 100; i++)
            run.LogMetric("loss", i, i);
        await tracker.FlushAsync(Durability.Store, Cancellation);
        accepted.RecordObservableInstruments();
        depth.RecordObservableInstruments();

        Assert.Equal(100, accepted.LastMeasurement!.Value);
        Assert.Equal(0, depth.LastMeasurement!.Value);
        Assert.Equal(100, applied.GetMeasurementSnapshot().Sum(m => m.Value));
        Assert.NotEmpty(duration.GetMeasurementSnapshot());
    }

    [Fact]
    public async Task What_goes_wrong_is_logged_once_with_its_number()
    {
        using var logs = new FakeLoggerProvider();
        using var factory = new Microsoft.Extensions.Logging.LoggerFactory([logs]);
        await using (Tracker tracker = Tracker.Open(t => Use(t, "logged").UseLogging(factory)))
            await tracker.StartRunAsync("e", cancellationToken: Cancellation);
        Assert.Single(logs.Collector.GetSnapshot(), entry => entry.Id.Id == 1002 && entry.Message.Contains("marked killed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_run_writes_down_its_source_and_environment_and_samples_the_system()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await using Tracker tracker = Tracker.Open(t => t.UseInMemory(_folder.Path).UseTimeProvider(clock).Configure(o => o.SystemMetricsInterval = TimeSpan.FromSeconds(5)));
        Run run = await tracker.StartRunAsync("e", cancellationToken: Cancellation);
        while (!(await tracker.GetRunAsync(run.Id, Cancellation)).Metrics.ContainsKey("system/process_memory_megabytes"))
            clock.Advance(TimeSpan.FromSeconds(5));
        await run.EndAsync(cancellationToken: Cancellation);

        RunDetails details = await tracker.GetRunAsync(run.Id, Cancellation);
        Assert.Equal(Environment.UserName, details.Tags[WellKnownTags.User]);
        Assert.Equal("LOCAL", details.Tags["mlflow.source.type"]);
        Assert.True(details.Metrics["system/process_memory_megabytes"].Value > 0);
        Assert.Contains(await tracker.OpenArtifacts(details.Info).ListAsync(Cancellation), file => file.Path.Value == "environment.json");
    }

    public void Dispose() => _folder.Dispose();

    private TrackingBuilder Use(TrackingBuilder tracking, string name) =>
        tracking.UseInMemory(_folder[name]).Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false));
}
