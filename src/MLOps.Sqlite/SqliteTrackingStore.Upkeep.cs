using System.Runtime.CompilerServices;
using MLOps.Sqlite.Checks;
using MLOps.Sqlite.Connections;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite;

/// <content>Check and compaction.</content>
public sealed partial class SqliteTrackingStore
{
    /// <inheritdoc/>
    /// <remarks>
    /// First SQLite checks its own pages and indexes, reading the whole file in one transaction; writers go on, but <c>-wal</c> cannot be emptied until it is done. Then foreign keys, keys,
    /// runs and each series with all its points are checked in short transactions. A point that cannot be read is found here before a query meets it.
    /// </remarks>
    public async IAsyncEnumerable<StoreFinding> CheckAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (Func<StoreCheck, long, CheckPart> kind in StoreCheck.Kinds)
        {
            for (long? from = StoreCheck.Start; from is { } place;)
            {
                CheckPart part = await CheckPartAsync(kind, place, cancellationToken).ConfigureAwait(false);
                foreach (StoreFinding finding in part.Findings)
                    yield return finding;
                from = part.Next;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// Points that came after their run had ended are folded, then SQLite's <c>VACUUM</c> writes the file anew and <c>-wal</c> is emptied into it. Room for a copy is needed twice: in SQLite's folder
    /// for temporary files (<c>SQLITE_TMPDIR</c>, <c>TMPDIR</c>, <c>/var/tmp</c> or <c>/tmp</c>) and in <c>-wal</c>. A reader that holds an old state open keeps <c>-wal</c> until it is done; the file shrinks then.
    /// </remarks>
    public async ValueTask<CompactResult> CompactAsync(CancellationToken cancellationToken)
    {
        await FoldTailsOfEndedRunsAsync(cancellationToken).ConfigureAwait(false);
        return await _database.WorkAsync(
            async writer =>
            {
                long before = SizeOnDisk();
                DemandRoomToCompact(writer.Connection);
                await _database.RetryWhileLockedAsync(() => writer.Connection.Vacuum(), cancellationToken).ConfigureAwait(false);
                await EmptyLogAsync(writer.Connection).ConfigureAwait(false);
                return new CompactResult(before, SizeOnDisk());
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<CheckPart> CheckPartAsync(Func<StoreCheck, long, CheckPart> kind, long from, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(session => kind(session.Check, from), cancellationToken).ConfigureAwait(false);
        }
        catch (TrackingStoreException error) when (error.InnerException is SqliteErrorException { IsDamage: true })
        {
            return new CheckPart([new StoreFinding(StoreFindingKind.Storage, error.Message)], null);
        }
    }

    private async ValueTask FoldTailsOfEndedRunsAsync(CancellationToken cancellationToken)
    {
        foreach (RunId id in await ReadAsync(session => session.Series.EndedRunsWithTail(), cancellationToken).ConfigureAwait(false))
        {
            await WriteAsync(
                session =>
                {
                    if (session.Runs.Find(id) is { HasEnded: true } run)
                        session.Points.EndTails(run);
                },
                cancellationToken).ConfigureAwait(false);
        }
    }

    private void DemandRoomToCompact(Connection connection)
    {
        long size = connection.UsedBytes;
        string folder = Path.GetDirectoryName(_database.File)!, temporary = TemporaryFiles.Folder;
        bool together = TemporaryFiles.LieOnOneDisk(folder, temporary);
        DemandRoom(folder, together ? 2 * size : size);
        if (!together)
            DemandRoom(temporary, size);
    }

    private void DemandRoom(string folder, long needed)
    {
        long free = _database.Options.FreeBytes(folder);
        if (free < needed)
            throw new TrackingStoreException($"Store '{_database.File}' cannot be compacted: that takes {needed} bytes for a while on the disk of '{folder}', where {free} are free. Free space there; nothing has changed.", isTransient: true);
    }

    // What has been vacuumed is committed; a reader of an old state only puts off the shrinking of the file.
    private async ValueTask EmptyLogAsync(Connection connection)
    {
        try
        {
            await _database.RetryWhileLockedAsync(() => connection.EmptyLog(), CancellationToken.None).ConfigureAwait(false);
        }
        catch (TrackingStoreException error) when (error.InnerException is SqliteErrorException { IsLocked: true })
        {
        }
    }

    private long SizeOnDisk() => new[] { _database.File, _database.File + "-wal" }.Sum(file => new FileInfo(file) is { Exists: true } found ? found.Length : 0);
}
