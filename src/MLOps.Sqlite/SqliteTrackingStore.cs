using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Metrics;
using MLOps.Sqlite.Runs;
using MLOps.Sqlite.Schema;
using MLOps.Tracking.Storage;
using SQLitePCL;

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
    private const string ConnectionPragmas = "PRAGMA foreign_keys=ON; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000;";

    private readonly string _file;
    private readonly string _artifactRoot;
    private readonly SqliteOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WriterGate _gate;
    private readonly ReaderPool _readers;
    private readonly Random _jitter = new();
    private Session? _writer;
    private volatile bool _isOpen;
    private volatile bool _isDisposed;

    /// <summary>Makes a store of a file. Nothing is opened yet.</summary>
    /// <param name="path">The file, absolute or relative to the working directory of now; made where absent.</param>
    /// <param name="options">How to open and use it; the defaults when null.</param>
    /// <param name="time">The store's clock, which dates experiments and ends leases; the system's when null.</param>
    /// <param name="logger">Told of opening and of new schema versions; nobody when null.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty or names no file on a disk.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="SqliteOptions.BusyTimeout"/> is negative.</exception>
    public SqliteTrackingStore(string path, SqliteOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (path.StartsWith(':'))
            throw new ArgumentException($"'{path}' is no file. A store that is kept in memory is InMemoryTrackingStore.", nameof(path));
        _options = options ?? new SqliteOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.BusyTimeout, TimeSpan.Zero, nameof(options));
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;

        _file = FileOf(path);
        _artifactRoot = (_options.ArtifactRoot ?? FileUri.Of(Path.ChangeExtension(_file, ".artifacts"))).TrimEnd('/');
        _gate = WriterGate.Join(_file);
        _readers = new ReaderPool(_file);
    }

    /// <inheritdoc/>
    public StoreCapabilities Capabilities =>
        StoreCapabilities.AtomicBatch | StoreCapabilities.NonFiniteValues | StoreCapabilities.CallerRunIds | StoreCapabilities.Leases | StoreCapabilities.SoftDelete
        | StoreCapabilities.Purge | StoreCapabilities.Maintenance;

    /// <summary>The file that a path leads to. SQLite keeps its other files, and the tracker its journals and artifacts, beside that one.</summary>
    internal static string FileOf(string path)
    {
        string full = Path.GetFullPath(path);
        return new FileInfo(full) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : full;
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <inheritdoc/>
    public ValueTask<AppendResult> AppendAsync(RecordBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return WriteAsync(session => new BatchWriter(session, batch.Source, _artifactRoot, NowMs).Apply(batch), cancellationToken);
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
    public ValueTask<Experiment> CreateExperimentAsync(string name, string? artifactLocation, CancellationToken cancellationToken)
    {
        CheckName(name);
        return WriteAsync(
            session => session.Experiments.Find(name) is null
                ? session.Experiments.Create(name, artifactLocation, _artifactRoot, NowMs)
                : throw new ExperimentExistsException(name),
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
    /// <remarks>With <c>synchronous=NORMAL</c> SQLite syncs when it moves pages out of <c>-wal</c>, before and after; what has only been committed lies in <c>-wal</c>, so that is the file to sync.</remarks>
    public async ValueTask SyncAsync(CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            // SQLite holds its locks on the other two files, so that opening and closing this one disturbs none.
            using Microsoft.Win32.SafeHandles.SafeFileHandle log = File.OpenHandle(_file + "-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(log);
        }
        catch (FileNotFoundException)
        {
            // Its last user moved all pages into the file, synced it, and removed it.
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrackingStoreException($"Store '{_file}' could not be brought to the disk. Check the disk; what is committed survives the end of the process, but perhaps no power loss. ({error.Message})", isTransient: true, error);
        }
    }

    /// <summary>Waits for the write in progress and closes the file. Calls after it raise <see cref="ObjectDisposedException"/>.</summary>
    /// <returns>A task that ends when the file is closed.</returns>
    public async ValueTask DisposeAsync()
    {
        await _gate.EnterAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            if (_isDisposed)
                return;
            _isDisposed = true;

            // The last connection to close moves -wal into the file, which only a writing one can.
            _readers.Dispose();
            _writer?.Dispose();
            _writer = null;
            _gate.Part();
        }
        finally
        {
            _gate.Leave();
        }
    }

    /// <summary>Does something in one write transaction. Work that ends the transaction itself is not committed.</summary>
    private async ValueTask<T> WriteAsync<T>(Func<Session, T> work, CancellationToken cancellationToken)
    {
        await _gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            Session writer = await OpenWriterAsync(cancellationToken).ConfigureAwait(false);
            await BeginAsync(writer, cancellationToken).ConfigureAwait(false);
            return Commit(writer, work);
        }
        finally
        {
            _gate.Leave();
        }
    }

    private async ValueTask BeginAsync(Session writer, CancellationToken cancellationToken)
    {
        try
        {
            await RetryWhileLockedAsync(
                () =>
                {
                    writer.BeginWriting();
                    return true;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (TrackingStoreException error) when (error.InnerException is SqliteErrorException sqlite)
        {
            Abandon(writer, sqlite);
            throw;
        }
    }

    private T Commit<T>(Session writer, Func<Session, T> work)
    {
        try
        {
            T result = work(writer);
            if (writer.Connection.InTransaction)
                writer.Commit();
            return result;
        }
        catch (Exception error)
        {
            Abandon(writer, error);
            if (error is SqliteErrorException sqlite)
                throw Faults.Explain(sqlite, _file, TimeSpan.Zero);
            if (error is ChunkCorruptException)
                throw new TrackingStoreException($"Store '{_file}': {error.Message}", isTransient: false, error);
            throw;
        }
    }

    private void Abandon(Session writer, Exception error)
    {
        try
        {
            writer.Rollback();
            if (Faults.IsHarmless(error))
                return;
        }
        catch (SqliteErrorException)
        {
            // The file closes below, which rolls back, too.
        }

        writer.Dispose();
        _writer = null;
    }

    private async ValueTask<T> ReadAsync<T>(Func<Session, T> question, CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            return await RetryWhileLockedAsync(() => _readers.Ask(Interruptible), cancellationToken).ConfigureAwait(false);
        }
        catch (TrackingStoreException) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellationToken);
        }

        T Interruptible(Session session)
        {
            using CancellationTokenRegistration interrupt = cancellationToken.Register(session.Connection.Interrupt);
            return question(session);
        }
    }

    /// <inheritdoc/>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_isOpen)
            return;
        await _gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await OpenWriterAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Leave();
        }
    }

    private async ValueTask<Session> OpenWriterAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (_writer is null)
        {
            if (Directory.Exists(_file))
                throw new TrackingStoreException($"'{_file}' is a folder. Name a file for the store, for example '{Path.Combine(_file, "mlops.db")}'.", isTransient: false);
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new TrackingStoreException($"The folder of store '{_file}' cannot be made. Give this process write permission, or choose another place. ({error.Message})", isTransient: false, error);
            }

            _writer = await RetryWhileLockedAsync(OpenWriter, cancellationToken).ConfigureAwait(false);
            _isOpen = true;
        }

        return _writer;
    }

    private Session OpenWriter()
    {
        FileCheck.Check(_file, Migrations.Steps.Count);
        Connection connection = Connection.Open(_file, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        try
        {
            connection.Execute(ConnectionPragmas);
            string mode = connection.QueryText("PRAGMA journal_mode=WAL");
            if (mode != "wal")
                throw new TrackingStoreException($"Store '{_file}' cannot use write-ahead logging: SQLite stays in mode '{mode}'. Put the file on a local disk.", isTransient: false);
            int found = Migrations.Apply(connection, _file, Migrations.Steps, new NewStore(NowMs, _artifactRoot));
            connection.Execute(_options.ExtraPragmas);
            Session session = new(connection);
            LogOpened(_file, found, Migrations.Steps.Count);
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Tries until no other process holds the lock. SQLite's own waiting lets some writers wait for seconds; short and uneven pauses are fairer.</summary>
    private async ValueTask<T> RetryWhileLockedAsync<T>(Func<T> attempt, CancellationToken cancellationToken)
    {
        // The real clock: the lock is held by real processes, whatever the time of the store is said to be.
        long began = Stopwatch.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return attempt();
            }
            catch (SqliteErrorException error)
            {
                TimeSpan waited = Stopwatch.GetElapsedTime(began);
                if (!error.IsLocked || waited >= _options.BusyTimeout)
                    throw Faults.Explain(error, _file, waited);
            }

            await Task.Delay(Pause(), cancellationToken).ConfigureAwait(false);
        }
    }

    private int Pause()
    {
        lock (_jitter)
            return _jitter.Next(1, 5);
    }

    [LoggerMessage(1100, LogLevel.Debug, "Opened store {File}, brought from schema version {Found} to {Version}")]
    private partial void LogOpened(string file, int found, int version);
}
