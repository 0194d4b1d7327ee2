using MLOps.Registry;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Search;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Registry;

/// <summary>Finds models and versions.</summary>
internal sealed class RegistrySearch(Session session)
{
    private const string PromptTag = "mlflow.prompt.is_prompt";

    public Page<RegisteredModel> Find(RegisteredModelQuery query, PageRequest page)
    {
        (List<long> ids, string? next) = Find(
            Sql.Of("m.id"), Sql.Of("registered_model m"), query.StoreFilter, query.FullOrder, query.Canonical, RegisteredModelQuery.Vocabulary, page, query.HidesPrompts,
            key => Sql.Of($"(SELECT t.value FROM registered_model_tag t WHERE t.model = m.id AND t.key = {key})"),
            attribute => Sql.Of(attribute == "name" ? "m.name" : "m.updated_ms"));
        return new Page<RegisteredModel>(ids.ConvertAll(id => session.Registry.FindModel(id)!), next);
    }

    public Page<ModelVersion> Find(ModelVersionQuery query, PageRequest page)
    {
        (List<long> ids, string? next) = Find(
            Sql.Of("v.id"), Sql.Of("model_version v JOIN registered_model m ON m.id = v.model"), query.StoreFilter, query.FullOrder, query.Canonical, ModelVersionQuery.Vocabulary, page, query.HidesPrompts,
            key => Sql.Of($"(SELECT t.value FROM model_version_tag t WHERE t.version = v.id AND t.key = {key})"),
            attribute => Sql.Of(attribute switch
            {
                "name" => "m.name",
                "version_number" => "v.number",
                "run_id" => "v.run_id",
                "source_path" => "v.source",
                "creation_timestamp" => "v.created_ms",
                _ => "v.updated_ms",
            }));
        return new Page<ModelVersion>(ids.ConvertAll(id => session.Registry.FindVersion(id)!), next);
    }

    private (List<long> Ids, string? Next) Find(
        Sql id, Sql from, SearchFilter filter, IReadOnlyList<OrderKey> fullOrder, string question, SearchVocabulary vocabulary, PageRequest page, bool hidesPrompts, Func<string, Sql> tag, Func<string, Sql> attribute)
    {
        session.TextTests.Clear();
        SortKey[] order = [.. fullOrder.Select(key => new SortKey(ValueOf(key.Field), IsPresent: null, IsText(key.Field), key.Descending) { IsNullable = key.Field.Entity == SearchEntity.Tag || key.Field.Key == "run_id" })];
        List<Sql> where = [];
        if (hidesPrompts)
            where.Add(Sql.Of($"{tag(PromptTag)} IS NOT {"true"}"));
        foreach (Comparison comparison in filter.Comparisons)
            where.Add(IsText(comparison.Field) ? Conditions.OfText(comparison, ValueOf(comparison.Field), session.TextTests) : Conditions.OfNumber(comparison, ValueOf(comparison.Field)));
        if (page.Token is { } token)
            where.Add(SortKey.After(order, [.. PageToken.Read(question, token, fullOrder, vocabulary)]) ?? Sql.Of("0"));

        List<long> ids = [];
        OrderValue[] last = [];
        using Statement select = Sql.Of($"SELECT {id}, {Sql.Join(", ", order.Select(key => key.Columns))} FROM {from} WHERE {Sql.All(where)} ORDER BY {Sql.Join(", ", order.Select(key => key.Order))} LIMIT {(long)page.Size + 1}").Prepare(session.Connection);
        while (select.Step())
        {
            if (ids.Count == page.Size)
                return (ids, PageToken.Write(question, last));
            ids.Add(select.Int64(0));
            int column = 1;
            if (ids.Count == page.Size)
                last = [.. order.Select(key => key.Read(select, ref column))];
        }

        return (ids, null);

        Sql ValueOf(SearchField field) => field.Entity == SearchEntity.Tag ? tag(field.Key) : attribute(field.Key);
    }

    private static bool IsText(SearchField field) => field.Entity == SearchEntity.Tag || field.Key is "name" or "run_id" or "source_path";
}
