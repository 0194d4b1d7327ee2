using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Runs;

namespace MLOps.Sqlite.Datasets;

/// <summary>Datasets, one per name and digest in an experiment as in MLflow, and the runs that used them.</summary>
internal sealed class DatasetTable(Connection connection)
{
    private Statement Find => field ??= connection.Prepare("SELECT id FROM dataset WHERE experiment = ? AND name = ? AND digest = ?");

    private Statement Insert => field ??= connection.Prepare("INSERT INTO dataset(experiment, name, digest, source_type, source, schema, profile) VALUES(?, ?, ?, ?, ?, ?, ?)");

    private Statement InsertInput => field ??= connection.Prepare("""
        INSERT INTO run_input(run, dataset, role) SELECT ?1, ?2, ?3
        WHERE NOT EXISTS (SELECT 1 FROM run_input WHERE run = ?1 AND dataset = ?2 AND role IS ?3)
        """);

    public void AddInput(RunState run, DatasetInput dataset) =>
        InsertInput.With(run.Number).With(FindOrAdd(run.Experiment, dataset)).With(dataset.Role).Run();

    private long FindOrAdd(long experiment, DatasetInput dataset)
    {
        using (Rows rows = Find.With(experiment).With(dataset.Name).With(dataset.Digest).Query())
        {
            if (rows.Next())
                return Find.Int64(0);
        }

        Insert.With(experiment).With(dataset.Name).With(dataset.Digest).With(dataset.SourceType).With(dataset.Source).With(dataset.Schema).With(dataset.Profile).Run();
        return connection.LastInsertId;
    }
}
