using MLOps.Tracking.Search;

namespace MLOps.Sqlite;

/// <content>Search of runs and experiments.</content>
public sealed partial class SqliteTrackingStore
{
    /// <inheritdoc/>
    /// <remarks>A page is of one moment.</remarks>
    public async ValueTask<Page<RunDetails>> FindRunsAsync(RunQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(page);
        SearchVocabulary.Runs.Check(query.Filter, query.OrderBy);
        List<RunDetails> found = [];
        Runs.RunPage.Place? after = null;
        do
        {
            Runs.RunPage some = await ReadAsync(session => session.RunReader.Find(query, after, NowMs), cancellationToken).ConfigureAwait(false);
            found.AddRange(some.Runs);
            after = some.Next;
        }
        while (after is not null);
        return new Page<RunDetails>(found, NextToken: null);
    }

    /// <inheritdoc/>
    public async ValueTask<Page<Experiment>> FindExperimentsAsync(ExperimentQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(page);
        SearchVocabulary.Experiments.Check(query.Filter, query.OrderBy);
        List<Experiment> all = await ReadAsync(session => session.Experiments.All(), cancellationToken).ConfigureAwait(false);
        return new Page<Experiment>(all.FindAll(experiment => query.Lifecycle is null || experiment.Lifecycle == query.Lifecycle), NextToken: null);
    }
}
