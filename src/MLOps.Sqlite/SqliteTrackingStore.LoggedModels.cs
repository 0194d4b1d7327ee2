using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite;

/// <content>Logged models, and the datasets of experiments.</content>
public sealed partial class SqliteTrackingStore
{
    /// <inheritdoc/>
    public ValueTask<LoggedModel> CreateLoggedModelAsync(NewLoggedModel model, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.Check();
        return WriteAsync(session => session.LoggedModels.Create(model, NowMs), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<LoggedModel?> FindLoggedModelAsync(LoggedModelId id, CancellationToken cancellationToken) => ReadAsync(session => session.LoggedModels.Find(id), cancellationToken);

    /// <inheritdoc/>
    /// <remarks>A page is of one moment. The models of the experiments are read with what is kept beside their points, and the question is answered in memory: models are few against runs.</remarks>
    public ValueTask<Page<LoggedModel>> FindLoggedModelsAsync(LoggedModelQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        return ReadAsync(session => query.FindIn(session.LoggedModels.Find(query.Experiments, query.Lifecycle, cancellationToken), page), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<LoggedModel> ChangeLoggedModelAsync(LoggedModelId id, LoggedModelChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        change.Check();
        return WriteAsync(session => session.LoggedModels.Change(id, change, NowMs), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DatasetSummary>> FindDatasetsAsync(IReadOnlyList<ExperimentId> experiments, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(experiments);
        ArgumentOutOfRangeException.ThrowIfZero(experiments.Count, nameof(experiments));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return ReadAsync<IReadOnlyList<DatasetSummary>>(session => session.Datasets.Find(experiments, limit), cancellationToken);
    }
}
