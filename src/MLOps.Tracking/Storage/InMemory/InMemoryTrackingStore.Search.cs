using MLOps.Tracking.Search;

namespace MLOps.Tracking.Storage;

/// <content>Search of runs and experiments.</content>
public sealed partial class InMemoryTrackingStore
{
    /// <inheritdoc/>
    public ValueTask<Page<RunDetails>> FindRunsAsync(RunQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        cancellationToken.ThrowIfCancellationRequested();
        InMemoryState state = _state;
        DateTimeOffset now = Now;
        HashSet<ExperimentId>? named = query.ExperimentNames is null
            ? null
            : [.. state.Experiments.Where(experiment => query.ExperimentNames.Contains(experiment.Name, StringComparer.Ordinal)).Select(experiment => experiment.Id)];
        IEnumerable<RunDetails> candidates = state.Runs.Values
            .Where(run => query.Experiments is null || query.Experiments.Contains(run.ExperimentId))
            .Where(run => named is null || named.Contains(run.ExperimentId))
            .Where(run => query.Parent is null || run.Parent == query.Parent)
            .Where(run => query.Lifecycle is null || run.Lifecycle == query.Lifecycle)
            .Select(run => run.Read(now));
        Page<RunDetails> found = InMemorySearch.Find(candidates, query, page);
        return ValueTask.FromResult(found with { Items = [.. found.Items.Select(run => Select(run, query.Fields))] });
    }

    /// <inheritdoc/>
    public ValueTask<Page<Experiment>> FindExperimentsAsync(ExperimentQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        cancellationToken.ThrowIfCancellationRequested();
        IEnumerable<Experiment> candidates = _state.Experiments.Where(experiment => query.Lifecycle is null || experiment.Lifecycle == query.Lifecycle);
        return ValueTask.FromResult(InMemorySearch.Find(candidates, query, page));
    }

    private static RunDetails Select(RunDetails run, RunFields fields) => run with
    {
        Metrics = Select(run.Metrics, fields.Metrics),
        Params = Select(run.Params, fields.Params),
        Tags = Select(run.Tags, fields.Tags),
        Datasets = fields.Datasets ? run.Datasets : [],
        ModelInputs = fields.Datasets ? run.ModelInputs : [],
        ModelOutputs = fields.Datasets ? run.ModelOutputs : [],
    };

    private static IReadOnlyDictionary<string, TValue> Select<TValue>(IReadOnlyDictionary<string, TValue> all, IReadOnlyList<string>? keys) =>
        keys is null ? all : all.Where(pair => keys.Contains(pair.Key, StringComparer.Ordinal)).ToDictionary(StringComparer.Ordinal);
}
