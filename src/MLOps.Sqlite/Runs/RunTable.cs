using MLOps.Sqlite.Connections;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Runs;

/// <summary>Runs, their params and their tags, as the writer sees them.</summary>
internal sealed class RunTable(Connection connection, KeyTable keys)
{
    private const string NameTag = "mlflow.runName";
    private const string ParentTag = "mlflow.parentRunId";
    private const int ShortIdLength = 8;
    private const int MostKnown = 65_536;

    private readonly Dictionary<RunId, RunState> _known = [];

    private Statement FindRun => field ??= connection.Prepare("SELECT id, experiment, status, lifecycle FROM run WHERE run_id = ? AND lifecycle < 2");

    private Statement FindPurged => field ??= connection.Prepare("SELECT 1 FROM purged_run WHERE run_id = ?");

    private Statement Insert => field ??= connection.Prepare(
        "INSERT INTO run(run_id, experiment, name, user, status, started_ms, newest_ms, parent, artifact_location, lifecycle) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, 0)");

    private Statement UpdateStatus => field ??= connection.Prepare("UPDATE run SET status = ? WHERE id = ?");

    private Statement UpdateEnd => field ??= connection.Prepare("UPDATE run SET ended_ms = ?1, newest_ms = max(newest_ms, ifnull(?1, 0)) WHERE id = ?2");

    private Statement UpdateName => field ??= connection.Prepare("UPDATE run SET name = ? WHERE id = ?");

    private Statement UpdateParent => field ??= connection.Prepare("UPDATE run SET parent = ? WHERE id = ?");

    private Statement UpdateLifecycle => field ??= connection.Prepare("UPDATE run SET lifecycle = ?, deleted_ms = ? WHERE id = ?");

    private Statement InsertParam => field ??= connection.Prepare("INSERT INTO param(run, key, value) VALUES(?, ?, ?) ON CONFLICT DO NOTHING");

    private Statement FindParam => field ??= connection.Prepare("SELECT value FROM param WHERE run = ? AND key = ?");

    private Statement UpsertTag => field ??= connection.Prepare("INSERT INTO tag(run, key, value) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value");

    private Statement DeleteTagRow => field ??= connection.Prepare("DELETE FROM tag WHERE run = ? AND key = ?");

    /// <summary>Finds a run whose purge has not begun.</summary>
    public RunState? Find(RunId id)
    {
        if (_known.TryGetValue(id, out RunState? known))
            return known;
        using Rows rows = FindRun.With(id.Value).Query();
        if (!rows.Next())
            return null;
        return _known[id] = new RunState
        {
            Number = FindRun.Int64(0),
            Id = id,
            Experiment = FindRun.Int64(1),
            Status = (RunStatus)FindRun.Int32(2),
            Lifecycle = (Lifecycle)FindRun.Int32(3),
        };
    }

    public RunState Get(RunId id) => Find(id) ?? throw new RunNotFoundException(id);

    public bool IsPurged(RunId id)
    {
        using Rows rows = FindPurged.With(id.Value).Query();
        return rows.Next();
    }

    public RunState Add(RunStarted start, long experiment, string artifactLocation)
    {
        string name = start.Name.Length > 0 ? start.Name : start.RunId.Value[..Math.Min(ShortIdLength, start.RunId.Value.Length)];
        Insert.With(start.RunId.Value).With(experiment).With(name).With(start.User).With((long)start.Status).With(start.StartedAtMs).With(start.StartedAtMs)
            .With(start.Parent?.Value).With(artifactLocation).Run();
        RunState run = new() { Number = connection.LastInsertId, Id = start.RunId, Experiment = experiment, Status = start.Status, Lifecycle = Lifecycle.Active };
        _known[start.RunId] = run;
        WriteTag(run, NameTag, name);
        if (start.Parent is { } parent)
            WriteTag(run, ParentTag, parent.Value);
        return run;
    }

    public void SetStatus(RunState run, RunStatus status)
    {
        UpdateStatus.With((long)status).With(run.Number).Run();
        run.Status = status;
    }

    public void SetEnd(RunState run, long? endedMs) => UpdateEnd.With(endedMs).With(run.Number).Run();

    public void Rename(RunState run, string name)
    {
        UpdateName.With(name).With(run.Number).Run();
        WriteTag(run, NameTag, name);
    }

    /// <summary>Deletes a run softly, or restores it. One that is deleted already keeps the time at which it was.</summary>
    public void SetLifecycle(RunState run, Lifecycle lifecycle, long nowMs)
    {
        if (run.Lifecycle == lifecycle)
            return;
        UpdateLifecycle.With((long)lifecycle).With(lifecycle == Lifecycle.Deleted ? nowMs : null).With(run.Number).Run();
        run.Lifecycle = lifecycle;
    }

    /// <summary>Adds a param.</summary>
    /// <returns>False when it has another value, which stays.</returns>
    public bool AddParam(RunState run, string key, string value)
    {
        long keyNumber = keys.FindOrAdd(key);
        if (InsertParam.With(run.Number).With(keyNumber).With(value).Run() == 1)
            return true;
        using Rows rows = FindParam.With(run.Number).With(keyNumber).Query();
        return rows.Next() && FindParam.Text(0) == value;
    }

    public void SetTag(RunState run, string key, string value)
    {
        WriteTag(run, key, value);
        if (key == NameTag)
            UpdateName.With(value).With(run.Number).Run();
        else if (key == ParentTag)
            UpdateParent.With(RunId.TryParse(value, out _) ? value : null).With(run.Number).Run();
    }

    /// <summary>Deletes a tag.</summary>
    /// <returns>Whether there was one.</returns>
    public bool DeleteTag(RunState run, string key)
    {
        if (keys.Find(key) is not { } keyNumber || DeleteTagRow.With(run.Number).With(keyNumber).Run() == 0)
            return false;
        if (key == ParentTag)
            UpdateParent.With((string?)null).With(run.Number).Run();
        return true;
    }

    public void Forget() => _known.Clear();

    public void Trim()
    {
        if (_known.Count > MostKnown)
            _known.Clear();
    }

    private void WriteTag(RunState run, string key, string value) => UpsertTag.With(run.Number).With(keys.FindOrAdd(key)).With(value).Run();
}
