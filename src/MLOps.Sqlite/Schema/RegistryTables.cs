using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Schema;

/// <summary>A step: the tables of the model registry.</summary>
internal static class RegistryTables
{
    // What is deleted is gone from all tables but audit and model_name, which keep models by their keys for good.
    private const string Sql = """
        CREATE TABLE model(
            id INTEGER PRIMARY KEY,
            key BLOB NOT NULL UNIQUE,
            name TEXT NOT NULL UNIQUE,
            description TEXT,
            user TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            last_number INTEGER NOT NULL,
            revision INTEGER NOT NULL) STRICT;
        CREATE INDEX model_by_update ON model(updated_ms, name);
        CREATE TABLE model_tag(
            model INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
            key INTEGER NOT NULL REFERENCES key_name(id),
            value TEXT NOT NULL,
            PRIMARY KEY(model, key)) STRICT, WITHOUT ROWID;
        CREATE INDEX model_tag_by_value ON model_tag(key, value, model);
        -- seq is the event that gave the model the name, the last one where there are several.
        CREATE TABLE model_name(
            name TEXT NOT NULL,
            model_key BLOB NOT NULL,
            seq INTEGER NOT NULL,
            PRIMARY KEY(name, model_key)) STRICT, WITHOUT ROWID;

        -- run_id and source are also in facts; the facts come last in the row, so that what stands before them is read without them.
        CREATE TABLE model_version(
            id INTEGER PRIMARY KEY,
            model INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            status INTEGER NOT NULL,
            is_verified INTEGER NOT NULL,
            stage INTEGER NOT NULL,
            user TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            run_id TEXT,
            source TEXT NOT NULL,
            description TEXT,
            facts BLOB NOT NULL,
            UNIQUE(model, number)) STRICT;
        -- Each has all that an order asks of a version: SQLite sorts all versions rather than follow an index that has not.
        CREATE INDEX version_by_stage ON model_version(model, stage, number);
        CREATE INDEX version_by_model_update ON model_version(model, updated_ms, number);
        CREATE INDEX version_by_model_creation ON model_version(model, created_ms, number);
        CREATE INDEX version_by_update ON model_version(updated_ms, model, number);
        CREATE INDEX version_by_creation ON model_version(created_ms, model, number);
        CREATE INDEX version_by_number ON model_version(number, model);
        CREATE INDEX version_by_run ON model_version(run_id, model, number);
        CREATE INDEX version_by_source ON model_version(source, model, number);
        CREATE TABLE version_tag(
            version INTEGER NOT NULL REFERENCES model_version(id) ON DELETE CASCADE,
            key INTEGER NOT NULL REFERENCES key_name(id),
            value TEXT NOT NULL,
            PRIMARY KEY(version, key)) STRICT, WITHOUT ROWID;
        CREATE INDEX version_tag_by_value ON version_tag(key, value, version);
        -- What a version was made from: kind 0 a version (name/number), 1 a dataset's digest, 2 a commit.
        CREATE TABLE lineage(
            kind INTEGER NOT NULL,
            value TEXT NOT NULL,
            version INTEGER NOT NULL REFERENCES model_version(id) ON DELETE CASCADE,
            PRIMARY KEY(kind, value, version)) STRICT, WITHOUT ROWID;
        CREATE INDEX lineage_by_version ON lineage(version);

        -- earlier is the numbers of the versions before, with commas between them, the most recent last.
        CREATE TABLE alias(
            model INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            earlier TEXT NOT NULL,
            moved_ms INTEGER NOT NULL,
            moved_by TEXT NOT NULL,
            reason TEXT,
            PRIMARY KEY(model, name)) STRICT, WITHOUT ROWID;
        CREATE INDEX alias_by_version ON alias(model, version);
        CREATE TABLE policy(
            model INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
            target TEXT NOT NULL,
            policy BLOB NOT NULL,
            PRIMARY KEY(model, target)) STRICT, WITHOUT ROWID;
        CREATE TABLE promotion(
            id BLOB PRIMARY KEY,
            model INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,
            status INTEGER NOT NULL,
            promotion BLOB NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX promotion_by_model ON promotion(model, status);

        -- The end stands by itself, too, so that rows that are missing there are missed.
        CREATE TABLE audit(
            seq INTEGER PRIMARY KEY,
            model_key BLOB NOT NULL,
            alias TEXT,
            content BLOB NOT NULL,
            hash BLOB NOT NULL) STRICT;
        CREATE INDEX audit_by_model ON audit(model_key);
        CREATE INDEX audit_by_alias ON audit(model_key, alias) WHERE alias IS NOT NULL;
        CREATE TABLE audit_head(
            id INTEGER PRIMARY KEY CHECK(id = 0),
            count INTEGER NOT NULL,
            hash BLOB NOT NULL,
            at_ms INTEGER NOT NULL) STRICT;
        INSERT INTO audit_head(id, count, hash, at_ms) VALUES(0, 0, zeroblob(32), 0);

        -- until is in units of 100 ns since the year 1.
        CREATE TABLE audit_cursor(
            name TEXT PRIMARY KEY,
            position INTEGER NOT NULL,
            holder BLOB NOT NULL,
            until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        """;

    public static void Create(Connection connection, NewStore store) => connection.Execute(Sql);
}
