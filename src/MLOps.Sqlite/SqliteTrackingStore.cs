using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Runs;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite;

/// <summary>Keeps experiments and runs in one SQLite file, which several processes on one host may read and write at once.</summary>
/// <remarks>
/// <para>The file is made, with its folder, or brought to the present schema by the first call, not by the constructor. A file that a newer version of this SDK
/// has written, or another program, is refused and left untouched. Beside the file SQLite keeps <c>-wal</c> and <c>-shm</c> while a store is open; the three belong
/// together. The file must lie on a local disk: write-ahead logging does not work over a network.</para>
/// <para>A batch is one transaction. When a call returns, its transaction survives the end of the process; it survives a power loss after <see cref="SyncAsync"/>.
/// Infinities and NaN come back as they were logged.</para>
/// <para>All members may be called from any thread. Work runs on the thread pool; one call writes at a time, readers do not wait for it.
/// Errors of the disk and locks of other processes raise <see cref="TrackingStoreException"/>; after one nothing of the call is in the file, and the next call starts afresh.</para>
/// </remarks>
public sealed partial class SqliteTrackingStore : ITrackingStore
{
    private readonly Database _database;

    /// <summary>Makes a store of a file. Nothing is opened yet.</summary>
    /// <param name="path">The file, absolute or relative to the working directory of now; made where absent.</param>
    /// <param name="options">How to open and use it; the defaults when null.</param>
    /// <param name="time">The store's clock, which dates experiments and ends leases; the system's when null.</param>
    /// <param name="logger">Told of opening and of new schema versions; nobody when null.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty or names no file on a disk.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="SqliteOptions.BusyTimeout"/> is negative.</exception>
    public SqliteTrackingStore(string path, SqliteOptions? options = null, TimeProvider? time = null, ILogger? logger = null) =>
        _database = new Database(this, path, options ?? new SqliteOptions(), syncsCommits: false, time ?? TimeProvider.System, logger ?? NullLogger.Instance);

    /// <inheritdoc/>
    public StoreCapabilities Capabilities =>
        StoreCapabilities.AtomicBatch | StoreCapabilities.NonFiniteValues | StoreCapabilities.CallerRunIds | StoreCapabilities.Leases | StoreCapabilities.SoftDelete
        | StoreCapabilities.Purge | StoreCapabilities.Maintenance | StoreCapabilities.LoggedModels;

    private long NowMs => _database.NowMs;

    /// <inheritdoc/>
    public ValueTask<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return WriteAsync(session => new BatchWriter(session, batch.Source, _database.ArtifactRoot, NowMs).Apply(batch), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<long> GetCursorAsync(Guid journal, CancellationToken cancellationToken) => ReadAsync(session => session.Leases.Cursor(journal), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Experiment?> FindExperimentAsync(ExperimentId id, CancellationToken cancellationToken) => ReadAsync(session => session.Experiments.Find(id), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<Experiment?> FindExperimentAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ReadAsync(session => session.Experiments.Find(name), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Experiment> CreateExperimentAsync(string name, string? artifactLocation, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken)
    {
        CheckName(name);
        ArgumentNullException.ThrowIfNull(tags);
        foreach ((string key, string value) in tags)
            CheckTag(key, value);
        return WriteAsync(
            session =>
            {
                if (session.Experiments.Find(name) is not null)
                    throw new ExperimentExistsException(name);
                Experiment made = session.Experiments.Create(name, artifactLocation, _database.ArtifactRoot, NowMs);
                foreach ((string key, string value) in tags)
                    session.Experiments.SetTag(made.Id, key, value, NowMs);
                return tags.Count == 0 ? made : session.Experiments.Find(made.Id)!;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<RunDetails?> FindRunAsync(RunId id, CancellationToken cancellationToken) => ReadAsync(session => session.RunReader.Find(id, NowMs), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask RenewLeasesAsync(LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        await WriteAsync(
            session =>
            {
                session.Leases.Renew(owner.Journal, duration, NowMs);
                return true;
            },
            cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask<LeaseOwner?> TakeLeaseAsync(RunId runId, LeaseOwner owner, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        return WriteAsync(session => session.Leases.Take(session.Runs.Get(runId), owner, duration, NowMs, alive: true), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RunId>> CloseJournalAsync(Guid journal, CancellationToken cancellationToken) =>
        WriteAsync<IReadOnlyList<RunId>>(
            session =>
            {
                List<(RunId Run, long EndMs)> running = session.Leases.Running(journal, NowMs);
                foreach ((RunId id, long endMs) in running)
                {
                    RunState run = session.Runs.Get(id);
                    session.Runs.SetStatus(run, RunStatus.Killed);
                    session.Runs.SetEnd(run, endMs);
                    session.Points.EndTails(run);
                }

                session.Leases.Close(journal);
                return running.ConvertAll(run => run.Run);
            },
            cancellationToken);

    /// <inheritdoc/>
    public ValueTask OpenAsync(CancellationToken cancellationToken) => _database.OpenAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask SyncAsync(CancellationToken cancellationToken) => _database.SyncAsync(cancellationToken);

    /// <summary>Waits for the write in progress and closes the file. Calls after it raise <see cref="ObjectDisposedException"/>.</summary>
    /// <returns>A task that ends when the file is closed.</returns>
    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private ValueTask<T> WriteAsync<T>(Func<Session, T> work, CancellationToken cancellationToken) => _database.WriteAsync(work, cancellationToken);

    private ValueTask<T> ReadAsync<T>(Func<Session, T> question, CancellationToken cancellationToken) => _database.ReadAsync(question, cancellationToken);
}
