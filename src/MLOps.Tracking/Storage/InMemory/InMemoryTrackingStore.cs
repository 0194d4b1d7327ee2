using System.Runtime.CompilerServices;

namespace MLOps.Tracking.Storage;

/// <summary>Keeps experiments and runs in memory, for tests of programs that track. It has every capability and the same rules as a store on disk.</summary>
/// <remarks>
/// All members may be called from any thread at once; a reader sees whole batches only. Nothing is kept when the process ends. Disposal ends nothing, so that a test
/// can look at what was logged when its tracker is gone.
/// </remarks>
/// <example>
/// <code>
/// await using InMemoryTrackingStore store = new();
/// // … run the code under test on this store …
/// await foreach (RunDetails run in store.FindRunsAsync(new RunQuery(), cancellationToken))
///     Assert.Equal(RunStatus.Finished, run.Info.Status);
/// </code>
/// </example>
public sealed partial class InMemoryTrackingStore : ITrackingStore
{
    private readonly TimeProvider _time;
    private readonly Lock _writing = new();
    private volatile InMemoryState _state;

    /// <summary>Makes a store that has the experiment <c>Default</c> and nothing else.</summary>
    /// <param name="time">The store's clock, which dates experiments and decides when leases run out; the system's when null.</param>
    /// <param name="artifactRoot">The root under which experiments keep their artifacts when nothing else is said. No artifact is ever written there by this store. Default: <c>memory:</c>.</param>
    public InMemoryTrackingStore(TimeProvider? time = null, string? artifactRoot = null)
    {
        _time = time ?? TimeProvider.System;
        _state = new InMemoryState((artifactRoot ?? "memory:").TrimEnd('/')).WithNewExperiment("Default", artifactLocation: null, Now);
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities =>
        StoreCapabilities.AtomicBatch | StoreCapabilities.NonFiniteValues | StoreCapabilities.CallerRunIds | StoreCapabilities.Leases | StoreCapabilities.SoftDelete
        | StoreCapabilities.Purge | StoreCapabilities.Maintenance | StoreCapabilities.LoggedModels;

    private DateTimeOffset Now => DateTimeOffset.FromUnixTimeMilliseconds(_time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <inheritdoc/>
    public ValueTask OpenAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <inheritdoc/>
    public ValueTask<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            if (batch.Source is { } seen && seen.Cursor <= _state.Cursors.GetValueOrDefault(seen.Owner.Journal))
                return ValueTask.FromResult(AppendResult.Applied);

            InMemoryBatch applied = new(_state, batch.Source, Now);
            foreach (TrackingRecord record in batch.Records)
                applied.Apply(record);
            if (batch.OnReject == OnReject.Skip || applied.Rejections.Count == 0)
            {
                _state = batch.Source is { } source
                    ? applied.State with { Cursors = applied.State.Cursors.SetItem(source.Owner.Journal, source.Cursor) }
                    : applied.State;
            }

            return ValueTask.FromResult(applied.Rejections.Count == 0 ? AppendResult.Applied : new AppendResult(applied.Rejections));
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> GetCursorAsync(Guid journal, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_state.Cursors.GetValueOrDefault(journal));
    }

    /// <inheritdoc/>
    public ValueTask<Experiment?> FindExperimentAsync(ExperimentId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_state.FindExperiment(id));
    }

    /// <inheritdoc/>
    public ValueTask<Experiment?> FindExperimentAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_state.FindExperiment(name));
    }

    /// <inheritdoc/>
    public ValueTask<Experiment> CreateExperimentAsync(string name, string? artifactLocation, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken)
    {
        Limits.CheckExperimentName(name, nameof(name));
        Limits.CheckExperimentTags(tags, nameof(tags));
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            if (_state.FindExperiment(name) is not null)
                throw new ExperimentExistsException(name);
            _state = _state.WithNewExperiment(name, artifactLocation, Now, tags);
            return ValueTask.FromResult(_state.Experiments[^1]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<RunDetails?> FindRunAsync(RunId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_state.Runs.GetValueOrDefault(id)?.Read(Now));
    }

    /// <inheritdoc/>
    public ValueTask RenewLeasesAsync(LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            DateTimeOffset now = Now;
            foreach (InMemoryRun run in _state.Runs.Values.Where(run => run.Lease?.Owner.Journal == owner.Journal))
                _state = _state.With(run with { Lease = new InMemoryLease(owner, now + duration, now) });
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<LeaseOwner?> TakeLeaseAsync(RunId runId, LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            DateTimeOffset now = Now;
            InMemoryRun run = GetRun(runId);
            if (run.IsHeldByOther(owner, now))
                return ValueTask.FromResult<LeaseOwner?>(run.Lease!.Owner);
            _state = _state.With(run with { Lease = new InMemoryLease(owner, now + duration, now) });
            return ValueTask.FromResult<LeaseOwner?>(null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RunId>> CloseJournalAsync(Guid journal, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            DateTimeOffset now = Now;
            List<RunId> killed = [];
            InMemoryState state = _state with { Cursors = _state.Cursors.Remove(journal) };
            foreach (InMemoryRun run in _state.Runs.Values.Where(run => run.Lease?.Owner.Journal == journal))
            {
                // A run whose lease has run out reads as killed but is still kept as running.
                bool dies = run.Status == RunStatus.Running;
                if (dies)
                    killed.Add(run.Id);
                state = state.With((dies ? run.Killed(now) : run) with { Lease = null });
            }

            _state = state;
            return ValueTask.FromResult<IReadOnlyList<RunId>>(killed);
        }
    }

    /// <inheritdoc/>
    public ValueTask SyncAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private InMemoryRun GetRun(RunId id) => _state.Runs.GetValueOrDefault(id) ?? throw new RunNotFoundException(id);
}
