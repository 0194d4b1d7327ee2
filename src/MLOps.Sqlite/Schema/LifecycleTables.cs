using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Schema;

/// <summary>The second step: tags of experiments, when a run was deleted, and runs whose purge has begun.</summary>
internal static class LifecycleTables
{
    private const string Sql = """
        -- A run's lifecycle is 0 in use, 1 deleted, 2 deleted for good with its rows still to be removed.
        ALTER TABLE run ADD COLUMN deleted_ms INTEGER;
        CREATE INDEX run_purging ON run(id) WHERE lifecycle = 2;
        CREATE TABLE experiment_tag(
            experiment INTEGER NOT NULL REFERENCES experiment(id),
            key INTEGER NOT NULL REFERENCES key_name(id),
            value TEXT NOT NULL,
            PRIMARY KEY(experiment, key)) STRICT, WITHOUT ROWID;
        """;

    public static void Create(Connection connection, NewStore store)
    {
        connection.Execute(Sql);

        // When it was is not known; from now on it counts as deleted now.
        using Statement update = connection.PrepareForOneUse("UPDATE run SET deleted_ms = ? WHERE lifecycle = 1");
        update.With(store.NowMs).Run();
    }
}
