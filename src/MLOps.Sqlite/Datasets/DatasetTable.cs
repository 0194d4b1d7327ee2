using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Experiments;
using MLOps.Sqlite.Runs;

namespace MLOps.Sqlite.Datasets;

/// <summary>Datasets, one per name and digest in an experiment as in MLflow, and the runs that used them.</summary>
internal sealed class DatasetTable(Connection connection)
{
    private Statement FindDataset => field ??= connection.Prepare("SELECT id FROM dataset WHERE experiment = ? AND name = ? AND digest = ?");

    private Statement Insert => field ??= connection.Prepare("INSERT INTO dataset(experiment, name, digest, source_type, source, schema, profile) VALUES(?, ?, ?, ?, ?, ?, ?)");

    private Statement InsertInput => field ??= connection.Prepare("""
        INSERT INTO run_input(run, dataset, role) SELECT ?1, ?2, ?3
        WHERE NOT EXISTS (SELECT 1 FROM run_input WHERE run = ?1 AND dataset = ?2 AND role IS ?3)
        """);

    private Statement FindInput => field ??= connection.Prepare("SELECT id FROM run_input WHERE run = ? AND dataset = ? AND role IS ?");

    private Statement UpsertTag => field ??= connection.Prepare("INSERT INTO run_input_tag(input, key, value) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value");

    private Statement FindUsed => field ??= connection.Prepare("""
        SELECT DISTINCT d.name, d.digest, i.role FROM dataset d CROSS JOIN run_input i ON i.dataset = d.id CROSS JOIN run r ON r.id = i.run
        WHERE d.experiment = ? AND r.lifecycle < 2 ORDER BY d.name, d.digest, i.role LIMIT ?
        """);

    public void AddInput(RunState run, DatasetInput dataset)
    {
        long number = FindOrAdd(run.Experiment, dataset);
        InsertInput.With(run.Number).With(number).With(dataset.Role).Run();
        if (dataset.Tags.Count > 0)
            SetTags(InputOf(run, number, dataset.Role), dataset.Tags);
    }

    /// <summary>The datasets that runs of experiments used, each once for each role.</summary>
    public List<DatasetSummary> Find(IEnumerable<ExperimentId> experiments, int limit)
    {
        List<DatasetSummary> found = [];
        foreach (ExperimentId experiment in experiments.Distinct())
        {
            using Rows rows = FindUsed.With(ExperimentTable.Number(experiment) ?? -1).With((long)(limit - found.Count)).Query();
            while (rows.Next())
                found.Add(new DatasetSummary(experiment, FindUsed.Text(0), FindUsed.Text(1), FindUsed.TextOrNull(2)));
        }

        return found;
    }

    private long InputOf(RunState run, long dataset, string? role)
    {
        using Rows rows = FindInput.With(run.Number).With(dataset).With(role).Query();
        rows.Next();
        return FindInput.Int64(0);
    }

    private void SetTags(long input, IReadOnlyDictionary<string, string> tags)
    {
        foreach ((string key, string value) in tags)
            UpsertTag.With(input).With(key).With(value).Run();
    }

    private long FindOrAdd(long experiment, DatasetInput dataset)
    {
        using (Rows rows = FindDataset.With(experiment).With(dataset.Name).With(dataset.Digest).Query())
        {
            if (rows.Next())
                return FindDataset.Int64(0);
        }

        Insert.With(experiment).With(dataset.Name).With(dataset.Digest).With(dataset.SourceType).With(dataset.Source).With(dataset.Schema).With(dataset.Profile).Run();
        return connection.LastInsertId;
    }
}
