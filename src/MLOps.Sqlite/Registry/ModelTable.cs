using MLOps.Registry;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Runs;

namespace MLOps.Sqlite.Registry;

/// <summary>Models with their tags, policies and names, read and written.</summary>
internal sealed class ModelTable(Connection connection, KeyTable keys, AliasTable aliases)
{
    private const string Columns = "SELECT id, key, name, description, user, created_ms, updated_ms, last_number, revision FROM model ";

    public TagTable Tags { get; } = new(connection, keys, "model_tag", "model");

    private Statement FindById => field ??= connection.Prepare(Columns + "WHERE id = ?");

    private Statement FindByKey => field ??= connection.Prepare(Columns + "WHERE key = ?");

    private Statement FindByName => field ??= connection.Prepare(Columns + "WHERE name = ?");

    private Statement FindRevision => field ??= connection.Prepare("SELECT id, revision FROM model WHERE key = ?");

    private Statement FindNumber => field ??= connection.Prepare("SELECT id FROM model WHERE name = ?");

    private Statement Insert => field ??= connection.Prepare("INSERT INTO model(key, name, description, user, created_ms, updated_ms, last_number, revision) VALUES(?, ?, ?, ?, ?, ?, 0, 0)");

    private Statement UpdateName => field ??= connection.Prepare("UPDATE model SET name = ? WHERE id = ?");

    private Statement UpdateDescription => field ??= connection.Prepare("UPDATE model SET description = ? WHERE id = ?");

    private Statement UpdateLastNumber => field ??= connection.Prepare("UPDATE model SET last_number = ? WHERE id = ?");

    private Statement UpdateRevision => field ??= connection.Prepare("UPDATE model SET updated_ms = ?, revision = ? WHERE id = ?");

    private Statement DeleteModel => field ??= connection.Prepare("DELETE FROM model WHERE id = ?");

    private Statement FindPolicies => field ??= connection.Prepare("SELECT target, policy FROM policy WHERE model = ?");

    private Statement UpsertPolicy => field ??= connection.Prepare("INSERT INTO policy(model, target, policy) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET policy = excluded.policy");

    private Statement DeletePolicy => field ??= connection.Prepare("DELETE FROM policy WHERE model = ? AND target = ?");

    private Statement FindKeys => field ??= connection.Prepare("SELECT model_key FROM model_name WHERE name = ? ORDER BY seq DESC");

    private Statement UpsertName => field ??= connection.Prepare("INSERT INTO model_name(name, model_key, seq) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq");

    public RegisteredModel? Find(long id) => One(FindById.With(id));

    public RegisteredModel? Find(Guid key) => One(FindByKey.With(key));

    public RegisteredModel? Find(string name) => One(FindByName.With(name));

    /// <summary>The number and the revision of a model; null when there is none.</summary>
    public (long Id, long Revision)? Revision(Guid key)
    {
        using Rows rows = FindRevision.With(key).Query();
        return rows.Next() ? (FindRevision.Int64(0), FindRevision.Int64(1)) : null;
    }

    /// <summary>The number of the model that has a name; null when there is none.</summary>
    public long? Number(string name)
    {
        using Rows rows = FindNumber.With(name).Query();
        return rows.Next() ? FindNumber.Int64(0) : null;
    }

    public long Add(Guid key, RegistryEvent.ModelCreated created, string user, long nowMs)
    {
        Insert.With(key).With(created.Name).With(created.Description).With(user).With(nowMs).With(nowMs).Run();
        long id = connection.LastInsertId;
        Tags.SetAll(id, created.Tags);
        return id;
    }

    public void Rename(long id, string name) => UpdateName.With(name).With(id).Run();

    public void Describe(long id, string? description) => UpdateDescription.With(description).With(id).Run();

    public void SetLastNumber(long id, int number) => UpdateLastNumber.With((long)number).With(id).Run();

    public void SetRevision(long id, long revision, long nowMs) => UpdateRevision.With(nowMs).With(revision).With(id).Run();

    /// <summary>Removes a model with all that belongs to it.</summary>
    public void Delete(long id) => DeleteModel.With(id).Run();

    public void SetPolicy(long id, RegistryEvent.PolicySet set) => UpsertPolicy.With(id).With(set.Target.ToString()).With(RegistryJson.Write(set.Policy)).Run();

    public void RemovePolicy(long id, PromotionTarget target) => DeletePolicy.With(id).With(target.ToString()).Run();

    public void Remember(string name, Guid key, long sequence) => UpsertName.With(name).With(key).With(sequence).Run();

    public IReadOnlyList<Guid> Keys(string name)
    {
        List<Guid> found = [];
        using Rows rows = FindKeys.With(name).Query();
        while (rows.Next())
            found.Add(FindKeys.Guid(0));
        return found;
    }

    private RegisteredModel? One(Statement query)
    {
        using Rows rows = query.Query();
        return rows.Next() ? Read(query) : null;
    }

    private RegisteredModel Read(Statement row) => new()
    {
        Key = row.Guid(1),
        Name = row.Text(2),
        Description = row.TextOrNull(3),
        User = row.Text(4),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(5)),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(6)),
        LastNumber = row.Int32(7),
        Revision = row.Int64(8),
        Tags = Tags.Of(row.Int64(0)),
        Aliases = aliases.Of(row.Int64(0)),
        Policies = Policies(row.Int64(0)),
    };

    private Dictionary<PromotionTarget, PromotionPolicy> Policies(long id)
    {
        Dictionary<PromotionTarget, PromotionPolicy> policies = [];
        using Rows rows = FindPolicies.With(id).Query();
        while (rows.Next())
        {
            if (!PromotionTarget.TryParse(FindPolicies.Text(0), out PromotionTarget target))
                throw new InvalidDataException($"Policy target '{FindPolicies.Text(0)}' is none.");
            policies.Add(target, RegistryJson.ReadPolicy(FindPolicies.Blob(1)));
        }

        return policies;
    }
}
