using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Schema;

/// <summary>A step: the indexes by which a search finds runs without reading all of them.</summary>
internal static class SearchIndexes
{
    // series_by_owner has all that a filter or an order asks of a series, so that its wide row is left alone.
    private const string Sql = """
        CREATE INDEX series_by_owner ON series(owner, key, latest_value) WHERE owner_kind = 0;
        CREATE INDEX tag_by_value ON tag(key, value, run);
        CREATE INDEX run_by_name ON run(name);
        CREATE INDEX run_by_status ON run(status);
        CREATE INDEX dataset_by_name ON dataset(name);
        CREATE INDEX dataset_by_digest ON dataset(digest);
        """;

    public static void Create(Connection connection, NewStore store) => connection.Execute(Sql);
}
