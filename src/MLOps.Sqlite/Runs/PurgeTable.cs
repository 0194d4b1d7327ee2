using System.Diagnostics;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Experiments;

namespace MLOps.Sqlite.Runs;

/// <summary>Runs on their way out: marked in one transaction, their rows removed piece by piece in later ones.</summary>
internal sealed class PurgeTable(Connection connection)
{
    private const string Columns = "SELECT run_id, experiment, name, user, status, started_ms, ended_ms, parent, artifact_location, deleted_ms FROM run ";

    private Statement Mark => field ??= connection.Prepare("UPDATE run SET lifecycle = 2 WHERE run_id = ? AND lifecycle = 1");

    private Statement Bury => field ??= connection.Prepare("INSERT INTO purged_run(run_id) VALUES(?) ON CONFLICT DO NOTHING");

    private Statement DeleteLease => field ??= connection.Prepare("DELETE FROM lease WHERE run = (SELECT id FROM run WHERE run_id = ?)");

    private Statement FindBegun => field ??= connection.Prepare(Columns + "WHERE run_id = ? AND lifecycle = 2");

    private Statement FindAllBegun => field ??= connection.Prepare(Columns + "WHERE lifecycle = 2 ORDER BY id LIMIT ?");

    private Statement FindNumber => field ??= connection.Prepare("SELECT id FROM run WHERE run_id = ? AND lifecycle = 2");

    private Statement FindSeries => field ??= connection.Prepare("""
        SELECT id FROM series WHERE owner_kind = 0 AND owner = ?1
        UNION ALL SELECT s.id FROM measurement m JOIN series s ON s.owner_kind = 1 AND s.owner = m.id WHERE m.run = ?1 LIMIT 1
        """);

    // Their coarse levels go with them.
    private Statement DeleteChunks => field ??= connection.Prepare("DELETE FROM chunk WHERE id IN (SELECT id FROM chunk WHERE series = ? LIMIT 64)");

    private Statement DeleteTail => field ??= connection.Prepare("DELETE FROM tail WHERE series = ?");

    private Statement DeleteSeries => field ??= connection.Prepare("DELETE FROM series WHERE id = ?");

    private Statement DeleteParams => field ??= connection.Prepare("DELETE FROM param WHERE run = ?");

    private Statement DeleteTags => field ??= connection.Prepare("DELETE FROM tag WHERE run = ?");

    private Statement FindDatasets => field ??= connection.Prepare("SELECT DISTINCT dataset FROM run_input WHERE run = ?");

    // Their tags go with them.
    private Statement DeleteInputs => field ??= connection.Prepare("DELETE FROM run_input WHERE run = ?");

    private Statement DeleteDataset => field ??= connection.Prepare("DELETE FROM dataset WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM run_input WHERE dataset = ?1)");

    // What it did with logged models goes with it.
    private Statement DeleteRun => field ??= connection.Prepare("DELETE FROM run WHERE id = ?");

    /// <summary>Puts softly deleted runs out of sight and keeps their ids from being taken again.</summary>
    /// <returns>Those of them whose purge has begun, now or before.</returns>
    public List<RunInfo> Begin(IReadOnlyList<RunId> runs)
    {
        List<RunInfo> begun = [];
        foreach (RunId run in runs)
        {
            if (Mark.With(run.Value).Run() == 1)
            {
                Bury.With(run.Value).Run();
                DeleteLease.With(run.Value).Run();
            }

            using Rows rows = FindBegun.With(run.Value).Query();
            if (rows.Next())
                begun.Add(Read(FindBegun));
        }

        return begun;
    }

    public List<RunInfo> Find(int limit)
    {
        List<RunInfo> begun = [];
        using Rows rows = FindAllBegun.With((long)limit).Query();
        while (rows.Next())
            begun.Add(Read(FindAllBegun));
        return begun;
    }

    /// <summary>Removes rows of runs whose purge has begun, for a while and at least a few.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="from">The first of them that may have rows.</param>
    /// <param name="duration">How long to go on before the transaction is to end.</param>
    /// <returns>The first of them that may still have rows; their number when none has.</returns>
    public int Remove(IReadOnlyList<RunId> runs, int from, TimeSpan duration)
    {
        long began = Stopwatch.GetTimestamp();
        bool Lasts() => Stopwatch.GetElapsedTime(began) < duration;
        do
        {
            if (Number(FindNumber.With(runs[from].Value)) is not { } run || Remove(run, Lasts))
                from++;
        }
        while (from < runs.Count && Lasts());
        return from;
    }

    private bool Remove(long run, Func<bool> lasts)
    {
        while (Number(FindSeries.With(run)) is { } series)
        {
            while (DeleteChunks.With(series).Run() > 0)
            {
                if (!lasts())
                    return false;
            }

            DeleteTail.With(series).Run();
            DeleteSeries.With(series).Run();
            if (!lasts())
                return false;
        }

        DeleteParams.With(run).Run();
        DeleteTags.With(run).Run();
        List<long> datasets = [];
        using (Rows rows = FindDatasets.With(run).Query())
        {
            while (rows.Next())
                datasets.Add(FindDatasets.Int64(0));
        }

        DeleteInputs.With(run).Run();
        foreach (long dataset in datasets)
            DeleteDataset.With(dataset).Run();
        DeleteRun.With(run).Run();
        return true;
    }

    private static long? Number(Statement query)
    {
        using Rows rows = query.Query();
        return rows.Next() ? query.Int64(0) : null;
    }

    private static RunInfo Read(Statement row) => new()
    {
        Id = new RunId(row.Text(0)),
        ExperimentId = ExperimentTable.Id(row.Int64(1)),
        Name = row.Text(2),
        User = row.Text(3),
        Status = (RunStatus)row.Int32(4),
        StartedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(5)),
        EndedAt = row.IsNull(6) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(6)),
        Parent = row.TextOrNull(7) is { } parent ? new RunId(parent) : null,
        ArtifactLocation = row.Text(8),
        Lifecycle = Lifecycle.Deleted,
        DeletedAt = row.IsNull(9) ? null : DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(9)),
    };
}
