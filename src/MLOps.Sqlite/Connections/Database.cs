using System.Diagnostics;
using Microsoft.Extensions.Logging;
using MLOps.Sqlite.Metrics;
using MLOps.Sqlite.Schema;
using MLOps.Tracking.Storage;
using SQLitePCL;

namespace MLOps.Sqlite.Connections;

/// <summary>
/// One file as one store uses it: opens it and brings it to the present schema, writes in one transaction at a time and reads beside that, and waits for other processes. Stores on the same path
/// have each a database of their own, and share its gate, so that the writers of a process never lock each other out.
/// </summary>
internal sealed partial class Database : IAsyncDisposable
{
    private readonly string _file;
    private readonly string _artifactRoot;
    private readonly string _connectionPragmas;
    private readonly SqliteOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WriterGate _gate;
    private readonly ReaderPool _readers;
    private readonly Random _jitter = new();
    private Session? _writer;
    private volatile bool _isOpen;
    private volatile bool _isDisposed;

    /// <param name="file">The file that a path leads to.</param>
    /// <param name="artifactRoot">Where the experiments of a new file have their artifacts.</param>
    /// <param name="synchronous">SQLite's word for what a commit waits for: <c>NORMAL</c> or <c>FULL</c>.</param>
    /// <param name="options">How to open and use it.</param>
    /// <param name="time">The store's clock.</param>
    /// <param name="logger">Told of opening and of new schema versions.</param>
    public Database(string file, string artifactRoot, string synchronous, SqliteOptions options, TimeProvider time, ILogger logger)
    {
        _file = file;
        _artifactRoot = artifactRoot;
        _connectionPragmas = $"PRAGMA foreign_keys=ON; PRAGMA synchronous={synchronous}; PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=4000;";
        _options = options;
        _time = time;
        _logger = logger;
        _gate = WriterGate.Join(file);
        _readers = new ReaderPool(file);
    }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

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

    /// <summary>Does something with the writer outside a transaction, with no other writer of this process beside it. An error of SQLite closes the writer.</summary>
    public async ValueTask<T> WithWriterAsync<T>(Func<Session, ValueTask<T>> work, CancellationToken cancellationToken)
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

    /// <summary>Answers a question that takes microseconds on the thread that asks, without waiting for one of the pool.</summary>
    public ValueTask<T> ReadAtOnceAsync<T>(Func<Session, T> question, CancellationToken cancellationToken)
    {
        if (!_isOpen || _isDisposed)
            return ReadAsync(question, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return ValueTask.FromResult(_readers.Ask(question));
        }
        catch (SqliteErrorException)
        {
            // Locked, or worse: there it waits, and finds the words.
            return ReadAsync(question, cancellationToken);
        }
    }

    /// <summary>Does something in one write transaction. Work that ends the transaction itself is not committed.</summary>
    public async ValueTask<T> WriteAsync<T>(Func<Session, T> work, CancellationToken cancellationToken)
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

    /// <summary>Opens the file, makes it or brings it to the present schema.</summary>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, _file);
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
        ObjectDisposedException.ThrowIf(_isDisposed, _file);
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
            connection.Execute(_connectionPragmas);
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
