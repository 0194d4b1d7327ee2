using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;

namespace MLOps.Server.Runs;

/// <summary>Runs as MLflow's clients see them.</summary>
internal static class RunConversions
{
    /// <summary>The tag of a dataset input that tells its role.</summary>
    public const string RoleTag = "mlflow.data.context";

    public static readonly Dictionary<string, RunStatus> Statuses = new(StringComparer.Ordinal)
    {
        ["RUNNING"] = RunStatus.Running, ["SCHEDULED"] = RunStatus.Scheduled, ["FINISHED"] = RunStatus.Finished, ["FAILED"] = RunStatus.Failed, ["KILLED"] = RunStatus.Killed,
    };

    public static WireRun ToWire(this RunDetails run) => new()
    {
        Info = run.Info.ToWire(),
        Data = new WireRunData { Metrics = Metrics(run.Metrics), Params = run.Params.ToWire(), Tags = run.Tags.ToWire() },
        Inputs = new WireRunInputs
        {
            DatasetInputs = Array(run.Datasets, input => input.ToWire()),
            ModelInputs = Array(run.ModelInputs, model => new WireModelInput(model.Value)),
        },
        Outputs = new WireRunOutputs { ModelOutputs = Array(run.ModelOutputs, output => new WireModelOutput(output.Id.Value, output.Step)) },
    };

    public static WireRunInfo ToWire(this RunInfo run) => new()
    {
        RunUuid = run.Id.Value,
        RunId = run.Id.Value,
        ExperimentId = run.ExperimentId.Value,
        RunName = run.Name,
        UserId = run.User,
        Status = run.Status.ToWire(),
        StartTime = run.StartedAt.ToUnixTimeMilliseconds(),
        EndTime = run.EndedAt?.ToUnixTimeMilliseconds(),
        ArtifactUri = run.ArtifactLocation,
        LifecycleStage = run.Lifecycle.ToWire(),
    };

    private static string ToWire(this RunStatus status) => status switch
    {
        RunStatus.Running => "RUNNING",
        RunStatus.Scheduled => "SCHEDULED",
        RunStatus.Finished => "FINISHED",
        RunStatus.Failed => "FAILED",
        _ => "KILLED",
    };

    private static WireDatasetInput ToWire(this DatasetInput input)
    {
        Dictionary<string, string> tags = new(input.Tags, StringComparer.Ordinal);
        if (input.Role is { } role)
            tags[RoleTag] = role;
        return new WireDatasetInput
        {
            Tags = tags.ToWire(),
            Dataset = new WireDataset { Name = input.Name, Digest = input.Digest, SourceType = input.SourceType, Source = input.Source, Schema = input.Schema, Profile = input.Profile },
        };
    }

    private static IReadOnlyList<WireMetric>? Metrics(IReadOnlyDictionary<string, MetricPoint> latest) =>
        Array(
            [.. latest.OrderBy(metric => metric.Key, StringComparer.Ordinal)],
            metric => new WireMetric { Key = metric.Key, Value = metric.Value.Value, Timestamp = metric.Value.TimestampMs, Step = metric.Value.Step });

    private static IReadOnlyList<TOut>? Array<TIn, TOut>(IReadOnlyList<TIn> list, Func<TIn, TOut> convert) => list.Count == 0 ? null : [.. list.Select(convert)];
}
