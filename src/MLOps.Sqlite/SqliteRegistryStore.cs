using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Registry;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite;

/// <summary>Keeps registered models in one SQLite file, which several processes on one host may read and write at once. It can be the file of a <see cref="SqliteTrackingStore"/>.</summary>
/// <remarks>
/// <para>The file is made, with its folder, or brought to the present schema by the first call, not by the constructor. A file that a newer version of this SDK
/// has written, or another program, is refused and left untouched. Beside the file SQLite keeps <c>-wal</c> and <c>-shm</c> while a store is open; the three belong
/// together. The file must lie on a local disk: write-ahead logging does not work over a network.</para>
/// <para>A commit is one transaction with its events in the audit log. When the call returns, it has been brought to the disk (<c>synchronous=FULL</c>) and survives a power loss.</para>
/// <para>All members may be called from any thread. Models, versions, promotions and the end of the audit log are read on the caller's thread, in microseconds; other work runs on
/// the thread pool. One call writes at a time, readers do not wait for it. Errors of the disk and locks of other processes raise <see cref="RegistryStoreException"/>, whose inner
/// exception is a <see cref="TrackingStoreException"/>, a <see cref="StoreVersionException"/> for a file that is too new; after one nothing of the call is in the file, and the next call starts afresh.</para>
/// </remarks>
public sealed class SqliteRegistryStore : IRegistryStore
{
    private readonly Database _database;
    private readonly TimeProvider _time;

    /// <summary>Makes a store of a file. Nothing is opened yet.</summary>
    /// <param name="path">The file, absolute or relative to the working directory of now; made where absent.</param>
    /// <param name="options">How to open and use it; the defaults when null.</param>
    /// <param name="time">The store's clock, which ends the hold of cursors; the system's when null.</param>
    /// <param name="logger">Told of opening and of new schema versions; nobody when null.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty or names no file on a disk.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="SqliteOptions.BusyTimeout"/> is negative.</exception>
    public SqliteRegistryStore(string path, SqliteOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        _time = time ?? TimeProvider.System;
        _database = new Database(this, path, options ?? new SqliteOptions(), syncsCommits: true, _time, logger ?? NullLogger.Instance);
    }

    /// <inheritdoc/>
    public RegistryCapabilities Capabilities => RegistryCapabilities.AtomicCommit | RegistryCapabilities.Audit | RegistryCapabilities.Promotion | RegistryCapabilities.Cursors;

    /// <inheritdoc/>
    public string Address => _database.File;

    /// <inheritdoc/>
    public async ValueTask OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _database.OpenAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (TrackingStoreException error)
        {
            throw Translate(error);
        }
    }

    /// <inheritdoc/>
    public ValueTask<CommitOutcome> CommitAsync(RegistryCommit commit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(commit);
        return WriteAsync(session => new CommitWriter(session, commit).Apply(), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<RegisteredModel?> FindModelAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ReadBrieflyAsync(session => session.Models.Find(name), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<RegisteredModel?> FindModelAsync(Guid key, CancellationToken cancellationToken) => ReadBrieflyAsync(session => session.Models.Find(key), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ModelVersion?> FindVersionAsync(string model, int number, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ReadBrieflyAsync(session => session.Versions.Find(model, number), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<ModelVersion?> FindVersionAsync(string model, string aliasName, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(aliasName);
        return ReadBrieflyAsync(session => session.Versions.Find(model, aliasName), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> FindLatestVersionsAsync(string model, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ReadBrieflyAsync(session => session.Versions.Latest(model), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsInStageAsync(string model, ModelStage stage, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ReadAsync(session => session.Versions.InStage(model, stage), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsAsync(LineageLink link, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(link);
        return ReadAsync(session => session.Versions.LinkedTo(link), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>A page is of one moment.</remarks>
    public ValueTask<Page<RegisteredModel>> FindModelsAsync(RegisteredModelQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        return ReadAsync(session => session.RegistrySearch.Find(query, page), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>A page is of one moment.</remarks>
    public ValueTask<Page<ModelVersion>> FindVersionsAsync(ModelVersionQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        return ReadAsync(session => session.RegistrySearch.Find(query, page), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Promotion?> FindPromotionAsync(Guid id, CancellationToken cancellationToken) => ReadBrieflyAsync(session => session.Promotions.Find(id), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Promotion>> FindPromotionsAsync(Guid modelKey, PromotionStatus? status, CancellationToken cancellationToken) =>
        ReadAsync(session => session.Promotions.Of(modelKey, status), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AuditHead> GetAuditHeadAsync(CancellationToken cancellationToken) => ReadBrieflyAsync(session => session.Audit.Head(), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(long after, int most, CancellationToken cancellationToken)
    {
        CheckRange(after, most);
        return ReadAsync(session => session.Audit.Read(after, most), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(Guid modelKey, string? aliasName, long after, int most, CancellationToken cancellationToken)
    {
        CheckRange(after, most);
        return ReadAsync(session => session.Audit.Read(modelKey, aliasName, after, most), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Guid>> FindModelKeysAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ReadBrieflyAsync(session => session.Models.Keys(name), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<long?> TakeCursorAsync(string name, Guid holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        return WriteAsync(session => session.Audit.TakeCursor(name, holder, _time.GetUtcNow(), duration), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> MoveCursorAsync(string name, Guid holder, long position, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return WriteAsync(session => session.Audit.MoveCursor(name, holder, position, _time.GetUtcNow()), cancellationToken);
    }

    /// <summary>Waits for the write in progress and closes the file. Calls after it raise <see cref="ObjectDisposedException"/>.</summary>
    /// <returns>A task that ends when the file is closed.</returns>
    public ValueTask DisposeAsync() => _database.DisposeAsync();


    private static void CheckRange(long after, int most)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(most, 10_000);
    }

    private static RegistryStoreException Translate(TrackingStoreException error) => new(error.Message, error.IsTransient, error);

    private RegistryStoreException Damaged(Exception error) =>
        new($"Store '{Address}': a row of the registry is damaged. Keep a copy, check the disk, and restore a backup. ({error.Message})", isTransient: false, error);

    private ValueTask<T> WriteAsync<T>(Func<Session, T> work, CancellationToken cancellationToken) => TranslateAsync(static (database, work, token) => database.WriteAsync(work, token), work, cancellationToken);

    private ValueTask<T> ReadAsync<T>(Func<Session, T> question, CancellationToken cancellationToken) =>
        TranslateAsync(static (database, question, token) => database.ReadAsync(question, token), question, cancellationToken);

    private ValueTask<T> ReadBrieflyAsync<T>(Func<Session, T> question, CancellationToken cancellationToken) =>
        TranslateAsync(static (database, question, token) => database.ReadBrieflyAsync(question, token), question, cancellationToken);

    private async ValueTask<T> TranslateAsync<T>(Func<Database, Func<Session, T>, CancellationToken, ValueTask<T>> call, Func<Session, T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await call(_database, work, cancellationToken).ConfigureAwait(false);
        }
        catch (TrackingStoreException error)
        {
            throw Translate(error);
        }
        catch (Exception error) when (error is JsonException or InvalidDataException)
        {
            throw Damaged(error);
        }
    }
}
