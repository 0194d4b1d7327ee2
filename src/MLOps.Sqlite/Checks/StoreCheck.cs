using System.Diagnostics;
using MLOps.Sqlite.Connections;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Checks;

/// <summary>Looks for damage, part by part: each part is read in one transaction of its own, so that what writers do meanwhile is no finding and the log can be moved into the file between parts.</summary>
internal sealed class StoreCheck(Connection connection)
{
    private const int RowsPerPart = 20_000;

    // As many as SQLite's own check tells.
    private const int MostPerTable = 100;

    private static readonly TimeSpan PartDuration = TimeSpan.FromMilliseconds(100);

    private readonly SeriesCheck _series = new(connection);

    /// <summary>The kinds of checks, each begun with <see cref="Start"/> and continued where its last part says.</summary>
    public static IReadOnlyList<Func<StoreCheck, long, CheckPart>> Kinds { get; } =
    [
        static (check, _) => check.Pages(),
        static (check, from) => check.References(from),
        static (check, from) => check.Keys(from),
        static (check, from) => check.Runs(from),
        static (check, from) => check.LoggedModels(from),
        static (check, from) => check.Series(from),
    ];

    public static long Start => -1;

    private Statement FindTables => field ??= connection.Prepare("""
        SELECT t.rowid, t.name FROM sqlite_schema t
        WHERE t.type = 'table' AND t.rowid > ? AND EXISTS (SELECT 1 FROM pragma_foreign_key_list(t.name)) ORDER BY t.rowid LIMIT 1
        """);

    private Statement FindKeys => field ??= connection.Prepare("SELECT id, name FROM key_name WHERE id > ? ORDER BY id LIMIT ?");

    private Statement FindRuns => field ??= connection.Prepare("""
        SELECT id, run_id, lifecycle, deleted_ms IS NOT NULL, EXISTS (SELECT 1 FROM purged_run p WHERE p.run_id = run.run_id) FROM run
        WHERE id > ? ORDER BY id LIMIT ?
        """);

    private Statement FindModels => field ??= connection.Prepare("SELECT id, model_id, name, status, lifecycle FROM logged_model WHERE id > ? ORDER BY id LIMIT ?");

    private static StoreFinding Damage(string what) =>
        new(StoreFindingKind.Storage, $"SQLite finds damage: {what}. Keep a copy of the file, check the disk, and restore a backup or try 'sqlite3 <file> .recover'.");

    /// <summary>SQLite's own check of its pages, indexes and column types. It reads the whole file in one transaction.</summary>
    private CheckPart Pages()
    {
        List<StoreFinding> findings = [];
        using Statement check = connection.PrepareForOneUse("PRAGMA integrity_check");
        try
        {
            while (check.Step())
            {
                if (check.Text(0) is var line and not "ok")
                    findings.Add(Damage(line));
            }
        }
        catch (SqliteErrorException error) when (error.IsDamage)
        {
            findings.Add(Damage(error.Message));
        }

        return new CheckPart(findings, null);
    }

    /// <summary>What the foreign keys of one table point to.</summary>
    private CheckPart References(long from)
    {
        string table;
        using (Rows tables = FindTables.With(from).Query())
        {
            if (!tables.Next())
                return new CheckPart([], null);
            (from, table) = (FindTables.Int64(0), FindTables.Text(1));
        }

        List<StoreFinding> findings = [];
        using Statement check = connection.PrepareForOneUse($"PRAGMA foreign_key_check({table})");
        try
        {
            while (findings.Count < MostPerTable && check.Step())
            {
                string row = check.IsNull(1) ? "A row" : $"Row {check.Int64(1)}";
                findings.Add(new StoreFinding(StoreFindingKind.Reference, $"{row} of table '{table}' refers to a row of '{check.Text(2)}' that is not there. Restore a backup, or remove the row."));
            }
        }
        catch (SqliteErrorException error) when (error.IsDamage)
        {
            findings.Add(Damage($"table '{table}' cannot be read: {error.Message}"));
        }

        return new CheckPart(findings, from);
    }

    private CheckPart Keys(long from)
    {
        List<StoreFinding> findings = [];
        int rows = 0;
        using Rows keys = FindKeys.With(from).With((long)RowsPerPart).Query();
        for (; keys.Next(); rows++)
        {
            from = FindKeys.Int64(0);
            string key = FindKeys.Text(1);
            if (Limits.KeyError(key) is { } error)
                findings.Add(new StoreFinding(StoreFindingKind.Storage, $"Key {from} is not a key: {error} Restore a backup.") { Key = key });
        }

        return new CheckPart(findings, rows < RowsPerPart ? null : from);
    }

    private CheckPart Runs(long from)
    {
        List<StoreFinding> findings = [];
        int rows = 0;
        using Rows runs = FindRuns.With(from).With((long)RowsPerPart).Query();
        for (; runs.Next(); rows++)
        {
            from = FindRuns.Int64(0);
            string run = FindRuns.Text(1);
            if (LifecycleError(FindRuns.Int64(2), FindRuns.Int64(3) != 0, FindRuns.Int64(4) != 0) is { } error)
                findings.Add(new StoreFinding(StoreFindingKind.Reference, $"Run '{run}' {error}") { RunId = RunId.TryParse(run, out RunId id) ? id : null });
        }

        return new CheckPart(findings, rows < RowsPerPart ? null : from);
    }

    private static string? LifecycleError(long lifecycle, bool hasTime, bool isBuried) => lifecycle switch
    {
        0 or 1 when isBuried => "is there although its id is among those of purged runs. Restore a backup.",
        0 when hasTime => "is in use and has a time of deletion. Delete and restore it.",
        1 when !hasTime => "is deleted and has no time of deletion. Restore and delete it.",
        2 when !isBuried => "is being purged and nothing keeps its id from being taken again. Restore a backup.",
        < 0 or > 2 => $"has the unknown lifecycle {lifecycle}. Restore a backup.",
        _ => null,
    };

    private CheckPart LoggedModels(long from)
    {
        List<StoreFinding> findings = [];
        int rows = 0;
        using Rows models = FindModels.With(from).With((long)RowsPerPart).Query();
        for (; models.Next(); rows++)
        {
            from = FindModels.Int64(0);
            string id = FindModels.Text(1);
            string? error =
                !LoggedModelId.TryParse(id, out _) ? "has an id that is none."
                : Limits.LoggedModelNameError(FindModels.Text(2)) is { } wrong ? $"has a name that is none: {wrong}"
                : FindModels.Int64(3) is < 0 or > (long)LoggedModelStatus.UploadFailed ? $"has the unknown status {FindModels.Int64(3)}."
                : FindModels.Int64(4) is < 0 or > (long)Lifecycle.Deleted ? $"has the unknown lifecycle {FindModels.Int64(4)}."
                : null;
            if (error is not null)
                findings.Add(new StoreFinding(StoreFindingKind.Storage, $"Logged model '{id}' {error} Restore a backup."));
        }

        return new CheckPart(findings, rows < RowsPerPart ? null : from);
    }

    private CheckPart Series(long from)
    {
        List<StoreFinding> findings = [];
        long began = Stopwatch.GetTimestamp();
        while (_series.Check(from, findings) is { } checkedSeries)
        {
            from = checkedSeries;
            if (Stopwatch.GetElapsedTime(began) > PartDuration)
                return new CheckPart(findings, from);
        }

        return new CheckPart(findings, null);
    }
}
