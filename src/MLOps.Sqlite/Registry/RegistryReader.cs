using System.Collections.ObjectModel;
using System.Globalization;
using MLOps.Registry;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Registry;

/// <summary>Models, versions and promotions, read.</summary>
internal sealed class RegistryReader(Connection connection)
{
    private const string ModelColumns = "SELECT id, key, name, description, user, created_ms, updated_ms, last_number, revision FROM registered_model ";

    private const string VersionColumns = """
        SELECT v.id, m.id, m.key, m.name, v.number, v.status, v.is_verified, v.stage, v.created_ms, v.updated_ms, v.user, v.description, v.facts
        FROM model_version v JOIN registered_model m ON m.id = v.model
        """;

    private Statement ModelByName => field ??= connection.Prepare(ModelColumns + "WHERE name = ?");

    private Statement ModelByKey => field ??= connection.Prepare(ModelColumns + "WHERE key = ?");

    private Statement ModelById => field ??= connection.Prepare(ModelColumns + "WHERE id = ?");

    private Statement ModelTags => field ??= connection.Prepare("SELECT key, value FROM registered_model_tag WHERE model = ?");

    private Statement ModelAliases => field ??= connection.Prepare("SELECT name, version, earlier, moved_ms, moved_by, reason FROM model_alias WHERE model = ? ORDER BY name");

    private Statement ModelPolicies => field ??= connection.Prepare("SELECT target, policy FROM promotion_policy WHERE model = ?");

    private Statement VersionByNumber => field ??= connection.Prepare(VersionColumns + " WHERE m.name = ? AND v.number = ?");

    private Statement VersionByAlias => field ??= connection.Prepare(VersionColumns + " JOIN model_alias a ON a.model = m.id AND a.version = v.number WHERE m.name = ? AND a.name = ?");

    private Statement VersionById => field ??= connection.Prepare(VersionColumns + " WHERE v.id = ?");

    private Statement VersionTags => field ??= connection.Prepare("SELECT key, value FROM model_version_tag WHERE version = ?");

    private Statement VersionAliases => field ??= connection.Prepare("SELECT name FROM model_alias WHERE model = ? AND version = ? ORDER BY name");

    private Statement LatestOfStage => field ??= connection.Prepare("SELECT v.id FROM model_version v WHERE v.model = (SELECT id FROM registered_model WHERE name = ?) AND v.stage = ? ORDER BY v.number DESC LIMIT 1");

    private Statement InStage => field ??= connection.Prepare("SELECT v.id FROM model_version v WHERE v.model = (SELECT id FROM registered_model WHERE name = ?) AND v.stage = ? ORDER BY v.number");

    private Statement ByRun => field ??= connection.Prepare("SELECT id FROM model_version WHERE run_id = ? ORDER BY created_ms, number");

    private Statement ByLink => field ??= connection.Prepare("SELECT v.id FROM version_link l JOIN model_version v ON v.id = l.version WHERE l.kind = ? AND l.value = ? ORDER BY v.created_ms, v.number");

    private Statement PromotionById => field ??= connection.Prepare("SELECT document FROM promotion WHERE id = ?");

    private Statement PromotionsOfModel => field ??= connection.Prepare("SELECT document FROM promotion WHERE model = (SELECT id FROM registered_model WHERE key = ?) ORDER BY id");

    public RegisteredModel? FindModel(string name) => Model(ModelByName.With(name));

    public RegisteredModel? FindModel(Guid key) => Model(ModelByKey.With(key));

    public RegisteredModel? FindModel(long id) => Model(ModelById.With(id));

    public ModelVersion? FindVersion(string model, int number) => Version(VersionByNumber.With(model).With(number));

    public ModelVersion? FindVersion(string model, string alias) => Version(VersionByAlias.With(model).With(alias));

    public ModelVersion? FindVersion(long id) => Version(VersionById.With(id));

    public IReadOnlyList<ModelVersion> FindLatest(string model)
    {
        List<ModelVersion> latest = [];
        foreach (ModelStage stage in Enum.GetValues<ModelStage>())
            latest.AddRange(Versions(LatestOfStage.With(model).With((long)stage)));
        return latest;
    }

    public IReadOnlyList<ModelVersion> FindInStage(string model, ModelStage stage) => Versions(InStage.With(model).With((long)stage));

    public IReadOnlyList<ModelVersion> Find(LineageLink link)
    {
        SortedDictionary<(DateTimeOffset, int, Guid), ModelVersion> found = [];
        if (link.RunId is { } run)
            Add(ByRun.With(run.Value));
        if (link.Parent is { } parent)
            Add(ByLink.With((long)LinkKind.Parent).With(parent.ToString()));
        if (link.DatasetDigest is { } digest)
            Add(ByLink.With((long)LinkKind.Dataset).With(digest));
        if (link.Commit is { } commit)
            Add(ByLink.With((long)LinkKind.Commit).With(commit));
        return [.. found.Values];

        void Add(Statement query)
        {
            foreach (ModelVersion version in Versions(query))
                found[(version.CreatedAt, version.Number, version.ModelKey)] = version;
        }
    }

    public ModelAlias? FindAlias(long model, string name) => Aliases(model).Find(alias => alias.Name == name);

    public Promotion? FindPromotion(Guid id)
    {
        using Rows rows = PromotionById.With(id).Query();
        return rows.Next() ? RegistryJson.ReadPromotion(PromotionById.Blob(0)) : null;
    }

    public IReadOnlyList<Promotion> FindPromotions(Guid modelKey)
    {
        List<Promotion> promotions = [];
        using Rows rows = PromotionsOfModel.With(modelKey).Query();
        while (rows.Next())
            promotions.Add(RegistryJson.ReadPromotion(PromotionsOfModel.Blob(0)));
        return promotions;
    }

    public static string Join(IReadOnlyList<int> numbers) => string.Join(',', numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)));

    private static int[] Split(string numbers) => numbers.Length == 0 ? [] : [.. numbers.Split(',').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];

    private List<ModelVersion> Versions(Statement ids)
    {
        List<long> found = [];
        using (Rows rows = ids.Query())
        {
            while (rows.Next())
                found.Add(ids.Int64(0));
        }

        return found.ConvertAll(id => FindVersion(id)!);
    }

    private RegisteredModel? Model(Statement query)
    {
        using Rows rows = query.Query();
        if (!rows.Next())
            return null;
        long id = query.Int64(0);
        return new RegisteredModel
        {
            Key = query.Guid(1),
            Name = query.Text(2),
            Description = query.TextOrNull(3),
            User = query.Text(4),
            CreatedAt = Time(query.Int64(5)),
            UpdatedAt = Time(query.Int64(6)),
            LastNumber = query.Int32(7),
            Revision = query.Int64(8),
            Tags = Tags(ModelTags.With(id)),
            Aliases = Aliases(id),
            Policies = Policies(id),
        };
    }

    private ModelVersion? Version(Statement query)
    {
        using Rows rows = query.Query();
        if (!rows.Next())
            return null;
        int number = query.Int32(4);
        return new ModelVersion
        {
            ModelKey = query.Guid(2),
            Model = query.Text(3),
            Number = number,
            Status = (ModelVersionStatus)query.Int32(5),
            IsVerified = query.Int64(6) != 0,
            Stage = (ModelStage)query.Int32(7),
            CreatedAt = Time(query.Int64(8)),
            UpdatedAt = Time(query.Int64(9)),
            User = query.Text(10),
            Description = query.TextOrNull(11),
            Facts = RegistryJson.ReadFacts(query.Blob(12)),
            Tags = Tags(VersionTags.With(query.Int64(0))),
            Aliases = AliasesOf(query.Int64(1), number),
        };
    }

    private List<string> AliasesOf(long model, int number)
    {
        List<string> names = [];
        using Rows rows = VersionAliases.With(model).With(number).Query();
        while (rows.Next())
            names.Add(VersionAliases.Text(0));
        return names;
    }

    private List<ModelAlias> Aliases(long model)
    {
        List<ModelAlias> aliases = [];
        using Rows rows = ModelAliases.With(model).Query();
        while (rows.Next())
        {
            aliases.Add(new ModelAlias(ModelAliases.Text(0), ModelAliases.Int32(1))
            {
                Earlier = Split(ModelAliases.Text(2)), MovedAt = Time(ModelAliases.Int64(3)), MovedBy = ModelAliases.Text(4), Reason = ModelAliases.TextOrNull(5),
            });
        }

        // SQLite compares UTF-8, which differs from ordinal UTF-16 where surrogates are.
        aliases.Sort((left, right) => string.CompareOrdinal(left.Name, right.Name));
        return aliases;
    }

    private ReadOnlyDictionary<PromotionTarget, PromotionPolicy> Policies(long model)
    {
        Dictionary<PromotionTarget, PromotionPolicy> policies = [];
        using Rows rows = ModelPolicies.With(model).Query();
        while (rows.Next())
        {
            if (PromotionTarget.TryParse(ModelPolicies.Text(0), out PromotionTarget target))
                policies.Add(target, RegistryJson.ReadPolicy(ModelPolicies.Blob(1)));
        }

        return policies.Count == 0 ? ReadOnlyDictionary<PromotionTarget, PromotionPolicy>.Empty : new(policies);
    }

    private static ReadOnlyDictionary<string, string> Tags(Statement query)
    {
        Dictionary<string, string>? tags = null;
        using Rows rows = query.Query();
        while (rows.Next())
            (tags ??= new(StringComparer.Ordinal)).Add(query.Text(0), query.Text(1));
        return tags is null ? ReadOnlyDictionary<string, string>.Empty : new(tags);
    }

    private static DateTimeOffset Time(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
