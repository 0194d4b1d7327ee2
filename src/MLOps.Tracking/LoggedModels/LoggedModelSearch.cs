using MLOps.Tracking.Search;

namespace MLOps.Tracking.LoggedModels;

/// <summary>What a question says of one logged model: whether it is found, and its place in the order.</summary>
internal static class LoggedModelSearch
{
    // Filters may name a status with or without the prefix that it has on MLflow's wire.
    private const string StatusPrefix = "LOGGED_MODEL_";

    public static bool Finds(this LoggedModelQuery query, LoggedModel model) =>
        (query.Lifecycle is null || model.Lifecycle == query.Lifecycle)
        && query.Experiments.Contains(model.ExperimentId)
        && query.Filter.Comparisons.All(comparison => IsMet(query, model, comparison));

    public static OrderValue Value(LoggedModel model, LoggedModelOrder key)
    {
        if (key.Field.Entity != SearchEntity.Metric)
            return AttributeOf(model, key.Field.Key);
        LoggedModelMetric? latest = null;
        foreach (LoggedModelMetric metric in MetricsOf(model, key.Field.Key))
        {
            if (IsMeasuredOn(metric, key.DatasetName, key.DatasetDigest) && (latest is null || metric.Point.IsLaterThan(latest.Point)))
                latest = metric;
        }

        return latest is null ? new OrderValue.Missing() : Number(latest.Point.Value);
    }

    private static bool IsMet(LoggedModelQuery query, LoggedModel model, Comparison comparison) => comparison.Field switch
    {
        (SearchEntity.Metric, var key) => MetricsOf(model, key)
            .Where(metric => query.Datasets.Count == 0 || query.Datasets.Any(dataset => IsMeasuredOn(metric, dataset.Name, dataset.Digest)))
            .Any(metric => comparison.IsMetBy(Number(metric.Point.Value))),
        (SearchEntity.Param, var key) => comparison.IsMetBy(Text(model.Params.GetValueOrDefault(key))),
        (SearchEntity.Tag, var key) => comparison.IsMetBy(Text(model.Tags.GetValueOrDefault(key))),
        (_, "status") => (comparison with { Value = WithoutPrefix(comparison.Value) }).IsMetBy(AttributeOf(model, "status")),
        (_, var name) => comparison.IsMetBy(AttributeOf(model, name)),
    };

    private static OrderValue AttributeOf(LoggedModel model, string name) => name switch
    {
        "name" => Text(model.Name),
        "model_id" => Text(model.Id.Value),
        "experiment_id" => Text(model.ExperimentId.Value),
        "model_type" => Text(model.ModelType),
        "status" => Text(Word(model.Status)),
        "source_run_id" => Text(model.SourceRunId?.Value),
        "creation_timestamp" => new OrderValue.Number(model.CreatedAt.ToUnixTimeMilliseconds()),
        "last_updated_timestamp" => new OrderValue.Number(model.UpdatedAt.ToUnixTimeMilliseconds()),
        _ => throw new InvalidOperationException($"There is no '{name}' here; the vocabulary's check comes first."),
    };

    private static IEnumerable<LoggedModelMetric> MetricsOf(LoggedModel model, string key) => model.Metrics.Where(metric => string.Equals(metric.Key, key, StringComparison.Ordinal));

    private static bool IsMeasuredOn(LoggedModelMetric metric, string? name, string? digest) =>
        (name is null || string.Equals(metric.DatasetName, name, StringComparison.Ordinal)) && (digest is null || string.Equals(metric.DatasetDigest, digest, StringComparison.Ordinal));

    private static SearchValue? WithoutPrefix(SearchValue? value) => value switch
    {
        SearchValue.Text text => new SearchValue.Text(WithoutPrefix(text.Value)),
        SearchValue.TextList list => new SearchValue.TextList([.. list.Values.Select(WithoutPrefix)]),
        _ => value,
    };

    private static string WithoutPrefix(string text) => text.StartsWith(StatusPrefix, StringComparison.Ordinal) ? text[StatusPrefix.Length..] : text;

    private static string Word(LoggedModelStatus status) => status switch
    {
        LoggedModelStatus.Pending => "PENDING",
        LoggedModelStatus.Ready => "READY",
        LoggedModelStatus.UploadFailed => "UPLOAD_FAILED",
        _ => "UNSPECIFIED",
    };

    private static OrderValue Text(string? text) => text is null ? new OrderValue.Missing() : new OrderValue.Text(text);

    private static OrderValue Number(double number) => double.IsNaN(number) ? new OrderValue.NaN() : new OrderValue.Number(number);
}
