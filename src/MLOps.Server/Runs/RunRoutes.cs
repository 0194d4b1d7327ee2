using Microsoft.Extensions.Options;
using MLOps.Server.Access;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Runs;

/// <summary>Runs, their params and tags (contract §3.2).</summary>
internal sealed class RunRoutes(ITrackingStore store, TimeProvider time, IOptions<MLOpsServerOptions> options) : IRouteSet
{
    private const int UsualPage = 1000;

    // As many as a client can be told in one page.
    private const int MostExperiments = PageRequest.LargestSize;

    private readonly RunPairs _pairs = new(options.Value.TruncateLongValues);

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Post("runs/create", AccessDemand.WriteRun, CreateAsync),
        MlflowRoute.Post("runs/update", AccessDemand.WriteRun, UpdateAsync),
        MlflowRoute.Post("runs/delete", AccessDemand.WriteRun, call => MoveAsync(call, Lifecycle.Deleted)),
        MlflowRoute.Post("runs/restore", AccessDemand.WriteRun, call => MoveAsync(call, Lifecycle.Active)),
        MlflowRoute.Get("runs/get", AccessDemand.ReadRun, GetAsync),
        MlflowRoute.Post("runs/search", AccessDemand.ReadRun, SearchAsync),
        MlflowRoute.Post("runs/log-parameter", AccessDemand.WriteRun, call => CommitAsync(call, _pairs.Param(call.Fields.RunId(), call.Fields))),
        MlflowRoute.Post("runs/set-tag", AccessDemand.WriteRun, call => CommitAsync(call, _pairs.Tag(call.Fields.RunId(), call.Fields))),
        MlflowRoute.Post("runs/delete-tag", AccessDemand.WriteRun, call => CommitAsync(call, new TrackingRecord.TagDeleted(call.Fields.RunId(), call.Fields.RequiredText("key")))),
    ];

    private async Task CreateAsync(MlflowCall call)
    {
        MlflowFields fields = call.Fields;
        var id = RunId.New(time);
        List<TrackingRecord.TagSet> tags = [.. fields.Objects("tags").Select(tag => _pairs.Tag(id, tag))];
        TrackingRecord.RunStarted start = new(id, fields.Int64("start_time") ?? 0)
        {
            ExperimentId = new ExperimentId(fields.RequiredText("experiment_id")),
            Name = NameOf(fields, tags) ?? RunNames.For(id),
            User = fields.Text("user_id") ?? "",
        };
        await store.CommitAsync([start, .. tags.Where(tag => tag.Key != WellKnownTags.RunName)], call.Cancelled).ConfigureAwait(false);
        await AnswerAsync(call, id).ConfigureAwait(false);
    }

    private async Task UpdateAsync(MlflowCall call)
    {
        MlflowFields fields = call.Fields;
        TrackingRecord.RunUpdated update = new(fields.RunId())
        {
            Status = fields.Enum("status", RunConversions.Statuses, status => (int)status),
            EndedAtMs = fields.Int64("end_time"),
            Name = fields.Text("run_name") is { Length: > 0 } name ? name : null,
        };
        await store.CommitAsync([update], call.Cancelled).ConfigureAwait(false);
        RunDetails run = await FindAsync(call, update.RunId).ConfigureAwait(false);
        await call.AnswerAsync(new RunInfoAnswer(run.Info.ToWire()), MlflowWire.Default.RunInfoAnswer).ConfigureAwait(false);
    }

    private async Task MoveAsync(MlflowCall call, Lifecycle lifecycle)
    {
        await store.SetRunLifecycleAsync(call.Fields.RunId(), lifecycle, call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private Task GetAsync(MlflowCall call) => AnswerAsync(call, call.Fields.RunId());

    private async Task SearchAsync(MlflowCall call)
    {
        MlflowFields fields = call.Fields;
        PageRequest page = fields.Page(UsualPage, PageRequest.LargestSize);
        IReadOnlyList<string> experiments = fields.Texts("experiment_ids");
        if (experiments.Count > MostExperiments)
            throw fields.Refuse("experiment_ids", $"at most {MostExperiments} experiments are expected; these are {experiments.Count}. Ask in several searches.");
        RunQuery query = RunQuery.Parse(fields.Text("filter"), fields.Texts("order_by")) with
        {
            Experiments = [.. experiments.Select(id => new ExperimentId(id))],
            Lifecycle = fields.View("run_view_type"),
        };
        fields.Bound(query.Filter, query.OrderBy.Count);
        Page<RunDetails> found = await store.FindRunsAsync(query, page, call.Cancelled).ConfigureAwait(false);
        WireRun[] runs = [.. found.Items.Select(run => run.ToWire())];
        await call.AnswerAsync(new RunsAnswer(runs.OrAbsent(), found.NextToken), MlflowWire.Default.RunsAnswer).ConfigureAwait(false);
    }

    private async Task CommitAsync(MlflowCall call, TrackingRecord record)
    {
        await store.CommitAsync([record], call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task AnswerAsync(MlflowCall call, RunId id)
    {
        RunDetails run = await FindAsync(call, id).ConfigureAwait(false);
        await call.AnswerAsync(new RunAnswer(run.ToWire()), MlflowWire.Default.RunAnswer).ConfigureAwait(false);
    }

    private async Task<RunDetails> FindAsync(MlflowCall call, RunId id) => await store.FindRunAsync(id, call.Cancelled).ConfigureAwait(false) ?? throw new RunNotFoundException(id);

    // The name that the field or the tag gives; null when neither does.
    private static string? NameOf(MlflowFields fields, List<TrackingRecord.TagSet> tags)
    {
        string field = fields.Text("run_name") ?? "", tag = tags.FindLast(tag => tag.Key == WellKnownTags.RunName)?.Value ?? "";
        if (field.Length > 0 && tag.Length > 0 && field != tag)
        {
            throw MlflowException.Invalid(
                $"Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values (run_name='{MlflowFields.Short(field)}', mlflow.runName='{MlflowFields.Short(tag)}'). Give one of them, or the same twice.");
        }

        return field.Length > 0 ? field : tag.Length > 0 ? tag : null;
    }
}
