using MLOps.Registry;
using MLOps.Sqlite.Connections;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Search;

/// <summary>Finds registered models and versions. Follows an index of the order or of a condition where there is one.</summary>
internal sealed class RegistrySearch(Session session)
{
    private const string PromptTag = "mlflow.prompt.is_prompt";

    private static readonly Sql s_model = Sql.Of("m.id"), s_version = Sql.Of("v.id");

    /// <summary>Told of each statement before it is run; for tests that look at plans.</summary>
    internal Action<Sql>? Watch { get; set; }

    public Page<RegisteredModel> Find(RegisteredModelQuery query, PageRequest page)
    {
        session.TextTests.Clear();
        List<Sql> where = ConditionsOf(query.StoreFilter, query.HidesPrompts, ValueOf, "model_tag", "model", s_model);
        (List<long> found, string? next) = Find(
            Sql.Of("model m"), s_model, where, query.FullOrder, ValueOf, RegisteredModelQuery.Vocabulary, query.Canonical, page);
        return new Page<RegisteredModel>([.. found.Select(id => session.Models.Find(id)!)], next);

        Sql ValueOf(SearchField field) => field switch
        {
            (SearchEntity.Tag, var key) => TagOf("model_tag", "model", s_model, key),
            (_, "name") => Sql.Of("m.name"),
            (_, "last_updated_timestamp") => Sql.Of("m.updated_ms"),
            _ => throw Unknown(field),
        };
    }

    public Page<ModelVersion> Find(ModelVersionQuery query, PageRequest page)
    {
        session.TextTests.Clear();
        bool isByName = query.FullOrder[0].Field == VersionField.Model.Field;
        List<Sql> where = ConditionsOf(query.StoreFilter, query.HidesPrompts, ValueOf, "version_tag", "version", s_version);

        // Beside an order by something else, a join would make SQLite sort all versions; then the name's condition is said of the versions themselves, too.
        foreach (Comparison comparison in query.StoreFilter.Comparisons.Where(comparison => !isByName && comparison.Field == VersionField.Model.Field))
        {
            if (Conditions.RangeOfText(comparison, Sql.Of("n.name")) is { } range)
                where.Add(Sql.Of($"v.model {Sql.Of(comparison.Comparator == Comparator.Equal ? "=" : "IN")} (SELECT n.id FROM model n WHERE {range})"));
        }

        Sql from = Sql.Of(isByName ? "model m CROSS JOIN model_version v ON v.model = m.id" : "model_version v");
        (List<long> found, string? next) = Find(from, s_version, where, query.FullOrder, ValueOf, ModelVersionQuery.Vocabulary, query.Canonical, page);
        return new Page<ModelVersion>([.. found.Select(id => session.Versions.Find(id)!)], next);

        Sql ValueOf(SearchField field) => field switch
        {
            (SearchEntity.Tag, var key) => TagOf("version_tag", "version", s_version, key),
            (_, "name") => Sql.Of(isByName ? "m.name" : "(SELECT m.name FROM model m WHERE m.id = v.model)"),
            (_, "version_number") => Sql.Of("v.number"),
            (_, "run_id") => Sql.Of("v.run_id"),
            (_, "source_path") => Sql.Of("v.source"),
            (_, "creation_timestamp") => Sql.Of("v.created_ms"),
            (_, "last_updated_timestamp") => Sql.Of("v.updated_ms"),
            _ => throw Unknown(field),
        };
    }

    private static bool IsText(SearchField field) => field.Entity == SearchEntity.Tag || field.Key is "name" or "run_id" or "source_path";

    private static bool IsNullable(SearchField field) => field.Entity == SearchEntity.Tag || field.Key == "run_id";

    private static InvalidOperationException Unknown(SearchField field) => new($"There is no '{field.Key}' here; the vocabulary's check comes first.");

    private Sql TagOf(string table, string owner, Sql id, string key) =>
        Sql.Of($"(SELECT t.value FROM {Sql.Of(table)} t WHERE t.{Sql.Of(owner)} = {id} AND t.key = {KeyOf(key)})");

    private long KeyOf(string key) => session.Keys.Find(key) ?? -1;

    private List<Sql> ConditionsOf(SearchFilter filter, bool hidesPrompts, Func<SearchField, Sql> valueOf, string tagTable, string owner, Sql id)
    {
        List<Sql> where = [];
        foreach (Comparison comparison in filter.Comparisons)
        {
            if (!IsText(comparison.Field))
            {
                where.Add(Conditions.OfNumber(comparison, valueOf(comparison.Field)));
                continue;
            }

            bool isTag = comparison.Field.Entity == SearchEntity.Tag;
            Sql? range = Conditions.RangeOfText(comparison, isTag ? Sql.Of("t.value") : valueOf(comparison.Field));
            if (range is not null)
                where.Add(isTag ? Tagged(comparison.Field.Key, range) : range);
            if (range is null || comparison.Comparator == Comparator.Like)
                where.Add(Conditions.OfText(comparison, valueOf(comparison.Field), session.TextTests));
        }

        if (hidesPrompts && session.Keys.Find(PromptTag) is { } prompt)
            where.Add(Sql.Of($"NOT EXISTS (SELECT 1 FROM {Sql.Of(tagTable)} t WHERE t.{Sql.Of(owner)} = {id} AND t.key = {prompt} AND t.value = 'true')"));
        return where;

        Sql Tagged(string key, Sql range) => Sql.Of($"{id} IN (SELECT t.{Sql.Of(owner)} FROM {Sql.Of(tagTable)} t WHERE t.key = {KeyOf(key)} AND {range})");
    }

    private (List<long> Found, string? Next) Find(
        Sql from, Sql id, List<Sql> where, IReadOnlyList<OrderKey> fullOrder, Func<SearchField, Sql> valueOf, SearchVocabulary vocabulary, string canonical, PageRequest page)
    {
        SortKey[] order = [.. fullOrder.Select(key => new SortKey(valueOf(key.Field), IsPresent: null, IsText(key.Field), key.Descending) { IsNullable = IsNullable(key.Field) })];
        if (page.Token is { } token)
        {
            OrderValue[] after = [.. PageToken.Read(canonical, token, fullOrder, vocabulary)];

            // The + keeps SQLite from looking each part of the condition up by itself, which would lose the order.
            where.Add(SortKey.After(order, after) is { } condition ? Sql.Of($"+({condition})") : Sql.Of("0"));
            if (!order[0].IsNullable)
                where.Add(order[0].Bound(after[0]));
        }

        Sql sql = Sql.Of($"""
            SELECT {id}, {Sql.Join(", ", order.Select(key => key.Columns))} FROM {from}
            WHERE {Sql.All(where)} ORDER BY {Sql.Join(", ", order.Select(key => key.Order))} LIMIT {(long)page.Size + 1}
            """);
        Watch?.Invoke(sql);

        List<long> found = [];
        OrderValue[] place = new OrderValue[order.Length];
        using Statement select = sql.Prepare(session.Connection);
        while (select.Step())
        {
            if (found.Count == page.Size)
                return (found, PageToken.Write(canonical, place));
            found.Add(select.Int64(0));
            int column = 1;
            for (int i = 0; i < place.Length; i++)
                place[i] = order[i].Read(select, ref column);
        }

        return (found, null);
    }
}
