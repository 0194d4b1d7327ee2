using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Schema;

/// <summary>The first step: all tables, and the experiment <c>Default</c>.</summary>
internal static class FirstTables
{
    // NULL in a *_value column is NaN, which SQLite cannot hold; every such column always has a value.
    // In min_value and max_value it says that all values are NaN.
    private const string Sql = """
        CREATE TABLE experiment(
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            name TEXT NOT NULL UNIQUE,
            artifact_location TEXT NOT NULL,
            lifecycle INTEGER NOT NULL,
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL) STRICT;

        -- newest_ms is the latest time that a record of the run itself speaks of; those of its points are with the series.
        CREATE TABLE run(
            id INTEGER PRIMARY KEY,
            run_id TEXT NOT NULL UNIQUE,
            experiment INTEGER NOT NULL REFERENCES experiment(id),
            name TEXT NOT NULL,
            user TEXT NOT NULL,
            status INTEGER NOT NULL,
            started_ms INTEGER NOT NULL,
            ended_ms INTEGER,
            newest_ms INTEGER NOT NULL,
            parent TEXT,
            artifact_location TEXT NOT NULL,
            lifecycle INTEGER NOT NULL) STRICT;
        CREATE INDEX run_by_experiment ON run(experiment, started_ms DESC, run_id);
        CREATE INDEX run_by_start ON run(started_ms DESC, run_id);
        CREATE INDEX run_by_parent ON run(parent, started_ms DESC, run_id) WHERE parent IS NOT NULL;
        CREATE TABLE purged_run(run_id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

        CREATE TABLE key_name(
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE) STRICT;
        CREATE TABLE param(
            run INTEGER NOT NULL REFERENCES run(id),
            key INTEGER NOT NULL REFERENCES key_name(id),
            value TEXT NOT NULL,
            PRIMARY KEY(run, key)) STRICT, WITHOUT ROWID;
        CREATE INDEX param_by_value ON param(key, value, run);
        CREATE TABLE tag(
            run INTEGER NOT NULL REFERENCES run(id),
            key INTEGER NOT NULL REFERENCES key_name(id),
            value TEXT NOT NULL,
            PRIMARY KEY(run, key)) STRICT, WITHOUT ROWID;

        -- The owner is a run (kind 0) or a logged model (kind 1). newest_ms is the latest timestamp of all points.
        CREATE TABLE series(
            id INTEGER PRIMARY KEY,
            owner_kind INTEGER NOT NULL,
            owner INTEGER NOT NULL,
            key INTEGER NOT NULL REFERENCES key_name(id),
            experiment INTEGER NOT NULL REFERENCES experiment(id),
            tail_count INTEGER NOT NULL,
            newest_ms INTEGER NOT NULL,
            latest_step INTEGER NOT NULL, latest_ms INTEGER NOT NULL, latest_value REAL,
            first_step INTEGER NOT NULL, first_ms INTEGER NOT NULL, first_value REAL,
            last_step INTEGER NOT NULL, last_ms INTEGER NOT NULL, last_value REAL,
            min_value REAL, max_value REAL,
            UNIQUE(owner_kind, owner, key)) STRICT;
        CREATE INDEX series_by_latest ON series(key, latest_value, owner) WHERE owner_kind = 0;
        CREATE INDEX series_by_experiment_latest ON series(experiment, key, latest_value, owner) WHERE owner_kind = 0;

        -- Chunks of a series never overlap. The points come last in the row, so that what stands before them is read without them.
        CREATE TABLE chunk(
            id INTEGER PRIMARY KEY,
            series INTEGER NOT NULL REFERENCES series(id),
            count INTEGER NOT NULL,
            first_step INTEGER NOT NULL, first_ms INTEGER NOT NULL, first_value REAL,
            last_step INTEGER NOT NULL, last_ms INTEGER NOT NULL, last_value REAL,
            points BLOB NOT NULL) STRICT;
        CREATE INDEX chunk_by_first ON chunk(series, first_step, first_ms);
        CREATE TABLE coarse(
            chunk INTEGER PRIMARY KEY REFERENCES chunk(id) ON DELETE CASCADE,
            points BLOB NOT NULL) STRICT;
        CREATE TABLE tail(
            id INTEGER PRIMARY KEY,
            series INTEGER NOT NULL REFERENCES series(id),
            count INTEGER NOT NULL,
            points BLOB NOT NULL) STRICT;
        CREATE INDEX tail_by_series ON tail(series);

        CREATE TABLE dataset(
            id INTEGER PRIMARY KEY,
            experiment INTEGER NOT NULL REFERENCES experiment(id),
            name TEXT NOT NULL,
            digest TEXT NOT NULL,
            source_type TEXT NOT NULL,
            source TEXT NOT NULL,
            schema TEXT,
            profile TEXT,
            UNIQUE(experiment, name, digest)) STRICT;
        CREATE TABLE run_input(
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES run(id),
            dataset INTEGER NOT NULL REFERENCES dataset(id),
            role TEXT) STRICT;
        CREATE INDEX run_input_by_run ON run_input(run, dataset);

        -- cursor is NULL until the journal's first batch.
        CREATE TABLE journal(
            id BLOB PRIMARY KEY,
            host TEXT NOT NULL,
            process_id INTEGER NOT NULL,
            since_ticks INTEGER NOT NULL,
            cursor INTEGER) STRICT, WITHOUT ROWID;
        -- renewed_ms is NULL while only records, perhaps of a dead writer, have spoken for the owner.
        CREATE TABLE lease(
            run INTEGER PRIMARY KEY REFERENCES run(id),
            journal BLOB NOT NULL REFERENCES journal(id),
            renewed_ms INTEGER,
            expires_ms INTEGER NOT NULL) STRICT;
        CREATE INDEX lease_by_journal ON lease(journal);
        """;

    public static void Create(Connection connection, NewStore store)
    {
        connection.Execute(Sql);
        using Statement insert = connection.PrepareForOneUse("INSERT INTO experiment(id, name, artifact_location, lifecycle, created_ms, updated_ms) VALUES(0, 'Default', ?, 0, ?, ?)");
        insert.With($"{store.ArtifactRoot}/0").With(store.NowMs).With(store.NowMs).Run();
    }
}
