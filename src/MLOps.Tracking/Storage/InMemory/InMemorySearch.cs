using System.Globalization;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.Storage;

/// <summary>Answers questions about runs and experiments in memory: plain rather than fast, for it is what other stores are measured by.</summary>
internal static class InMemorySearch
{
    public static Page<RunDetails> Find(IEnumerable<RunDetails> candidates, RunQuery query, PageRequest page) =>
        SearchEvaluation.Find(candidates, ValuesOf, query.Filter, query.FullOrder, query.Canonical, page, SearchVocabulary.Runs);

    public static Page<Experiment> Find(IEnumerable<Experiment> candidates, ExperimentQuery query, PageRequest page) =>
        SearchEvaluation.Find(candidates, (experiment, field) => [ValueOf(experiment, field)], query.Filter, query.FullOrder, query.Canonical, page, SearchVocabulary.Experiments);

    // One value for each field, which may be missing, but for datasets one for each that the run used.
    private static IEnumerable<OrderValue> ValuesOf(RunDetails run, SearchField field) => field switch
    {
        (SearchEntity.Dataset, "name") => run.Datasets.Select(dataset => Text(dataset.Name)),
        (SearchEntity.Dataset, "digest") => run.Datasets.Select(dataset => Text(dataset.Digest)),
        (SearchEntity.Dataset, "context") => run.Datasets.Select(dataset => Text(dataset.Role)),
        (SearchEntity.Metric, var key) => [run.Metrics.TryGetValue(key, out MetricPoint point) ? Number(point.Value) : new OrderValue.Missing()],
        (SearchEntity.Param, var key) => [Text(run.Params.GetValueOrDefault(key))],
        (SearchEntity.Tag, var key) => [Text(run.Tags.GetValueOrDefault(key))],
        _ => [AttributeOf(run.Info, field.Key)],
    };

    private static OrderValue AttributeOf(RunInfo run, string name) => name switch
    {
        "run_id" => Text(run.Id.Value),
        "run_name" => Text(run.Name),
        "status" => Text(Word(run.Status)),
        "artifact_uri" => Text(run.ArtifactLocation),
        "user_id" => Text(run.User),
        "start_time" => Time(run.StartedAt),
        "end_time" => Time(run.EndedAt),
        _ => throw Unknown(name),
    };

    private static OrderValue ValueOf(Experiment experiment, SearchField field) => field switch
    {
        (SearchEntity.Tag, var key) => Text(experiment.Tags.GetValueOrDefault(key)),
        (_, "name") => Text(experiment.Name),
        (_, "experiment_id") => Number(long.Parse(experiment.Id.Value, CultureInfo.InvariantCulture)),
        (_, "creation_time") => Time(experiment.CreatedAt),
        (_, "last_update_time") => Time(experiment.UpdatedAt),
        _ => throw Unknown(field.Key),
    };

    private static string Word(RunStatus status) => status switch
    {
        RunStatus.Running => "RUNNING",
        RunStatus.Scheduled => "SCHEDULED",
        RunStatus.Finished => "FINISHED",
        RunStatus.Failed => "FAILED",
        RunStatus.Killed => "KILLED",
        _ => throw Unknown(status.ToString()),
    };

    private static OrderValue Text(string? text) => text is null ? new OrderValue.Missing() : new OrderValue.Text(text);

    private static OrderValue Number(double number) => double.IsNaN(number) ? new OrderValue.NaN() : new OrderValue.Number(number);

    private static OrderValue Time(DateTimeOffset? time) => time is { } known ? new OrderValue.Number(known.ToUnixTimeMilliseconds()) : new OrderValue.Missing();

    private static InvalidOperationException Unknown(string name) => new($"There is no '{name}' here; the vocabulary's check comes first.");
}
