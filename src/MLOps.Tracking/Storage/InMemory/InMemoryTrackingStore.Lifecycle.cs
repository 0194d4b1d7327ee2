using System.Collections.Immutable;

namespace MLOps.Tracking.Storage;

/// <content>Names, tags, deletion and purge.</content>
public sealed partial class InMemoryTrackingStore
{
    /// <inheritdoc/>
    public ValueTask RenameExperimentAsync(ExperimentId id, string name, CancellationToken cancellationToken)
    {
        Limits.CheckExperimentName(name, nameof(name));
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            Experiment experiment = GetActive(id);
            if (string.Equals(experiment.Name, name, StringComparison.Ordinal))
                return ValueTask.CompletedTask;
            if (_state.FindExperiment(name) is not null)
                throw new ExperimentExistsException(name);
            Replace(experiment, experiment with { Name = name });
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask SetExperimentTagAsync(ExperimentId id, string key, string value, CancellationToken cancellationToken)
    {
        Limits.CheckKey(key);
        Limits.CheckValue(value, Limits.ExperimentTagValueLength, "The value of an experiment's tag", nameof(value));
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            Experiment experiment = GetActive(id);
            Replace(experiment, experiment with { Tags = TagsOf(experiment).SetItem(key, value) });
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteExperimentTagAsync(ExperimentId id, string key, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(key);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            Experiment experiment = GetActive(id);
            bool existed = experiment.Tags.ContainsKey(key);
            if (existed)
                Replace(experiment, experiment with { Tags = TagsOf(experiment).Remove(key) });
            return ValueTask.FromResult(existed);
        }
    }

    /// <inheritdoc/>
    public ValueTask SetExperimentLifecycleAsync(ExperimentId id, Lifecycle lifecycle, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            Experiment experiment = GetExperiment(id);
            if (experiment.Lifecycle != lifecycle)
            {
                Replace(experiment, experiment with { Lifecycle = lifecycle });
                _state = _state with
                {
                    Runs = _state.Runs.SetItems(_state.Runs.Where(run => run.Value.ExperimentId == id).Select(run => KeyValuePair.Create(run.Key, run.Value.Brought(lifecycle, Now)))),
                    LoggedModels = _state.LoggedModels.SetItems(_state.LoggedModels.Where(model => model.Value.Facts.ExperimentId == id).Select(model => KeyValuePair.Create(model.Key, model.Value.Brought(lifecycle, Now)))),
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
        {
            if (_state.Purged.Contains(id))
                throw new RunPurgedException(id);
            _state = _state.With(GetRun(id).Brought(lifecycle, Now));
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RunInfo>> BeginPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(runs);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            foreach (RunId id in runs)
            {
                if (_state.Runs.TryGetValue(id, out InMemoryRun? run) && run.Lifecycle == Lifecycle.Deleted)
                {
                    _state = _state with
                    {
                        Runs = _state.Runs.Remove(id),
                        Purging = _state.Purging.Add(id, run with { Lease = null }),
                        Purged = _state.Purged.Add(id),
                    };
                }
            }

            return ValueTask.FromResult<IReadOnlyList<RunInfo>>([.. runs.Where(_state.Purging.ContainsKey).Select(id => _state.Purging[id].Read(Now).Info)]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<RunInfo>> FindPurgingAsync(int limit, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IReadOnlyList<RunInfo>>([.. _state.Purging.Values.Take(limit).Select(run => run.Read(Now).Info)]);
    }

    /// <inheritdoc/>
    public ValueTask EndPurgeAsync(IReadOnlyList<RunId> runs, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(runs);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            ImmutableDictionary<RunId, InMemoryRun> purging = _state.Purging.RemoveRange(runs);
            HashSet<(ExperimentId, string, string)> used =
                [.. _state.Runs.Values.Concat(purging.Values).SelectMany(run => run.Datasets.Select(input => (run.ExperimentId, input.Dataset.Name, input.Dataset.Digest)))];
            RunId[] ended = [.. runs.Where(_state.Purging.ContainsKey)];
            _state = _state.WithoutMeasurementsOf(ended) with { Purging = purging, Datasets = _state.Datasets.RemoveRange(_state.Datasets.Keys.Where(key => !used.Contains(key))) };
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<bool> PurgeExperimentAsync(ExperimentId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            if (_state.FindExperiment(id) is not { } experiment)
                return ValueTask.FromResult(true);
            if (experiment.Lifecycle != Lifecycle.Deleted || _state.Runs.Values.Concat(_state.Purging.Values).Any(run => run.ExperimentId == id))
                return ValueTask.FromResult(false);
            _state = _state.Without(experiment);
            return ValueTask.FromResult(true);
        }
    }

    private static ImmutableDictionary<string, string> TagsOf(Experiment experiment) => ImmutableDictionary.CreateRange(StringComparer.Ordinal, experiment.Tags);

    private Experiment GetExperiment(ExperimentId id) => _state.FindExperiment(id) ?? throw new ExperimentNotFoundException(id.Value);

    private Experiment GetActive(ExperimentId id) =>
        GetExperiment(id) is { Lifecycle: Lifecycle.Active } experiment ? experiment : throw new ExperimentDeletedException(id.Value);

    private void Replace(Experiment experiment, Experiment changed) =>
        _state = _state with { Experiments = _state.Experiments.Replace(experiment, changed with { UpdatedAt = Now }) };
}
