using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Schema;

/// <summary>A step: logged models, what runs measured of them and did with them, and tags of dataset inputs.</summary>
internal static class LoggedModelTables
{
    private const string Sql = """
        CREATE TABLE logged_model(
            id INTEGER PRIMARY KEY,
            model_id TEXT NOT NULL UNIQUE,
            experiment INTEGER NOT NULL REFERENCES experiment(id),
            name TEXT NOT NULL,
            model_type TEXT NOT NULL,
            source_run TEXT,
            status INTEGER NOT NULL,
            status_message TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            artifact_location TEXT NOT NULL,
            lifecycle INTEGER NOT NULL) STRICT;
        CREATE INDEX logged_model_by_experiment ON logged_model(experiment, lifecycle);
        CREATE TABLE logged_model_param(
            model INTEGER NOT NULL REFERENCES logged_model(id) ON DELETE CASCADE,
            key INTEGER NOT NULL REFERENCES key_name(id),
            value TEXT NOT NULL,
            PRIMARY KEY(model, key)) STRICT, WITHOUT ROWID;
        CREATE TABLE logged_model_tag(
            model INTEGER NOT NULL REFERENCES logged_model(id) ON DELETE CASCADE,
            key INTEGER NOT NULL REFERENCES key_name(id),
            value TEXT NOT NULL,
            PRIMARY KEY(model, key)) STRICT, WITHOUT ROWID;

        -- What one run measured of a model on one dataset: the owner of series of kind 1, which are kept under the model's experiment.
        -- A name or digest that is unsaid is '', so that UNIQUE holds.
        CREATE TABLE measurement(
            id INTEGER PRIMARY KEY,
            model INTEGER NOT NULL REFERENCES logged_model(id) ON DELETE CASCADE,
            run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
            dataset_name TEXT NOT NULL,
            dataset_digest TEXT NOT NULL,
            UNIQUE(model, run, dataset_name, dataset_digest)) STRICT;
        CREATE INDEX measurement_by_run ON measurement(run);

        CREATE TABLE run_model_input(
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
            model INTEGER NOT NULL REFERENCES logged_model(id) ON DELETE CASCADE,
            UNIQUE(run, model)) STRICT;
        CREATE INDEX run_model_input_by_model ON run_model_input(model);
        CREATE TABLE run_model_output(
            id INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
            model INTEGER NOT NULL REFERENCES logged_model(id) ON DELETE CASCADE,
            step INTEGER NOT NULL,
            UNIQUE(run, model, step)) STRICT;
        CREATE INDEX run_model_output_by_model ON run_model_output(model);

        -- These keys may be longer than those of runs and have any characters.
        CREATE TABLE run_input_tag(
            input INTEGER NOT NULL REFERENCES run_input(id) ON DELETE CASCADE,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY(input, key)) STRICT, WITHOUT ROWID;

        -- Has all that the summary of an experiment's datasets asks of an input.
        DROP INDEX run_input_by_dataset;
        CREATE INDEX run_input_by_dataset ON run_input(dataset, role, run);
        """;

    public static void Create(Connection connection, NewStore store) => connection.Execute(Sql);
}
