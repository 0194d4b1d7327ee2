using MLOps.Registry;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Runs;

namespace MLOps.Sqlite.Registry;

/// <summary>Versions with their tags and lineage, read and written.</summary>
internal sealed class VersionTable(Connection connection, KeyTable keys, AliasTable aliases)
{
    private const string Columns = "SELECT v.id, v.model, m.key, m.name, v.number, v.status, v.is_verified, v.stage, v.description, v.user, v.created_ms, v.updated_ms, v.facts ";
    private const string FromVersion = Columns + "FROM model_version v CROSS JOIN model m ON m.id = v.model ";
    private const string FromModel = Columns + "FROM model m CROSS JOIN model_version v ON v.model = m.id ";

    private enum Lineage
    {
        Parent,
        DatasetDigest,
        Commit,
        ParentKey,
    }

    public TagTable Tags { get; } = new(connection, keys, "version_tag", "version");

    private Statement FindById => field ??= connection.Prepare(FromVersion + "WHERE v.id = ?");

    private Statement FindByNumber => field ??= connection.Prepare(FromModel + "WHERE m.name = ? AND v.number = ?");

    private Statement FindByAlias => field ??= connection.Prepare(Columns + """
        FROM model m CROSS JOIN alias a ON a.model = m.id CROSS JOIN model_version v ON v.model = m.id AND v.number = a.version
        WHERE m.name = ? AND a.name = ?
        """);

    private Statement FindLatest => field ??= connection.Prepare(FromModel + "WHERE m.name = ? AND v.stage = ? ORDER BY v.number DESC LIMIT 1");

    private Statement FindInStage => field ??= connection.Prepare(FromModel + "WHERE m.name = ? AND v.stage = ? ORDER BY v.number");

    private Statement FindByRun => field ??= connection.Prepare(FromVersion + "WHERE v.run_id = ? ORDER BY v.id");

    private Statement FindByLineage => field ??= connection.Prepare(Columns + """
        FROM lineage l CROSS JOIN model_version v ON v.id = l.version CROSS JOIN model m ON m.id = v.model
        WHERE l.kind = ? AND l.value = ? ORDER BY v.id
        """);

    private Statement FindNumber => field ??= connection.Prepare("SELECT id FROM model_version WHERE model = ? AND number = ?");

    private Statement Insert => field ??= connection.Prepare("""
        INSERT INTO model_version(model, number, status, is_verified, stage, user, created_ms, updated_ms, run_id, source, description, facts) VALUES(?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?)
        """);

    private Statement InsertLineage => field ??= connection.Prepare("INSERT OR IGNORE INTO lineage(kind, value, version) VALUES(?, ?, ?)");

    private Statement UpdateTime => field ??= connection.Prepare("UPDATE model_version SET updated_ms = ? WHERE id = ?");

    private Statement UpdateFacts => field ??= connection.Prepare("UPDATE model_version SET is_verified = 1, facts = ? WHERE id = ?");

    private Statement UpdateDescription => field ??= connection.Prepare("UPDATE model_version SET description = ? WHERE id = ?");

    private Statement UpdateStage => field ??= connection.Prepare("UPDATE model_version SET stage = ? WHERE id = ?");

    private Statement DeleteVersion => field ??= connection.Prepare("DELETE FROM model_version WHERE model = ? AND number = ?");

    public ModelVersion? Find(long id) => One(FindById.With(id));

    public ModelVersion? Find(string model, int number) => One(FindByNumber.With(model).With((long)number));

    public ModelVersion? Find(string model, string aliasName) => One(FindByAlias.With(model).With(aliasName));

    /// <summary>The newest version of each stage that has one.</summary>
    public IReadOnlyList<ModelVersion> Latest(string model)
    {
        List<ModelVersion> found = [];
        foreach (ModelStage stage in Enum.GetValues<ModelStage>())
        {
            if (One(FindLatest.With(model).With((long)stage)) is { } version)
                found.Add(version);
        }

        return found;
    }

    public IReadOnlyList<ModelVersion> InStage(string model, ModelStage stage) => All(FindInStage.With(model).With((long)stage));

    public IReadOnlyList<ModelVersion> LinkedTo(LineageLink link) => link switch
    {
        { RunId: { } run } => All(FindByRun.With(run.Value)),
        { Parent: { } parent, ParentKey: { } key } => All(Linked(Lineage.ParentKey, TextOf(key, parent.Number))),
        { Parent: { } parent } => All(Linked(Lineage.Parent, TextOf(parent))),
        { DatasetDigest: { } digest } => All(Linked(Lineage.DatasetDigest, digest)),
        { Commit: { } commit } => All(Linked(Lineage.Commit, commit)),
        _ => [],
    };

    public void Add(long model, RegistryEvent.VersionCreated created, string user, long nowMs)
    {
        VersionFacts facts = created.Facts;
        Insert.With(model).With((long)created.Number).With((long)ModelVersionStatus.Ready).With(created.IsVerified ? 1L : 0L)
            .With(user).With(nowMs).With(nowMs).With(facts.RunId?.Value).With(facts.Source).With(created.Description).With(RegistryJson.Write(facts)).Run();
        long id = connection.LastInsertId;
        Tags.SetAll(id, created.Tags);
        foreach (ModelVersionRef parent in facts.Parents)
            Link(Lineage.Parent, TextOf(parent), id);
        foreach ((ModelVersionRef parent, Guid key) in facts.Parents.Zip(facts.ParentKeys))
            Link(Lineage.ParentKey, TextOf(key, parent.Number), id);
        foreach (DatasetInput dataset in facts.Datasets)
            Link(Lineage.DatasetDigest, dataset.Digest, id);
        if (facts.Code?.Commit is { } commit)
            Link(Lineage.Commit, commit, id);
    }

    /// <summary>The number of the row of a version that is changed now.</summary>
    /// <exception cref="ArgumentException">There is none: the change was decided on something else.</exception>
    public long Touch(long model, int number, long nowMs)
    {
        long id;
        using (Rows rows = FindNumber.With(model).With((long)number).Query())
            id = rows.Next() ? FindNumber.Int64(0) : throw new ArgumentException($"A commit changes version {number}, which its model has not. Decide on changes by what the model has at the commit's revision.", nameof(number));
        UpdateTime.With(nowMs).With(id).Run();
        return id;
    }

    public void Verify(long id, ModelManifest manifest) => UpdateFacts.With(RegistryJson.Write(Find(id)!.Facts with { Manifest = manifest })).With(id).Run();

    public void Describe(long id, string? description) => UpdateDescription.With(description).With(id).Run();

    public void SetStage(long id, ModelStage stage) => UpdateStage.With((long)stage).With(id).Run();

    public void Delete(long model, int number) => DeleteVersion.With(model).With((long)number).Run();

    // A name has no '/'.
    private static string TextOf(ModelVersionRef parent) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{parent.Model}/{parent.Number}");

    private static string TextOf(Guid key, int number) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{key:N}/{number}");

    private Statement Linked(Lineage kind, string value) => FindByLineage.With((long)kind).With(value);

    private void Link(Lineage kind, string value, long version) => InsertLineage.With((long)kind).With(value).With(version).Run();

    private ModelVersion? One(Statement query)
    {
        using Rows rows = query.Query();
        return rows.Next() ? Read(query) : null;
    }

    private List<ModelVersion> All(Statement query)
    {
        List<ModelVersion> found = [];
        using Rows rows = query.Query();
        while (rows.Next())
            found.Add(Read(query));
        return found;
    }

    private ModelVersion Read(Statement row) => new()
    {
        ModelKey = row.Guid(2),
        Model = row.Text(3),
        Number = row.Int32(4),
        Status = (ModelVersionStatus)row.Int32(5),
        IsVerified = row.Int64(6) != 0,
        Stage = (ModelStage)row.Int32(7),
        Description = row.TextOrNull(8),
        User = row.Text(9),
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(10)),
        UpdatedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.Int64(11)),
        Facts = RegistryJson.ReadFacts(row.Blob(12)),
        Tags = Tags.Of(row.Int64(0)),
        Aliases = aliases.Names(row.Int64(1), row.Int64(4)),
    };
}
