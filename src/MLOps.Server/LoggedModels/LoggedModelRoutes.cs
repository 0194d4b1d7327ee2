using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Runs;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Server.LoggedModels;

/// <summary>Logged models (contract §3.5). Over a store that keeps none there are no such routes, so that clients do without.</summary>
internal sealed class LoggedModelRoutes(ITrackingStore store, TimeProvider time, IOptions<MLOpsServerOptions> options) : IRouteSet
{
    private readonly RunPairs _pairs = new(options.Value.TruncateLongValues);

    public IEnumerable<MlflowRoute> Routes => !store.Capabilities.HasFlag(StoreCapabilities.LoggedModels) ? [] :
    [
        MlflowRoute.Post("logged-models", AccessDemand.WriteLoggedModel, CreateAsync),
        MlflowRoute.Post("logged-models/search", AccessDemand.ReadLoggedModel, SearchAsync),
        MlflowRoute.Get("logged-models/{id}", AccessDemand.ReadLoggedModel, GetAsync),
        MlflowRoute.Patch("logged-models/{id}", AccessDemand.WriteLoggedModel, FinalizeAsync),
        MlflowRoute.Delete("logged-models/{id}", AccessDemand.WriteLoggedModel, DeleteAsync),
        MlflowRoute.Patch("logged-models/{id}/tags", AccessDemand.WriteLoggedModel, SetTagsAsync),
        MlflowRoute.Delete("logged-models/{id}/tags/{**key}", AccessDemand.WriteLoggedModel, DeleteTagAsync),
        MlflowRoute.Post("logged-models/{id}/params", AccessDemand.WriteLoggedModel, AddParamsAsync),
    ];

    private async Task CreateAsync(MlflowCall call)
    {
        MlflowFields fields = call.Fields;
        var id = LoggedModelId.New(time);
        LoggedModel made = await store.CreateLoggedModelAsync(
            new NewLoggedModel
            {
                Id = id,
                ExperimentId = new ExperimentId(fields.RequiredText("experiment_id")),
                Name = fields.Text("name") is { Length: > 0 } name ? name : RunNames.For(new RunId(id.Value)),
                ModelType = fields.Text("model_type") ?? "",
                SourceRunId = fields.Text("source_run_id") is { Length: > 0 } run ? MlflowFields.RunIdOf(run) : null,
                Params = ParamsOf(fields),
                Tags = TagsOf(fields),
            },
            call.Cancelled).ConfigureAwait(false);
        await AnswerAsync(call, made).ConfigureAwait(false);
    }

    private async Task SearchAsync(MlflowCall call)
    {
        Page<LoggedModel> page = await store.FindLoggedModelsAsync(LoggedModelSearch.QueryOf(call.Fields), LoggedModelSearch.PageOf(call.Fields), call.Cancelled).ConfigureAwait(false);
        LoggedModelsAnswer answer = new(page.Items.Select(model => model.ToWire()).ToArray().OrAbsent(), page.NextToken);
        await call.AnswerAsync(answer, MlflowWire.Default.LoggedModelsAnswer).ConfigureAwait(false);
    }

    private async Task GetAsync(MlflowCall call)
    {
        LoggedModelId id = IdOf(call);
        LoggedModel? model = await store.FindLoggedModelAsync(id, call.Cancelled).ConfigureAwait(false);
        bool isShown = model is { Lifecycle: Lifecycle.Active } || (model is not null && call.Fields.Bool("allow_deleted") == true);
        await AnswerAsync(call, isShown ? model! : throw new LoggedModelNotFoundException(id)).ConfigureAwait(false);
    }

    private async Task FinalizeAsync(MlflowCall call)
    {
        LoggedModelStatus status = call.Fields.Enum("status", LoggedModelConversions.Statuses, value => (int)value) ?? throw call.Fields.Missing("status");
        if (status is not (LoggedModelStatus.Ready or LoggedModelStatus.UploadFailed))
            throw call.Fields.Refuse("status", "a model is brought to LOGGED_MODEL_READY or LOGGED_MODEL_UPLOAD_FAILED.");
        await AnswerAsync(call, await ChangeAsync(call, new LoggedModelChange { Status = status }).ConfigureAwait(false)).ConfigureAwait(false);
    }

    private Task DeleteAsync(MlflowCall call) => ChangeAndAnswerEmptyAsync(call, new LoggedModelChange { Lifecycle = Lifecycle.Deleted });

    private Task SetTagsAsync(MlflowCall call) => ChangeAndAnswerEmptyAsync(call, new LoggedModelChange { SetTags = TagsOf(call.Fields) });

    private Task AddParamsAsync(MlflowCall call) => ChangeAndAnswerEmptyAsync(call, new LoggedModelChange { AddedParams = ParamsOf(call.Fields) });

    // A slash of the key may have been sent encoded, and then it still is: the one character that a path keeps so. No legal key has a %.
    private Task DeleteTagAsync(MlflowCall call) =>
        ChangeAndAnswerEmptyAsync(call, new LoggedModelChange { DeletedTags = [call.RouteValue("key").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase)] });

    private async Task ChangeAndAnswerEmptyAsync(MlflowCall call, LoggedModelChange change)
    {
        await ChangeAsync(call, change).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private ValueTask<LoggedModel> ChangeAsync(MlflowCall call, LoggedModelChange change) => store.ChangeLoggedModelAsync(IdOf(call), change, call.Cancelled);

    private static Task AnswerAsync(MlflowCall call, LoggedModel model) => call.AnswerAsync(new LoggedModelAnswer(model.ToWire()), MlflowWire.Default.LoggedModelAnswer);

    private static LoggedModelId IdOf(MlflowCall call) => LoggedModelConversions.IdOf(call.RouteValue("id"));

    private Dictionary<string, string> ParamsOf(MlflowFields fields)
    {
        Dictionary<string, string> added = new(StringComparer.Ordinal);
        foreach (MlflowFields pair in fields.Objects("params"))
        {
            string key = RunPairs.Key(pair);
            if (!added.TryAdd(key, _pairs.Value(pair, Limits.ParamValueLength)))
                throw MlflowException.Invalid($"Duplicate parameter keys have been submitted: '{MlflowFields.Short(key)}'. Send each once.");
        }

        return added;
    }

    private Dictionary<string, string> TagsOf(MlflowFields fields)
    {
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        foreach (MlflowFields pair in fields.Objects("tags"))
            tags[RunPairs.Key(pair)] = _pairs.Value(pair, Limits.TagValueLength);
        return tags;
    }
}
