using System.Runtime.CompilerServices;
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

    public int Refusals => Volatile.Read(ref _refusals);

    private int _refusals;

    public ValueTask OpenAsync(CancellationToken cancellationToken) => OpenError is { } error ? ValueTask.FromException(error) : ValueTask.CompletedTask;

    public ValueTask<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken) => There().AppendAsync(batch, cancellationToken);

    public ValueTask<long> GetCursorAsync(Guid journal, CancellationToken cancellationToken) => There().GetCursorAsync(journal, cancellationToken);

    public ValueTask<Experiment?> FindExperimentAsync(ExperimentId id, CancellationToken cancellationToken) => There().FindExperimentAsync(id, cancellationToken);

    public ValueTask<Experiment?> FindExperimentAsync(string name, CancellationToken cancellationToken) => There().FindExperimentAsync(name, cancellationToken);

    public IAsyncEnumerable<Experiment> FindExperimentsAsync(Lifecycle? lifecycle, CancellationToken cancellationToken) => There().FindExperimentsAsync(lifecycle, cancellationToken);

    public ValueTask<Experiment> CreateExperimentAsync(string name, string? artifactLocation, CancellationToken cancellationToken) => There().CreateExperimentAsync(name, artifactLocation, cancellationToken);

    public ValueTask SetExperimentLifecycleAsync(ExperimentId id, Lifecycle lifecycle, CancellationToken cancellationToken) => There().SetExperimentLifecycleAsync(id, lifecycle, cancellationToken);

    public ValueTask SetRunLifecycleAsync(RunId id, Lifecycle lifecycle, CancellationToken cancellationToken) => There().SetRunLifecycleAsync(id, lifecycle, cancellationToken);

    public ValueTask<RunDetails?> FindRunAsync(RunId id, CancellationToken cancellationToken) => There().FindRunAsync(id, cancellationToken);

    public IAsyncEnumerable<RunDetails> FindRunsAsync(RunQuery query, CancellationToken cancellationToken) => There().FindRunsAsync(query, cancellationToken);

    public ValueTask<MetricSeries> GetSeriesAsync(RunId runId, string key, CancellationToken cancellationToken) => There().GetSeriesAsync(runId, key, cancellationToken);

    public ValueTask RenewLeasesAsync(LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken) => There().RenewLeasesAsync(owner, duration, cancellationToken);

    public ValueTask<LeaseOwner?> TakeLeaseAsync(RunId runId, LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken) => There().TakeLeaseAsync(runId, owner, duration, cancellationToken);

    public ValueTask<IReadOnlyList<RunId>> CloseJournalAsync(Guid journal, CancellationToken cancellationToken) => There().CloseJournalAsync(journal, cancellationToken);

    public ValueTask SyncAsync(CancellationToken cancellationToken) => There().SyncAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private InMemoryTrackingStore There()
    {
        if (_error is not { } error)
            return inner;
        Interlocked.Increment(ref _refusals);
        throw error;
    }
}
