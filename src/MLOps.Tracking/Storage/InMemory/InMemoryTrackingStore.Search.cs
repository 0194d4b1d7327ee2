using MLOps.Tracking.Search;

namespace MLOps.Tracking.Storage;

/// <content>Search of runs and experiments.</content>
public sealed partial class InMemoryTrackingStore
{
    /// <inheritdoc/>
    public ValueTask<Page<RunDetails>> FindRunsAsync(RunQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(page);
        SearchVocabulary.Runs.Check(query.Filter, query.OrderBy);
        cancellationToken.ThrowIfCancellationRequested();
        DateTimeOffset now = Now;
        return ValueTask.FromResult(new Page<RunDetails>(
            [.. _state.Runs.Values
                .Where(run => query.Experiments is null || query.Experiments.Contains(run.ExperimentId))
                .Where(run => query.Parent is null || run.Parent == query.Parent)
                .Where(run => query.Lifecycle is null || run.Lifecycle == query.Lifecycle)
                .OrderByDescending(run => run.StartedAtMs)
                .ThenBy(run => run.Id.Value, StringComparer.Ordinal)
                .Select(run => run.Read(now))],
            NextToken: null));
    }

    /// <inheritdoc/>
    public ValueTask<Page<Experiment>> FindExperimentsAsync(ExperimentQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(page);
        SearchVocabulary.Experiments.Check(query.Filter, query.OrderBy);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(new Page<Experiment>([.. _state.Experiments.Reverse().Where(experiment => query.Lifecycle is null || experiment.Lifecycle == query.Lifecycle)], NextToken: null));
    }
}
