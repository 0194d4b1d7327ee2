using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Storage;
using MLOps.Tracking.SystemMetrics;

namespace MLOps.Tracking.Tests.Costs;

public sealed class RunCostTests : IDisposable
{
    private static readonly PriceTable s_prices = new() { Currency = "EUR", PerHour = 3.60m, PerGpuHour = 1.80m, GpuCount = 2 };
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTrackingStore _store = new();
    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 11, 24, 10, 0, 0, TimeSpan.Zero));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_says_its_prices_from_the_start_and_its_cost_at_the_end()
    {
        await using Tracker tracker = Open(s_prices);
        RunId id = await tracker.RunAsync(
            "e",
            async run =>
            {
                RunDetails running = await tracker.GetRunAsync(run.Id, Cancellation);
                Assert.Equal(
                    [("cost/currency", "EUR"), ("cost/per_cpu_hour", "0"), ("cost/per_gpu_hour", "1.8"), ("cost/per_hour", "3.6")],
                    running.Params.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => (p.Key, p.Value)));
                Assert.Empty(running.Metrics);
                _clock.Advance(TimeSpan.FromSeconds(100));
                return run.Id;
            },
            cancellationToken: Cancellation);
        RunDetails details = await tracker.GetRunAsync(id, Cancellation);
        // 100 s × 3.60/3600 + 2 × 100 s × 1.80/3600.
        Assert.Equal((100.0, 200.0, 0.2), (details.Metrics["cost/wall_seconds"].Value, details.Metrics["cost/gpu_seconds"].Value, Math.Round(details.Metrics["cost/total"].Value, 12)));
        Assert.True(details.Metrics["cost/cpu_seconds"].Value >= 0);
        Assert.All(details.Metrics.Values, point => Assert.Equal(0, point.Step));
    }

    [Theory]
    [InlineData(RunStatus.Finished)]
    [InlineData(RunStatus.Failed)]
    [InlineData(RunStatus.Killed)]
    public async Task Every_way_to_end_a_run_writes_its_cost_once(RunStatus status)
    {
        await using Tracker tracker = Open(s_prices);
        Run run = await tracker.StartRunAsync("e", cancellationToken: Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(10));
        if (status == RunStatus.Killed)
            await run.DisposeAsync();
        else
            await run.EndAsync(status, Cancellation);
        await run.DisposeAsync();
        Assert.Equal(10.0, Assert.Single((await tracker.GetSeriesAsync(run.Id, "cost/wall_seconds", Cancellation)).Points).Value);
        Assert.Equal(status, (await tracker.GetRunAsync(run.Id, Cancellation)).Info.Status);
    }

    [Fact]
    public async Task A_run_that_its_tracker_ends_says_its_cost_also_where_the_gpus_must_be_counted()
    {
        RunId id;
        await using (Tracker tracker = Open(s_prices with { GpuCount = null }))
        {
            id = (await tracker.StartRunAsync("e", cancellationToken: Cancellation)).Id;
            _clock.Advance(TimeSpan.FromSeconds(10));
        }

        RunDetails details = (await _store.FindRunAsync(id, Cancellation))!;
        Assert.Equal(10.0, details.Metrics["cost/wall_seconds"].Value);
        double gpus = details.Metrics["cost/gpu_seconds"].Value / 10;
        Assert.Equal(VisibleGpus.Count(), gpus);
        Assert.Equal(0.01 + (gpus * 0.005), details.Metrics["cost/total"].Value, 1e-12);
    }

    [Fact]
    public async Task A_resumed_run_goes_on_with_its_own_prices_and_adds_up()
    {
        RunId id;
        await using (Tracker first = Open(s_prices))
            id = await Part(await first.StartRunAsync("e", cancellationToken: Cancellation));
        await using (Tracker same = Open(s_prices with { PerHour = 3.6000m }))
            await Part(await same.ResumeRunAsync(id, cancellationToken: Cancellation));
        await using Tracker dearer = Open(new PriceTable { Currency = "USD", PerHour = 1000, GpuCount = 2 });
        await Part(await dearer.ResumeRunAsync(id, cancellationToken: Cancellation));
        await using (Run shared = await dearer.ResumeRunAsync(id, ResumeMode.Share, Cancellation))
            _clock.Advance(TimeSpan.FromSeconds(10));

        RunDetails details = await dearer.GetRunAsync(id, Cancellation);
        Assert.Equal(("EUR", "3.6"), (details.Params["cost/currency"], details.Params["cost/per_hour"]));
        Assert.Equal([(0L, 10.0), (1L, 20.0), (2L, 30.0)], (await dearer.GetSeriesAsync(id, "cost/wall_seconds", Cancellation)).Points.Select(p => (p.Step, p.Value)));
        Assert.Equal(0.06, details.Metrics["cost/total"].Value, 1e-12);
        await dearer.FlushAsync(Durability.Store, Cancellation);
        Assert.Equal(0, dearer.Health.Rejected);

        async Task<RunId> Part(Run run)
        {
            _clock.Advance(TimeSpan.FromSeconds(10));
            await run.EndAsync(cancellationToken: Cancellation);
            return run.Id;
        }
    }

    [Fact]
    public async Task The_cost_of_a_part_that_its_journal_still_held_is_added_when_the_run_is_resumed()
    {
        var flaky = new FlakyStore(_store);
        Tracker first = Open(s_prices, t => t
            .UseStore(_ => flaky, new StorePlaces { JournalFolder = _folder["mlops.journal"], ArtifactRoot = _folder["mlops.artifacts"] })
            .Configure(o => o.CloseTimeout = TimeSpan.Zero));
        Run run = await first.StartRunAsync("e", cancellationToken: Cancellation);
        await first.FlushAsync(Durability.Store, Cancellation);
        await using Tracker second = Open(s_prices);
        Assert.Empty((await second.GetRunAsync(run.Id, Cancellation)).Metrics);

        flaky.Error = new TrackingStoreException("away", isTransient: true);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await run.EndAsync(cancellationToken: Cancellation);
        await first.DisposeAsync();
        Run resumed = await second.ResumeRunAsync(run.Id, cancellationToken: Cancellation);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await resumed.EndAsync(cancellationToken: Cancellation);
        Assert.Equal([(0L, 10.0), (1L, 20.0)], (await second.GetSeriesAsync(run.Id, "cost/wall_seconds", Cancellation)).Points.Select(p => (p.Step, p.Value)));
    }

    [Fact]
    public async Task A_run_may_have_prices_of_its_own_and_without_any_it_has_no_cost()
    {
        await using Tracker tracker = Open(prices: null);
        Run free = await tracker.StartRunAsync("e", cancellationToken: Cancellation);
        await free.EndAsync(cancellationToken: Cancellation);
        RunDetails details = await tracker.GetRunAsync(free.Id, Cancellation);
        Assert.Empty(details.Metrics);
        Assert.Empty(details.Params);

        Run paid = await tracker.StartRunAsync("e", new RunOptions { Prices = s_prices }, Cancellation);
        _clock.Advance(TimeSpan.FromHours(1));
        await paid.EndAsync(cancellationToken: Cancellation);
        Assert.Equal(7.2, (await tracker.GetRunAsync(paid.Id, Cancellation)).Metrics["cost/total"].Value, 1e-12);
    }

    [Fact]
    public async Task Prices_come_from_configuration()
    {
        IConfiguration configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Prices:Currency"] = "EUR",
            ["Prices:PerHour"] = "3.60",
            ["Prices:PerGpuHour"] = "1.80",
            ["Prices:GpuCount"] = "2",
        }).Build();
        await using Tracker tracker = Open(prices: null, t => t.Bind(configuration));
        Run run = await tracker.StartRunAsync("e", cancellationToken: Cancellation);
        _clock.Advance(TimeSpan.FromHours(1));
        await run.EndAsync(cancellationToken: Cancellation);
        RunDetails details = await tracker.GetRunAsync(run.Id, Cancellation);
        Assert.Equal(("EUR", 7.2), (details.Params["cost/currency"], Math.Round(details.Metrics["cost/total"].Value, 12)));
    }

    [Fact]
    public async Task Prices_that_are_none_are_refused()
    {
        PriceTable[] wrong =
        [
            new() { Currency = "" }, new() { Currency = null! }, new() { Currency = new string('x', 17) }, new() { Currency = "U D" }, new() { PerHour = -1 }, new() { PerCpuHour = -0.01m },
            new() { PerGpuHour = -1 }, new() { GpuCount = -1 },
        ];
        foreach (PriceTable prices in wrong)
            Assert.Contains("Prices.", Assert.Throws<OptionsValidationException>(() => Open(prices)).Message, StringComparison.Ordinal);
        await using Tracker tracker = Open(prices: null);
        foreach (PriceTable prices in wrong)
            await Assert.ThrowsAsync<ArgumentException>(async () => await tracker.StartRunAsync("e", new RunOptions { Prices = prices }, Cancellation));
    }

    public void Dispose() => _folder.Dispose();

    private Tracker Open(PriceTable? prices, Action<TrackingBuilder>? more = null) => Tracker.Open(t =>
    {
        t.UseInMemory(_folder.Path, _store).UseTimeProvider(_clock).Configure(o => (o.Capture.Source, o.Capture.Environment, o.Prices) = (false, false, prices));
        more?.Invoke(t);
    });
}
