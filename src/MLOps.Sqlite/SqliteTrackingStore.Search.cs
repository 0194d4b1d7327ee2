using MLOps.Tracking.Search;

namespace MLOps.Sqlite;

/// <content>Search of runs and experiments.</content>
public sealed partial class SqliteTrackingStore
{
    /// <inheritdoc/>
    /// <remarks>A page is of one moment.</remarks>
    public ValueTask<Page<RunDetails>> FindRunsAsync(RunQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        return ReadAsync(session => session.RunSearch.Find(query, page, NowMs, cancellationToken), cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>A page is of one moment.</remarks>
    public ValueTask<Page<Experiment>> FindExperimentsAsync(ExperimentQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        return ReadAsync(session => session.ExperimentSearch.Find(query, page), cancellationToken);
    }
}
