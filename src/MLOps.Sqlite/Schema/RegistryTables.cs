using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Schema;

/// <summary>A step: registered models, their versions, aliases, policies and promotions, and the audit log.</summary>
internal static class RegistryTables
{
    // A deleted model leaves its rows in audit and model_name alone. The audit log has all that it needs in content; model and alias beside it only lead to it.
    private const string Sql = """
        CREATE TABLE registered_model(
            id INTEGER PRIMARY KEY,
            key BLOB NOT NULL UNIQUE,
            name TEXT NOT NULL UNIQUE,
            description TEXT,
            user TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            last_number INTEGER NOT NULL,
            revision INTEGER NOT NULL) STRICT;
        CREATE TABLE registered_model_tag(
            model INTEGER NOT NULL REFERENCES registered_model(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY(model, key)) STRICT, WITHOUT ROWID;
        CREATE TABLE model_name(
            name TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            key BLOB NOT NULL,
            PRIMARY KEY(name, sequence)) STRICT, WITHOUT ROWID;

        -- The facts come last in the row: searches read what stands before them.
        CREATE TABLE model_version(
            id INTEGER PRIMARY KEY,
            model INTEGER NOT NULL REFERENCES registered_model(id) ON DELETE CASCADE,
            number INTEGER NOT NULL,
            status INTEGER NOT NULL,
            is_verified INTEGER NOT NULL,
            stage INTEGER NOT NULL,
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            run_id TEXT,
            user TEXT NOT NULL,
            source TEXT NOT NULL,
            description TEXT,
            facts BLOB NOT NULL,
            UNIQUE(model, number)) STRICT;
        CREATE INDEX model_version_by_stage ON model_version(model, stage, number);
        CREATE INDEX model_version_by_run ON model_version(run_id) WHERE run_id IS NOT NULL;
        CREATE TABLE model_version_tag(
            version INTEGER NOT NULL REFERENCES model_version(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY(version, key)) STRICT, WITHOUT ROWID;
        CREATE INDEX model_version_tag_by_value ON model_version_tag(key, value, version);

        -- Kind 1: the value is a parent's URI; 2: a dataset's digest; 3: a commit.
        CREATE TABLE version_link(
            version INTEGER NOT NULL REFERENCES model_version(id) ON DELETE CASCADE,
            kind INTEGER NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY(version, kind, value)) STRICT, WITHOUT ROWID;
        CREATE INDEX version_link_by_value ON version_link(kind, value, version);

        -- earlier: the numbers of the versions before, with commas between them.
        CREATE TABLE model_alias(
            model INTEGER NOT NULL REFERENCES registered_model(id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            earlier TEXT NOT NULL,
            moved_ms INTEGER NOT NULL,
            moved_by TEXT NOT NULL,
            reason TEXT,
            PRIMARY KEY(model, name)) STRICT, WITHOUT ROWID;
        CREATE INDEX model_alias_by_version ON model_alias(model, version, name);
        CREATE TABLE promotion_policy(
            model INTEGER NOT NULL REFERENCES registered_model(id) ON DELETE CASCADE,
            target TEXT NOT NULL,
            policy BLOB NOT NULL,
            PRIMARY KEY(model, target)) STRICT, WITHOUT ROWID;
        CREATE TABLE promotion(
            id BLOB NOT NULL PRIMARY KEY,
            model INTEGER NOT NULL REFERENCES registered_model(id) ON DELETE CASCADE,
            status INTEGER NOT NULL,
            document BLOB NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX promotion_by_model ON promotion(model, id);

        CREATE TABLE audit(
            sequence INTEGER PRIMARY KEY,
            model BLOB NOT NULL,
            alias TEXT,
            hash BLOB NOT NULL,
            content BLOB NOT NULL) STRICT;
        CREATE INDEX audit_by_model ON audit(model, sequence);
        CREATE INDEX audit_by_alias ON audit(model, alias, sequence) WHERE alias IS NOT NULL;
        CREATE TABLE audit_head(
            id INTEGER PRIMARY KEY CHECK(id = 1),
            count INTEGER NOT NULL,
            hash BLOB NOT NULL,
            at_ms INTEGER NOT NULL) STRICT;
        INSERT INTO audit_head(id, count, hash, at_ms) VALUES(1, 0, zeroblob(32), 0);
        CREATE TABLE audit_cursor(
            name TEXT PRIMARY KEY,
            position INTEGER NOT NULL,
            holder BLOB NOT NULL,
            until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        """;

    public static void Create(Connection connection, NewStore store) => connection.Execute(Sql);
}
