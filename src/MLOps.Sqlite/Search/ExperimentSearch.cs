using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Experiments;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Search;

/// <summary>Finds experiments. Goes through all of them, which are as many as somebody has named.</summary>
internal sealed class ExperimentSearch(Session session)
{
    public Page<Experiment> Find(ExperimentQuery query, PageRequest page)
    {
        session.TextTests.Clear();
        IReadOnlyList<OrderKey> fullOrder = query.FullOrder;
        SortKey[] order = [.. fullOrder.Select(key => new SortKey(ValueOf(key.Field), IsPresent: null, IsText(key.Field), key.Descending))];
        List<Sql> where = [query.Lifecycle is { } lifecycle ? Sql.Of($"e.lifecycle = {(int)lifecycle}") : Sql.Of("1")];
        foreach (Comparison comparison in query.Filter.Comparisons)
            where.Add(IsText(comparison.Field) ? Conditions.OfText(comparison, ValueOf(comparison.Field), session.TextTests) : Conditions.OfNumber(comparison, ValueOf(comparison.Field)));
        if (page.Token is { } token)
            where.Add(SortKey.After(order, [.. PageToken.Read(query.Canonical, token, fullOrder, SearchVocabulary.Experiments)]) ?? Sql.Of("0"));

        List<(Experiment Experiment, OrderValue[] Place)> found = [];
        using Statement select = Sql.Of($"""
            SELECT e.id, {Sql.Join(", ", order.Select(key => key.Columns))} FROM experiment e
            WHERE {Sql.Join(" AND ", where)} ORDER BY {Sql.Join(", ", order.Select(key => key.Order))} LIMIT {(long)page.Size + 1}
            """).Prepare(session.Connection);
        while (select.Step())
        {
            int column = 1;
            found.Add((session.Experiments.Find(ExperimentTable.Id(select.Int64(0)))!, [.. order.Select(key => key.Read(select, ref column))]));
        }

        return new Page<Experiment>(
            [.. found.Take(page.Size).Select(experiment => experiment.Experiment)],
            found.Count > page.Size ? PageToken.Write(query.Canonical, found[page.Size - 1].Place) : null);
    }

    private static bool IsText(SearchField field) => field.Entity == SearchEntity.Tag || field.Key == "name";

    private Sql ValueOf(SearchField field) => field switch
    {
        (SearchEntity.Tag, var key) => Sql.Of($"(SELECT t.value FROM experiment_tag t WHERE t.experiment = e.id AND t.key = {session.Keys.Find(key) ?? -1})"),
        (_, "name") => Sql.Of("e.name"),
        (_, "experiment_id") => Sql.Of("e.id"),
        (_, "creation_time") => Sql.Of("e.created_ms"),
        (_, "last_update_time") => Sql.Of("e.updated_ms"),
        _ => throw new InvalidOperationException($"There is no '{field.Key}' here; the vocabulary's check comes first."),
    };
}
