using System.Collections.ObjectModel;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Runs;

namespace MLOps.Sqlite.Registry;

/// <summary>The tags of models or of versions.</summary>
/// <param name="connection">The connection.</param>
/// <param name="keys">The dictionary of keys.</param>
/// <param name="table">The table, whose first column is <paramref name="owner"/>.</param>
/// <param name="owner">What the tags belong to.</param>
internal sealed class TagTable(Connection connection, KeyTable keys, string table, string owner)
{
    private Statement FindTags => field ??= connection.Prepare($"SELECT k.name, t.value FROM {table} t JOIN key_name k ON k.id = t.key WHERE t.{owner} = ?");

    private Statement Upsert => field ??= connection.Prepare($"INSERT INTO {table}({owner}, key, value) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value");

    private Statement DeleteTag => field ??= connection.Prepare($"DELETE FROM {table} WHERE {owner} = ? AND key = ?");

    public ReadOnlyDictionary<string, string> Of(long id)
    {
        Dictionary<string, string>? tags = null;
        using Rows rows = FindTags.With(id).Query();
        while (rows.Next())
            (tags ??= new(StringComparer.Ordinal)).Add(FindTags.Text(0), FindTags.Text(1));
        return tags is null ? ReadOnlyDictionary<string, string>.Empty : new(tags);
    }

    public void Set(long id, string key, string value) => Upsert.With(id).With(keys.FindOrAdd(key)).With(value).Run();

    public void SetAll(long id, IReadOnlyDictionary<string, string> tags)
    {
        foreach ((string key, string value) in tags)
            Set(id, key, value);
    }

    public void Delete(long id, string key)
    {
        if (keys.Find(key) is { } number)
            DeleteTag.With(id).With(number).Run();
    }
}
