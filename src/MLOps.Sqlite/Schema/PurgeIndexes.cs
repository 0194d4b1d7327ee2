using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Schema;

/// <summary>A step: the indexes without which removing a dataset or an experiment would read a whole table for what refers to it.</summary>
internal static class PurgeIndexes
{
    private const string Sql = """
        CREATE INDEX run_input_by_dataset ON run_input(dataset);
        CREATE INDEX series_by_experiment ON series(experiment);
        """;

    public static void Create(Connection connection, NewStore store) => connection.Execute(Sql);
}
