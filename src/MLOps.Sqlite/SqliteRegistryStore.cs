using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Schema;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite;

/// <summary>Keeps registered models in one SQLite file, which may be that of a <see cref="SqliteTrackingStore"/>, and which several processes on one host may read and write at once.</summary>
/// <remarks>
/// <para>The file is made, with its folder, or brought to the present schema by the first call. A file that a newer version of this SDK has written, or another program, is refused and left untouched.</para>
/// <para>A commit is one transaction, and is synced to the disk before it returns. All members may be called from any thread; one call writes at a time, readers do not wait for it.</para>
/// <para>Errors of the disk and locks of other processes raise <see cref="RegistryStoreException"/>, whose inner exception is a <see cref="TrackingStoreException"/>; nothing of the call is in the file then.</para>
/// </remarks>
public sealed class SqliteRegistryStore : IRegistryStore
{
    private readonly string _file;
    private readonly TimeProvider _time;
    private readonly Database _database;

    /// <summary>Makes a store of a file. Nothing is opened yet.</summary>
    /// <param name="path">The file, absolute or relative to the working directory of now; made where absent.</param>
    /// <param name="options">How to open and use it; the defaults when null.</param>
    /// <param name="time">The store's clock, which ends the hold of cursors; the system's when null.</param>
    /// <param name="logger">Told of opening and of new schema versions; nobody when null.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty or names no file on a disk.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="SqliteOptions.BusyTimeout"/> is negative.</exception>
    public SqliteRegistryStore(string path, SqliteOptions? options = null, TimeProvider? time = null, ILogger? logger = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        if (path.StartsWith(':'))
            throw new ArgumentException($"'{path}' is no file. A store that is kept in memory is InMemoryRegistryStore.", nameof(path));
        options ??= new SqliteOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BusyTimeout, TimeSpan.Zero, nameof(options));
        _time = time ?? TimeProvider.System;
        _file = SqliteTrackingStore.FileOf(path);
        _database = new Database(_file, SqliteTrackingStore.ArtifactRootOf(_file, options), synchronous: "FULL", options, _time, logger ?? NullLogger.Instance);
    }

    /// <inheritdoc/>
    public RegistryCapabilities Capabilities => RegistryCapabilities.AtomicCommit | RegistryCapabilities.Audit | RegistryCapabilities.Promotion | RegistryCapabilities.Cursors;

    /// <inheritdoc/>
    public string Address => _file;

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

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
        return WriteAsync(session => session.RegistryWriter.Apply(commit, session.Rollback), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<RegisteredModel?> FindModelAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(name);
        return ReadAtOnceAsync(session => session.Registry.FindModel(name), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<RegisteredModel?> FindModelAsync(Guid key, CancellationToken cancellationToken) => ReadAtOnceAsync(session => session.Registry.FindModel(key), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ModelVersion?> FindVersionAsync(string model, int number, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ReadAtOnceAsync(session => session.Registry.FindVersion(model, number), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<ModelVersion?> FindVersionAsync(string model, string aliasName, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(aliasName);
        return ReadAtOnceAsync(session => session.Registry.FindVersion(model, aliasName), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> FindLatestVersionsAsync(string model, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ReadAtOnceAsync(session => session.Registry.FindLatest(model), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsInStageAsync(string model, ModelStage stage, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ReadAsync(session => session.Registry.FindInStage(model, stage), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ModelVersion>> FindVersionsAsync(LineageLink link, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(link);
        return ReadAsync(session => session.Registry.Find(link), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Page<RegisteredModel>> FindModelsAsync(RegisteredModelQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        return ReadAsync(session => session.RegistrySearch.Find(query, page), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Page<ModelVersion>> FindVersionsAsync(ModelVersionQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        return ReadAsync(session => session.RegistrySearch.Find(query, page), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<Promotion?> FindPromotionAsync(Guid id, CancellationToken cancellationToken) => ReadAtOnceAsync(session => session.Registry.FindPromotion(id), cancellationToken);

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<Promotion>> FindPromotionsAsync(Guid modelKey, PromotionStatus? status, CancellationToken cancellationToken) =>
        ReadAsync<IReadOnlyList<Promotion>>(session => [.. session.Registry.FindPromotions(modelKey).Where(promotion => status is null || promotion.Status == status)], cancellationToken);

    /// <inheritdoc/>
    public ValueTask<AuditHead> GetAuditHeadAsync(CancellationToken cancellationToken) => ReadAtOnceAsync(session => session.Audit.Head(), cancellationToken);

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
        return ReadAsync(session => session.Audit.Keys(name), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<long?> TakeCursorAsync(string name, Guid holder, TimeSpan duration, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(duration, TimeSpan.Zero);
        return WriteAsync(session => session.Audit.TakeCursor(name, holder, duration, NowMs), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<bool> MoveCursorAsync(string name, Guid holder, long position, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return WriteAsync(session => session.Audit.MoveCursor(name, holder, position, NowMs), cancellationToken);
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

    private async ValueTask<T> WriteAsync<T>(Func<Session, T> work, CancellationToken cancellationToken)
    {
        try
        {
            return await _database.WriteAsync(work, cancellationToken).ConfigureAwait(false);
        }
        catch (TrackingStoreException error)
        {
            throw Translate(error);
        }
    }

    private async ValueTask<T> ReadAsync<T>(Func<Session, T> question, CancellationToken cancellationToken)
    {
        try
        {
            return await _database.ReadAsync(question, cancellationToken).ConfigureAwait(false);
        }
        catch (TrackingStoreException error)
        {
            throw Translate(error);
        }
    }

    private async ValueTask<T> ReadAtOnceAsync<T>(Func<Session, T> question, CancellationToken cancellationToken)
    {
        try
        {
            return await _database.ReadAtOnceAsync(question, cancellationToken).ConfigureAwait(false);
        }
        catch (TrackingStoreException error)
        {
            throw Translate(error);
        }
    }
}
