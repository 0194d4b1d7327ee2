using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Runs;

/// <summary>The dictionary of keys: params, tags and series refer to a number in place of the text.</summary>
internal sealed class KeyTable(Connection connection)
{
    private readonly Dictionary<string, long> _known = new(StringComparer.Ordinal);

    private Statement FindKey => field ??= connection.Prepare("SELECT id FROM key_name WHERE name = ?");

    private Statement InsertKey => field ??= connection.Prepare("INSERT INTO key_name(name) VALUES(?)");

    public long? Find(string key)
    {
        if (_known.TryGetValue(key, out long known))
            return known;
        using Rows rows = FindKey.With(key).Query();
        if (!rows.Next())
            return null;
        return _known[key] = FindKey.Int64(0);
    }

    public long FindOrAdd(string key)
    {
        if (Find(key) is { } found)
            return found;
        InsertKey.With(key).Run();
        return _known[key] = connection.LastInsertId;
    }

    public void Forget() => _known.Clear();
}
