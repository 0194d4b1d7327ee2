using System.Runtime.CompilerServices;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests;

/// <summary>An in-memory store that can be away.</summary>
internal sealed class FlakyStore(InMemoryTrackingStore inner) : ITrackingStore
{
    private volatile Exception? _error;

    public StoreCapabilities Capabilities => inner.Capabilities;

    /// <summary>What every call raises; null while the store is there.</summary>
    public Exception? Error { get => _error; set => _error = value; }

    /// <summary>What opening raises.</summary>
    public Exception? OpenError { get; init; }

    /// <summary>Whether every call after its disposal fails, as with a real store.</summary>
    public bool EndsWhenDisposed { get; init; }

    public int Refusals => Volatile.Read(ref _refusals);

    private int _refusals;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => OpenError is { } error ? ValueTask.FromException(error) : ValueTask.CompletedTask;

    public ValueTask<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken) => There().AppendAsync(batch, cancellationToken);

    public ValueTask<long> GetCursorAsync(Guid journal, CancellationToken cancellationToken) => There().GetCursorAsync(journal, cancellationToken);

    public ValueTask<Experiment?> FindExperimentAsync(ExperimentId id, CancellationToken cancellationToken) => There().FindExperimentAsync(id, cancellationToken);

    public ValueTask<Experiment?> FindExperimentAsync(string name, CancellationToken cancellationToken) => There().FindExperimentAsync(name, cancellationToken);

    public ValueTask<Page<Experiment>> FindExperimentsAsync(ExperimentQuery query, PageRequest page, CancellationToken cancellationToken) => There().FindExperimentsAsync(query, page, cancellationToken);

    public ValueTask<Experiment> CreateExperimentAsync(string name, string? artifactLocation, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken) => There().CreateExperimentAsync(name, artifactLocation, tags, cancellationToken);

    public ValueTask SetExperimentLifecycleAsync(ExperimentId id, Lifecycle lifecycle, CancellationToken cancellationToken) => There().SetExperimentLifecycleAsync(id, lifecycle, cancellationToken);

    public ValueTask SetRunLifecycleAsync(RunId id, Lifecycle lifecycle, CancellationToken cancellationToken) => There().SetRunLifecycleAsync(id, lifecycle, cancellationToken);

    public ValueTask<RunDetails?> FindRunAsync(RunId id, CancellationToken cancellationToken) => There().FindRunAsync(id, cancellationToken);

    public ValueTask<Page<RunDetails>> FindRunsAsync(RunQuery query, PageRequest page, CancellationToken cancellationToken) => There().FindRunsAsync(query, page, cancellationToken);

    public ValueTask<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken cancellationToken) => There().GetSeriesAsync(query, cancellationToken);

    public ValueTask<IReadOnlyList<DatasetSummary>> FindDatasetsAsync(IReadOnlyList<ExperimentId> experiments, int limit, CancellationToken cancellationToken) => There().FindDatasetsAsync(experiments, limit, cancellationToken);

    public ValueTask RenameExperimentAsync(ExperimentId id, string name, CancellationToken cancellationToken) => There().RenameExperimentAsync(id, name, cancellationToken);

    public ValueTask SetExperimentTagAsync(ExperimentId id, string key, string value, CancellationToken cancellationToken) => There().SetExperimentTagAsync(id, key, value, cancellationToken);

    public ValueTask<bool> DeleteExperimentTagAsync(ExperimentId id, string key, CancellationToken cancellationToken) => There().DeleteExperimentTagAsync(id, key, cancellationToken);

    public ValueTask<IReadOnlyList<RunInfo>> BeginPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken) => There().BeginPurgeAsync(runs, cancellationToken);

    public ValueTask<IReadOnlyList<RunInfo>> FindPurgingAsync(int limit, CancellationToken cancellationToken) => There().FindPurgingAsync(limit, cancellationToken);

    public ValueTask EndPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken) => There().EndPurgeAsync(runs, cancellationToken);

    public ValueTask<bool> PurgeExperimentAsync(ExperimentId id, CancellationToken cancellationToken) => There().PurgeExperimentAsync(id, cancellationToken);

    public IAsyncEnumerable<StoreFinding> CheckAsync(CancellationToken cancellationToken) => There().CheckAsync(cancellationToken);

    public ValueTask<CompactResult> CompactAsync(CancellationToken cancellationToken) => There().CompactAsync(cancellationToken);

    public ValueTask RenewLeasesAsync(LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken) => There().RenewLeasesAsync(owner, duration, cancellationToken);

    public ValueTask<LeaseOwner?> TakeLeaseAsync(RunId runId, LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken) => There().TakeLeaseAsync(runId, owner, duration, cancellationToken);

    public ValueTask<IReadOnlyList<RunId>> CloseJournalAsync(Guid journal, CancellationToken cancellationToken) => There().CloseJournalAsync(journal, cancellationToken);

    public ValueTask SyncAsync(CancellationToken cancellationToken) => There().SyncAsync(cancellationToken);

    public ValueTask DisposeAsync()
    {
        if (EndsWhenDisposed)
            _error = new ObjectDisposedException(nameof(FlakyStore));
        return inner.DisposeAsync();
    }

    private InMemoryTrackingStore There()
    {
        if (_error is not { } error)
            return inner;
        Interlocked.Increment(ref _refusals);
        throw error;
    }
}
