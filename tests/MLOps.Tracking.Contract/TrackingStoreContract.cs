using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

/// <summary>What every tracking store does. A back end is right when a class of its tests inherits this one and passes.</summary>
/// <remarks>The core holds for all stores; a test of a capability is skipped where the store lacks it, and there <c>TrackingStoreContract.Capabilities.cs</c> demands <see cref="NotSupportedException"/>.</remarks>
public abstract partial class TrackingStoreContract : IAsyncLifetime
{
    private ITrackingStore? _store;

    /// <summary>The store's clock; it stands still until a test moves it.</summary>
    protected FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    protected ITrackingStore Store => _store ?? throw new InvalidOperationException("InitializeAsync comes first.");

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected long NowMs => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    public async ValueTask InitializeAsync()
    {
        _store = await CreateAsync(Clock);
        await _store.OpenAsync(Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
            await _store.DisposeAsync();
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes an empty store.</summary>
    /// <param name="clock">The store's clock.</param>
    protected abstract ValueTask<ITrackingStore> CreateAsync(FakeTimeProvider clock);

    /// <summary>Closes a store and opens it again on what it has kept. A store without persistence returns the same instance.</summary>
    /// <param name="store">The open store.</param>
    /// <param name="clock">The store's clock.</param>
    protected virtual ValueTask<ITrackingStore> ReopenAsync(ITrackingStore store, FakeTimeProvider clock) => ValueTask.FromResult(store);

    /// <summary>Removes what a test left behind, after its store was disposed.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    protected async ValueTask ReopenAsync() => _store = await ReopenAsync(Store, Clock);

    protected void Needs(StoreCapabilities capability) =>
        Assert.SkipUnless(Store.Capabilities.HasFlag(capability), $"The store does not have {capability}.");

    /// <summary>Writes directly, as a server does.</summary>
    protected ValueTask<AppendResult> AppendAsync(params TrackingRecord[] records) =>
        Store.AppendAsync(new RecordBatch { Records = records }, Cancellation);

    /// <summary>Writes directly and expects that nothing is refused.</summary>
    protected async Task LogAsync(params TrackingRecord[] records) => Assert.Empty((await AppendAsync(records)).Rejections);

    /// <summary>Writes from a journal and expects that nothing is refused.</summary>
    protected async Task LogAsync(TestJournal journal, params TrackingRecord[] records) =>
        Assert.Empty((await Store.AppendAsync(journal.Next(records), Cancellation)).Rejections);

    /// <summary>Starts a run by a direct write.</summary>
    protected async Task<RunId> StartRunAsync(string experiment = "churn")
    {
        RunId id = RunId.New(Clock);
        await LogAsync(Started(id, experiment));
        return id;
    }

    protected TrackingRecord.RunStarted Started(RunId id, string experiment = "churn") => new(id, NowMs) { ExperimentName = experiment };

    protected async Task<RunDetails> GetRunAsync(RunId id)
    {
        RunDetails? run = await Store.FindRunAsync(id, Cancellation);
        Assert.NotNull(run);
        return run;
    }

    protected async Task<Experiment> GetExperimentAsync(string name)
    {
        Experiment? experiment = await Store.FindExperimentAsync(name, Cancellation);
        Assert.NotNull(experiment);
        return experiment;
    }

    protected async Task<IReadOnlyList<MetricPoint>> GetPointsAsync(RunId id, string key = "loss") =>
        (await Store.GetSeriesAsync(id, key, Cancellation)).Points;

    protected async Task<List<RunId>> FindRunIdsAsync(RunQuery query)
    {
        List<RunId> found = [];
        await foreach (RunDetails run in Store.FindRunsAsync(query, Cancellation))
            found.Add(run.Info.Id);
        return found;
    }

    protected async Task<List<string>> FindExperimentNamesAsync(Lifecycle? lifecycle)
    {
        List<string> found = [];
        await foreach (Experiment experiment in Store.FindExperimentsAsync(new ExperimentQuery { Lifecycle = lifecycle }, Cancellation))
            found.Add(experiment.Name);
        return found;
    }

    /// <summary>Expects that the records but the last are applied and the last is refused for this reason, with words for people.</summary>
    protected async Task AssertRefusedAsync(RejectionReason reason, params TrackingRecord[] records) =>
        AssertOnlyRefusal((await AppendAsync(records)).Rejections, records.Length - 1, reason);

    protected static void AssertOnlyRefusal(IReadOnlyList<Rejection> rejections, int index, RejectionReason reason)
    {
        Rejection rejection = Assert.Single(rejections);
        Assert.Equal((index, reason), (rejection.Index, rejection.Reason));
        Assert.NotEqual("", rejection.Message);
    }

    protected static TrackingRecord.PointsLogged Points(RunId id, params MetricPoint[] points) => new(id, "loss", points);

    /// <summary>A journal of a test: each batch moves its cursor on.</summary>
    protected sealed class TestJournal(FakeTimeProvider clock)
    {
        public static TimeSpan LeaseDuration { get; } = TimeSpan.FromSeconds(60);

        public LeaseOwner Owner { get; } = new(Guid.NewGuid(), "host", 1234, clock.GetUtcNow());

        public long Cursor { get; private set; }

        public RecordBatch Next(params TrackingRecord[] records) => At(Cursor += 48 * Math.Max(1, records.Length), records);

        public RecordBatch At(long cursor, params TrackingRecord[] records) =>
            new() { Source = new BatchSource(Owner, cursor, LeaseDuration), Records = records };
    }
}
