using MLOps.Tracking.Storage;

namespace MLOps.Sqlite;

/// <content>Names, tags, deletion, purge and upkeep.</content>
public sealed partial class SqliteTrackingStore
{
    /// <inheritdoc/>
    public async ValueTask SetExperimentLifecycleAsync(ExperimentId id, Lifecycle lifecycle, CancellationToken cancellationToken) =>
        await WriteAsync(
            session =>
            {
                session.Experiments.SetLifecycle(id, lifecycle, NowMs);
                session.Runs.Forget();
                session.Series.Forget();
                return true;
            },
            cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask SetRunLifecycleAsync(RunId id, Lifecycle lifecycle, CancellationToken cancellationToken) =>
        await WriteAsync(
            session =>
            {
                session.Runs.SetLifecycle(session.Runs.Get(id), lifecycle);
                return true;
            },
            cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask RenameExperimentAsync(ExperimentId id, string name, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask SetExperimentTagAsync(ExperimentId id, string key, string value, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<bool> DeleteExperimentTagAsync(ExperimentId id, string key, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RunInfo>> BeginPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RunInfo>> FindPurgingAsync(int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask EndPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<bool> PurgeExperimentAsync(ExperimentId id, CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public IAsyncEnumerable<StoreFinding> CheckAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    /// <inheritdoc/>
    public ValueTask<CompactResult> CompactAsync(CancellationToken cancellationToken) => throw new NotSupportedException();
}
