using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Sqlite.Connections;

namespace MLOps.Sqlite.Registry;

/// <summary>Promotions, read and written.</summary>
internal sealed class PromotionTable(Connection connection)
{
    private Statement FindOne => field ??= connection.Prepare("SELECT promotion FROM promotion WHERE id = ?");

    private Statement FindAll => field ??= connection.Prepare("SELECT promotion FROM promotion WHERE model = (SELECT id FROM model WHERE key = ?) ORDER BY id");

    private Statement FindByStatus => field ??= connection.Prepare("SELECT promotion FROM promotion WHERE model = (SELECT id FROM model WHERE key = ?) AND status = ? ORDER BY id");

    private Statement Insert => field ??= connection.Prepare("INSERT INTO promotion(id, model, status, promotion) VALUES(?, ?, ?, ?)");

    private Statement Update => field ??= connection.Prepare("UPDATE promotion SET status = ?, promotion = ? WHERE id = ?");

    public Promotion? Find(Guid id)
    {
        using Rows rows = FindOne.With(id).Query();
        return rows.Next() ? RegistryJson.ReadPromotion(FindOne.Blob(0)) : null;
    }

    public IReadOnlyList<Promotion> Of(Guid modelKey, PromotionStatus? status)
    {
        Statement query = status is { } one ? FindByStatus.With(modelKey).With((long)one) : FindAll.With(modelKey);
        List<Promotion> found = [];
        using Rows rows = query.Query();
        while (rows.Next())
            found.Add(RegistryJson.ReadPromotion(query.Blob(0)));
        return found;
    }

    public void Add(long model, Promotion promotion) => Insert.With(promotion.Id).With(model).With((long)promotion.Status).With(RegistryJson.Write(promotion)).Run();

    /// <summary>Applies an event to the promotion that it names.</summary>
    /// <exception cref="ArgumentException">There is none: the change was decided on something else.</exception>
    public void Change(Guid id, RegistryEvent change, string actor, DateTimeOffset at)
    {
        Promotion before = Find(id) ?? throw new ArgumentException($"A commit changes promotion '{id}', which is not there. Decide on changes by what the model has at the commit's revision.", nameof(id));
        Promotion after = before.After(change, actor, at);
        Update.With((long)after.Status).With(RegistryJson.Write(after)).With(id).Run();
    }
}
