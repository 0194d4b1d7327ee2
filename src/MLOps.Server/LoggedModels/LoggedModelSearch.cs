using MLOps.Server.Wire;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;

namespace MLOps.Server.LoggedModels;

/// <summary>Reads what a search for logged models asks (contract §6.10).</summary>
internal static class LoggedModelSearch
{
    private const int DefaultPage = 50;

    // MLflow's server falls back to the default of its store, which is another than that of its wire, where a client sends 0.
    private const int PageOfZero = 100;

    private const string MetricPrefix = "metrics.";

    public static LoggedModelQuery QueryOf(MlflowFields fields)
    {
        IReadOnlyList<string> experiments = fields.Texts("experiment_ids");
        var filter = SearchFilter.Parse(fields.Text("filter"), SearchVocabulary.LoggedModels);
        fields.Bound(filter, fields.Count("order_by"));
        return new LoggedModelQuery
        {
            Experiments = experiments.Count > 0 ? [.. experiments.Distinct(StringComparer.Ordinal).Select(id => new ExperimentId(id))] : throw fields.Missing("experiment_ids"),
            Filter = filter,
            Datasets = [.. fields.Objects("datasets").Select(dataset => (dataset.RequiredText("dataset_name"), OrNull(dataset.Text("dataset_digest"))))],
            OrderBy = [.. fields.Objects("order_by").Select(OrderOf)],
        };
    }

    public static PageRequest PageOf(MlflowFields fields)
    {
        int size = fields.Int32("max_results") switch { null => DefaultPage, 0 => PageOfZero, { } sent => sent };
        return size is >= 1 and <= PageRequest.LargestSize
            ? new PageRequest { Size = size, Token = OrNull(fields.Text("page_token")) }
            : throw fields.Refuse("max_results", $"a number from 1 to {PageRequest.LargestSize} is expected.");
    }

    private static LoggedModelOrder OrderOf(MlflowFields order)
    {
        SearchField field = FieldOf(order, order.RequiredText("field_name"));
        return new LoggedModelOrder(field, !(order.Bool("ascending") ?? true), OrNull(order.Text("dataset_name")), OrNull(order.Text("dataset_digest")));
    }

    // A key of a metric stands here as it is, without the quotes that it would need in a filter.
    private static SearchField FieldOf(MlflowFields order, string name)
    {
        if (name.StartsWith(MetricPrefix, StringComparison.Ordinal) && name.Length > MetricPrefix.Length)
            return new SearchField(SearchEntity.Metric, name[MetricPrefix.Length..]);
        try
        {
            OrderKey key = OrderKey.Parse(name, SearchVocabulary.LoggedModels);
            return key.Descending ? throw order.Refuse("field_name", "downwards is said by ascending = false.") : key.Field;
        }
        catch (SearchSyntaxException exception)
        {
            throw order.Refuse("field_name", exception.Message);
        }
    }

    private static string? OrNull(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
