using System.Globalization;
using MLOps.Registry;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Registry;

/// <summary>Aliases, read and written.</summary>
internal sealed class AliasTable(Connection connection)
{
    private const string Columns = "SELECT name, version, earlier, moved_ms, moved_by, reason FROM alias ";

    private Statement FindAll => field ??= connection.Prepare(Columns + "WHERE model = ? ORDER BY name");

    private Statement FindOne => field ??= connection.Prepare(Columns + "WHERE model = ? AND name = ?");

    private Statement FindNames => field ??= connection.Prepare("SELECT name FROM alias WHERE model = ? AND version = ? ORDER BY name");

    private Statement Upsert => field ??= connection.Prepare("INSERT OR REPLACE INTO alias(model, name, version, earlier, moved_ms, moved_by, reason) VALUES(?, ?, ?, ?, ?, ?, ?)");

    private Statement DeleteAlias => field ??= connection.Prepare("DELETE FROM alias WHERE model = ? AND name = ?");

    public IReadOnlyList<ModelAlias> Of(long model)
    {
        List<ModelAlias> found = [];
        using Rows rows = FindAll.With(model).Query();
        while (rows.Next())
            found.Add(Read(FindAll));
        return found;
    }

    /// <summary>The names of the aliases that point to a version.</summary>
    public IReadOnlyList<string> Names(long model, long version)
    {
        List<string>? found = null;
        using Rows rows = FindNames.With(model).With(version).Query();
        while (rows.Next())
            (found ??= []).Add(FindNames.Text(0));
        return found ?? (IReadOnlyList<string>)[];
    }

    public ModelAlias? Find(long model, string name)
    {
        using Rows rows = FindOne.With(model).With(name).Query();
        return rows.Next() ? Read(FindOne) : null;
    }

    public void Set(long model, ModelAlias alias)
    {
        Upsert.With(model).With(alias.Name).With((long)alias.Version).With(string.Join(',', alias.Earlier)).With(alias.MovedAt.ToUnixTimeMilliseconds()).With(alias.MovedBy).With(alias.Reason).Run();
    }

    public void Delete(long model, string name) => DeleteAlias.With(model).With(name).Run();

    private static ModelAlias Read(Statement row) => new(row.Text(0), row.Int32(1))
    {
        Earlier = row.Text(2) is { Length: > 0 } earlier ? [.. earlier.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))] : [],
        MovedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(3)),
        MovedBy = row.Text(4),
        Reason = row.TextOrNull(5),
    };
}
