using MLOps.Server.Access;
using MLOps.Server.LoggedModels;
using MLOps.Server.Wire;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Runs;

/// <summary>What runs take in and put out: datasets and models (contract §3.2, 5.10, 5.12).</summary>
internal sealed class RunInputRoutes(ITrackingStore store) : IRouteSet
{
    private const string RoleTag = "mlflow.data.context";

    private readonly LoggedModelHistory _history = new(store);

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Post("runs/log-inputs", AccessDemand.WriteRun, LogInputsAsync),
        MlflowRoute.Post("runs/outputs", AccessDemand.WriteRun, LogOutputsAsync),
        MlflowRoute.Post("runs/log-model", AccessDemand.WriteRun, LogModelAsync),
    ];

    private Task LogInputsAsync(MlflowCall call)
    {
        RunId run = call.Fields.RunId();
        IEnumerable<TrackingRecord> datasets = call.Fields.Objects("datasets").Select(input => new TrackingRecord.DatasetUsed(run, InputOf(input)));
        IEnumerable<TrackingRecord> models = call.Fields.Objects("models").Select(input => new TrackingRecord.ModelUsed(run, ModelOf(input)));
        return CommitAsync(call, run, [.. datasets, .. models]);
    }

    private Task LogOutputsAsync(MlflowCall call)
    {
        RunId run = call.Fields.RunId();
        return CommitAsync(call, run, [.. call.Fields.Objects("models").Select(output => new TrackingRecord.ModelProduced(run, new LoggedModelOutput(ModelOf(output), output.Int64("step") ?? 0)))]);
    }

    private async Task LogModelAsync(MlflowCall call)
    {
        await _history.AppendAsync(call.Fields.RunId(), call.Fields.RequiredText("model_json"), call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    // Nothing to log still asks whether the run can be written to: that is a change of nothing.
    private async Task CommitAsync(MlflowCall call, RunId run, IReadOnlyList<TrackingRecord> records)
    {
        await store.CommitAsync(records.Count > 0 ? records : [new TrackingRecord.RunUpdated(run)], call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private static DatasetInput InputOf(MlflowFields input)
    {
        MlflowFields dataset = input.Object("dataset") ?? throw input.Missing("dataset");
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        foreach ((string key, string value) in input.Pairs("tags"))
            tags[key] = value;
        tags.Remove(RoleTag, out string? role);
        return new DatasetInput
        {
            Name = dataset.RequiredText("name"),
            Digest = dataset.RequiredText("digest"),
            SourceType = dataset.RequiredText("source_type"),
            Source = dataset.RequiredText("source"),
            Schema = dataset.Text("schema"),
            Profile = dataset.Text("profile"),
            Role = role,
            Tags = tags,
        };
    }

    private static LoggedModelId ModelOf(MlflowFields model) => LoggedModelConversions.IdOf(model.RequiredText("model_id"));
}
