using MLOps.Server.Access;
using MLOps.Server.Runs;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Experiments;

/// <summary>Experiments, their tags and their datasets (contract §3.1).</summary>
internal sealed class ExperimentRoutes(ITrackingStore store) : IRouteSet
{
    private const int MostExperimentsOfDatasets = 20;
    private const int MostDatasets = 1000;

    public IEnumerable<MlflowRoute> Routes =>
    [
        MlflowRoute.Post("experiments/create", AccessDemand.WriteExperiment, CreateAsync),
        MlflowRoute.Get("experiments/get", AccessDemand.ReadExperiment, GetAsync),
        MlflowRoute.Get("experiments/get-by-name", AccessDemand.ReadExperiment, GetByNameAsync),
        MlflowRoute.Get("experiments/search", AccessDemand.ReadExperiment, SearchAsync),
        MlflowRoute.Post("experiments/search", AccessDemand.ReadExperiment, SearchAsync),
        MlflowRoute.Post("experiments/update", AccessDemand.WriteExperiment, UpdateAsync),
        MlflowRoute.Post("experiments/delete", AccessDemand.WriteExperiment, call => MoveAsync(call, Lifecycle.Deleted)),
        MlflowRoute.Post("experiments/restore", AccessDemand.WriteExperiment, call => MoveAsync(call, Lifecycle.Active)),
        MlflowRoute.Post("experiments/set-experiment-tag", AccessDemand.WriteExperiment, SetTagAsync),
        MlflowRoute.Post("experiments/delete-experiment-tag", AccessDemand.WriteExperiment, DeleteTagAsync),
        MlflowRoute.Post("experiments/search-datasets", AccessDemand.ReadExperiment, SearchDatasetsAsync) with { Base = RouteBase.MlflowPages },
    ];

    private async Task CreateAsync(MlflowCall call)
    {
        string name = call.Fields.RequiredText("name");
        string? location = ArtifactLocation.Read(call.Fields);
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        foreach ((string key, string value) in call.Fields.Objects("tags").Select(ReadTag))
            tags[key] = value;
        Experiment made = await store.CreateExperimentAsync(name, location, tags, call.Cancelled).ConfigureAwait(false);
        await call.AnswerAsync(new ExperimentIdAnswer(made.Id.Value), MlflowWire.Default.ExperimentIdAnswer).ConfigureAwait(false);
    }

    private async Task GetAsync(MlflowCall call) => await AnswerAsync(call, await FindAsync(call).ConfigureAwait(false)).ConfigureAwait(false);

    private async Task GetByNameAsync(MlflowCall call)
    {
        string name = call.Fields.RequiredText("experiment_name");
        Experiment found = await store.FindExperimentAsync(name, call.Cancelled).ConfigureAwait(false)
            ?? throw MlflowException.NotFound($"Could not find experiment with name '{MlflowFields.Short(name)}'");
        await AnswerAsync(call, found).ConfigureAwait(false);
    }

    private async Task SearchAsync(MlflowCall call)
    {
        MlflowFields fields = call.Fields;
        PageRequest page = fields.Page(usual: null, PageRequest.LargestSize);
        ExperimentQuery query = ExperimentQuery.Parse(fields.Text("filter"), fields.Texts("order_by")) with { Lifecycle = fields.View("view_type") };
        fields.Bound(query.Filter, query.OrderBy.Count);
        Page<Experiment> found = await store.FindExperimentsAsync(query, page, call.Cancelled).ConfigureAwait(false);
        WireExperiment[] experiments = [.. found.Items.Select(experiment => experiment.ToWire())];
        await call.AnswerAsync(new ExperimentsAnswer(experiments.OrAbsent(), found.NextToken), MlflowWire.Default.ExperimentsAnswer).ConfigureAwait(false);
    }

    private async Task UpdateAsync(MlflowCall call)
    {
        ExperimentId id = IdOf(call);
        await store.RenameExperimentAsync(id, call.Fields.RequiredText("new_name"), call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    // MLflow's server does not know an experiment to delete that is deleted, nor one to restore that is not.
    private async Task MoveAsync(MlflowCall call, Lifecycle lifecycle)
    {
        Experiment experiment = await FindAsync(call).ConfigureAwait(false);
        if (experiment.Lifecycle == lifecycle)
        {
            throw MlflowException.NotFound(
                $"No Experiment with id={experiment.Id} exists {(lifecycle == Lifecycle.Deleted ? "that could be deleted: it is deleted" : "that could be restored: it is active")} already.");
        }

        await store.SetExperimentLifecycleAsync(experiment.Id, lifecycle, call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task SetTagAsync(MlflowCall call)
    {
        ExperimentId id = IdOf(call);
        (string key, string value) = ReadTag(call.Fields);
        await store.SetExperimentTagAsync(id, key, value, call.Cancelled).ConfigureAwait(false);
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task DeleteTagAsync(MlflowCall call)
    {
        ExperimentId id = IdOf(call);
        string key = call.Fields.RequiredText("key");
        if (!await store.DeleteExperimentTagAsync(id, key, call.Cancelled).ConfigureAwait(false))
            throw MlflowException.NotFound($"No tag with name: {MlflowFields.Short(key)} in experiment with id {id}");
        await call.AnswerEmptyAsync().ConfigureAwait(false);
    }

    private async Task SearchDatasetsAsync(MlflowCall call)
    {
        IReadOnlyList<string> ids = call.Fields.Texts("experiment_ids");
        if (ids.Count == 0)
            throw call.Fields.Missing("experiment_ids");
        if (ids.Count > MostExperimentsOfDatasets)
            throw call.Fields.Refuse("experiment_ids", $"at most {MostExperimentsOfDatasets} experiments are expected; these are {ids.Count}.");
        IReadOnlyList<DatasetSummary> found = await store.FindDatasetsAsync([.. ids.Distinct(StringComparer.Ordinal).Select(id => new ExperimentId(id))], MostDatasets, call.Cancelled).ConfigureAwait(false);
        WireDatasetSummary[] summaries = [.. found.Select(dataset => new WireDatasetSummary(dataset.ExperimentId.Value, dataset.Name, dataset.Digest, dataset.Role))];
        await call.AnswerAsync(new DatasetsAnswer(summaries.OrAbsent()), MlflowWire.Default.DatasetsAnswer).ConfigureAwait(false);
    }

    private async Task<Experiment> FindAsync(MlflowCall call)
    {
        ExperimentId id = IdOf(call);
        return await store.FindExperimentAsync(id, call.Cancelled).ConfigureAwait(false) ?? throw new ExperimentNotFoundException(id.Value);
    }

    private static Task AnswerAsync(MlflowCall call, Experiment experiment) => call.AnswerAsync(new ExperimentAnswer(experiment.ToWire()), MlflowWire.Default.ExperimentAnswer);

    private static ExperimentId IdOf(MlflowCall call) => new(call.Fields.RequiredText("experiment_id"));

    private static (string Key, string Value) ReadTag(MlflowFields tag)
    {
        string value = tag.Text("value") ?? "";
        return value.Length <= Limits.ExperimentTagValueLength
            ? (RunPairs.Key(tag), value)
            : throw tag.Refuse("value", $"a text of at most {Limits.ExperimentTagValueLength} characters is expected; this one has {value.Length}.");
    }
}
