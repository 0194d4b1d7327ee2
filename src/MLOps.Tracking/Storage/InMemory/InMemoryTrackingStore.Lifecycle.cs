namespace MLOps.Tracking.Storage;

/// <content>Names, tags, deletion, purge and upkeep.</content>
public sealed partial class InMemoryTrackingStore
{
    /// <inheritdoc/>
    public ValueTask SetExperimentLifecycleAsync(ExperimentId id, Lifecycle lifecycle, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            Experiment experiment = _state.FindExperiment(id) ?? throw new ExperimentNotFoundException(id.Value);
            if (experiment.Lifecycle != lifecycle)
            {
                _state = _state with
                {
                    Experiments = _state.Experiments.Replace(experiment, experiment with { Lifecycle = lifecycle, UpdatedAt = Now }),
                    Runs = _state.Runs.SetItems(_state.Runs.Where(run => run.Value.ExperimentId == id).Select(run => KeyValuePair.Create(run.Key, run.Value with { Lifecycle = lifecycle }))),
                };
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask SetRunLifecycleAsync(RunId id, Lifecycle lifecycle, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
            _state = _state.With(GetRun(id) with { Lifecycle = lifecycle });
        return ValueTask.CompletedTask;
    }

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
