using System.Diagnostics;
using Microsoft.Extensions.Logging;
using MLOps.Sqlite.Metrics;
using MLOps.Sqlite.Schema;
using MLOps.Tracking.Storage;
using SQLitePCL;

namespace MLOps.Sqlite.Connections;

/// <summary>One file, opened, written and read: what the stores of tracking and of the registry do alike. Stores of one file share the queue of its writers.</summary>
/// <remarks>The file is made, or brought to the present schema, by the first call. All members may be called from any thread.</remarks>
internal sealed partial class Database : IAsyncDisposable
{
    private const string ConnectionPragmas = "PRAGMA foreign_keys=ON; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000;";

    private readonly object _owner;
    private readonly bool _syncsCommits;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WriterGate _gate;
    private readonly ReaderPool _readers;
    private readonly Random _jitter = new();
    private Session? _writer;
    private volatile bool _isOpen;
    private volatile bool _isDisposed;

    /// <summary>Makes the database of a file. Nothing is opened yet.</summary>
    /// <param name="owner">The store, which exceptions name once it is disposed.</param>
    /// <param name="path">The file.</param>
    /// <param name="options">How to open and use it.</param>
    /// <param name="syncsCommits">Whether a commit survives a power loss; else only what was committed before <see cref="SyncAsync"/> does.</param>
    /// <param name="time">The store's clock.</param>
    /// <param name="logger">Told of opening and of new schema versions.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty or names no file on a disk.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="SqliteOptions.BusyTimeout"/> is negative.</exception>
    public Database(object owner, string path, SqliteOptions options, bool syncsCommits, TimeProvider time, ILogger logger)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (path.StartsWith(':'))
            throw new ArgumentException($"'{path}' is no file. A store that is kept in memory is {owner.GetType().Name.Replace("Sqlite", "InMemory", StringComparison.Ordinal)}.", nameof(path));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BusyTimeout, TimeSpan.Zero, nameof(options));
        (_owner, Options, _syncsCommits, _time, _logger) = (owner, options, syncsCommits, time, logger);
        File = FileOf(path);
        ArtifactRoot = (options.ArtifactRoot ?? FileUri.Of(Path.ChangeExtension(File, ".artifacts"))).TrimEnd('/');
        _gate = WriterGate.Join(File);
        _readers = new ReaderPool(File, owner);
    }

    public string File { get; }

    public string ArtifactRoot { get; }

    public SqliteOptions Options { get; }

    public long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The file that a path leads to. SQLite keeps its other files, and the tracker its journals and artifacts, beside that one.</summary>
    public static string FileOf(string path)
    {
        string full = Path.GetFullPath(path);
        return new FileInfo(full) is { LinkTarget: not null } link ? link.ResolveLinkTarget(returnFinalTarget: true)!.FullName : full;
    }

    /// <summary>Opens the file, where it is not open.</summary>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, _owner);
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

    /// <summary>Asks a question of one moment.</summary>
    public async ValueTask<T> ReadAsync<T>(Func<Session, T> question, CancellationToken cancellationToken)
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

    /// <summary>Asks a question of a few rows, on the caller's thread once the file is open: it takes less time than another thread would to begin.</summary>
    public ValueTask<T> ReadBrieflyAsync<T>(Func<Session, T> question, CancellationToken cancellationToken)
    {
        if (!_isOpen || cancellationToken.IsCancellationRequested)
            return ReadAsync(question, cancellationToken);
        try
        {
            return ValueTask.FromResult(_readers.Ask(question));
        }
        catch (SqliteErrorException error) when (error.IsLocked)
        {
            return ReadAsync(question, cancellationToken);
        }
        catch (SqliteErrorException error)
        {
            return ValueTask.FromException<T>(Faults.Explain(error, File, TimeSpan.Zero));
        }
    }

    /// <summary>Does something that cannot be in a transaction, while no other store of this process writes. Nothing is tried again.</summary>
    public async ValueTask<T> WorkAsync<T>(Func<Session, ValueTask<T>> work, CancellationToken cancellationToken)
    {
        await _gate.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            Session writer = await OpenWriterAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                return await work(writer).ConfigureAwait(false);
            }
            catch (TrackingStoreException error) when (error.InnerException is SqliteErrorException sqlite)
            {
                Abandon(writer, sqlite);
                throw;
            }
        }
        finally
        {
            _gate.Leave();
        }
    }

    /// <summary>Tries until no other process holds the lock. SQLite's own waiting lets some writers wait for seconds; short and uneven pauses are fairer.</summary>
    public async ValueTask<T> RetryWhileLockedAsync<T>(Func<T> attempt, CancellationToken cancellationToken)
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
                if (!error.IsLocked || waited >= Options.BusyTimeout)
                    throw Faults.Explain(error, File, waited);
            }

            await Task.Delay(Pause(), cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Brings what has been committed to the disk. With <c>synchronous=NORMAL</c> SQLite syncs when it moves pages out of <c>-wal</c>, before and after; what has only been committed lies in <c>-wal</c>, so that is the file to sync.</summary>
    public async ValueTask SyncAsync(CancellationToken cancellationToken)
    {
        await OpenAsync(cancellationToken).ConfigureAwait(false);
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            // SQLite holds its locks on the other two files, so that opening and closing this one disturbs none.
            using Microsoft.Win32.SafeHandles.SafeFileHandle log = System.IO.File.OpenHandle(File + "-wal", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            RandomAccess.FlushToDisk(log);
        }
        catch (FileNotFoundException)
        {
            // Its last user moved all pages into the file, synced it, and removed it.
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TrackingStoreException($"Store '{File}' could not be brought to the disk. Check the disk; what is committed survives the end of the process, but perhaps no power loss. ({error.Message})", isTransient: true, error);
        }
    }

    /// <summary>Waits for the write in progress and closes the file.</summary>
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

    private async ValueTask<Session> OpenWriterAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, _owner);
        if (_writer is null)
        {
            if (Directory.Exists(File))
                throw new TrackingStoreException($"'{File}' is a folder. Name a file for the store, for example '{Path.Combine(File, "mlops.db")}'.", isTransient: false);
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                throw new TrackingStoreException($"The folder of store '{File}' cannot be made. Give this process write permission, or choose another place. ({error.Message})", isTransient: false, error);
            }

            _writer = await RetryWhileLockedAsync(OpenWriter, cancellationToken).ConfigureAwait(false);
            _isOpen = true;
        }

        return _writer;
    }

    private Session OpenWriter()
    {
        FileCheck.Check(File, Migrations.Steps.Count);
        Connection connection = Connection.Open(File, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE);
        try
        {
            connection.Execute(ConnectionPragmas);
            connection.Execute($"PRAGMA synchronous={(_syncsCommits ? "FULL" : "NORMAL")}");
            string mode = connection.QueryText("PRAGMA journal_mode=WAL");
            if (mode != "wal")
                throw new TrackingStoreException($"Store '{File}' cannot use write-ahead logging: SQLite stays in mode '{mode}'. Put the file on a local disk.", isTransient: false);
            int found = Migrations.Apply(connection, File, Migrations.Steps, new NewStore(NowMs, ArtifactRoot));
            connection.Execute(Options.ExtraPragmas);
            Session session = new(connection);
            LogOpened(File, found, Migrations.Steps.Count);
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
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
