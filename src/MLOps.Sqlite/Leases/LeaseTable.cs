using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Runs;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Leases;

/// <summary>Journals: how far each has been applied, and which runs it holds. Times are the store's clock.</summary>
internal sealed class LeaseTable(Connection connection)
{
    private Statement FindCursor => field ??= connection.Prepare("SELECT cursor FROM journal WHERE id = ?");

    private Statement UpsertJournal => field ??= connection.Prepare("INSERT INTO journal(id, host, process_id, since_ticks) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING");

    private Statement UpdateCursor => field ??= connection.Prepare("UPDATE journal SET cursor = ?1 WHERE id = ?2 AND (cursor IS NULL OR cursor < ?1)");

    private Statement FindHolder => field ??= connection.Prepare("""
        SELECT l.journal, j.host, j.process_id, j.since_ticks FROM lease l JOIN journal j ON j.id = l.journal
        WHERE l.run = ? AND l.journal <> ? AND l.expires_ms > ?
        """);

    private Statement UpsertLease => field ??= connection.Prepare("""
        INSERT INTO lease(run, journal, renewed_ms, expires_ms) VALUES(?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET journal = excluded.journal, renewed_ms = excluded.renewed_ms, expires_ms = excluded.expires_ms
        """);

    private Statement RenewAll => field ??= connection.Prepare("UPDATE lease SET renewed_ms = ?, expires_ms = ? WHERE journal = ?");

    private Statement DeleteLease => field ??= connection.Prepare("DELETE FROM lease WHERE run = ?");

    private Statement DeleteRunOut => field ??= connection.Prepare("DELETE FROM lease WHERE run = ? AND expires_ms <= ?");

    private Statement DeleteAll => field ??= connection.Prepare("DELETE FROM lease WHERE journal = ?");

    private Statement DeleteJournal => field ??= connection.Prepare("DELETE FROM journal WHERE id = ?");

    private Statement FindRunning => field ??= connection.Prepare($"""
        SELECT r.run_id, r.started_ms, r.newest_ms, l.renewed_ms, (SELECT max(newest_ms) FROM series WHERE owner_kind = 0 AND owner = r.id)
        FROM lease l JOIN run r ON r.id = l.run WHERE l.journal = ? AND r.status = {(int)RunStatus.Running} ORDER BY r.id
        """);

    public long Cursor(Guid journal)
    {
        using Rows rows = FindCursor.With(journal).Query();
        return rows.Next() ? FindCursor.Int64(0) : 0;
    }

    /// <summary>Moves a journal's cursor forward.</summary>
    /// <returns>False when it stands there or further already.</returns>
    public bool Advance(BatchSource source)
    {
        Register(source.Owner);
        return UpdateCursor.With(source.Cursor).With(source.Owner.Journal).Run() == 1;
    }

    /// <summary>Who else holds a run.</summary>
    private LeaseOwner? OtherHolder(RunState run, Guid journal, long nowMs)
    {
        using Rows rows = FindHolder.With(run.Number).With(journal).With(nowMs).Query();
        return rows.Next()
            ? new LeaseOwner(FindHolder.Guid(0), FindHolder.Text(1), FindHolder.Int32(2), new DateTimeOffset(FindHolder.Int64(3), TimeSpan.Zero))
            : null;
    }

    /// <summary>Takes the lease of a run unless another journal holds one that has not run out. It counts as a sign of life when the owner asks itself, not when a record of its journal does.</summary>
    /// <returns>Null when it was taken; else who holds it.</returns>
    public LeaseOwner? Take(RunState run, LeaseOwner owner, TimeSpan duration, long nowMs, bool alive)
    {
        if (OtherHolder(run, owner.Journal, nowMs) is { } holder)
            return holder;
        Register(owner);
        UpsertLease.With(run.Number).With(owner.Journal).With(alive ? nowMs : null).With(End(nowMs, duration)).Run();
        return null;
    }

    public void Renew(Guid journal, TimeSpan duration, long nowMs) => RenewAll.With(nowMs).With(End(nowMs, duration)).With(journal).Run();

    public void End(RunState run) => DeleteLease.With(run.Number).Run();

    /// <summary>Forgets a lease that has run out, so that a run which was set running without a journal does not read as killed.</summary>
    public void EndIfRunOut(RunState run, long nowMs) => DeleteRunOut.With(run.Number).With(nowMs).Run();

    /// <summary>When a run ended whose owner is gone: at its last sign of life, which no record's clock can put into the future.</summary>
    public static long EndOfKilled(long startedMs, long newestMs, long renewedMs, long newestPointMs, long nowMs) =>
        Math.Max(startedMs, Math.Min(nowMs, Math.Max(newestMs, Math.Max(renewedMs, newestPointMs))));

    /// <summary>The runs of a journal that stand as running, each with the end that it gets when its owner is gone.</summary>
    public List<(RunId Run, long EndMs)> Running(Guid journal, long nowMs)
    {
        List<(RunId, long)> running = [];
        using Rows rows = FindRunning.With(journal).Query();
        while (rows.Next())
            running.Add((new RunId(FindRunning.Text(0)), EndOfKilled(FindRunning.Int64(1), FindRunning.Int64(2), FindRunning.Int64(3), FindRunning.Int64(4), nowMs)));
        return running;
    }

    public void Close(Guid journal)
    {
        DeleteAll.With(journal).Run();
        DeleteJournal.With(journal).Run();
    }

    private static long End(long nowMs, TimeSpan duration) => nowMs + (long)duration.TotalMilliseconds;

    private void Register(LeaseOwner owner) => UpsertJournal.With(owner.Journal).With(owner.Host).With(owner.ProcessId).With(owner.Since.UtcTicks).Run();
}
