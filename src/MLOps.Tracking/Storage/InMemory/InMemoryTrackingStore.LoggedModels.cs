using System.Text;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.Storage;

/// <content>Logged models, and the datasets of experiments.</content>
public sealed partial class InMemoryTrackingStore
{
    // As the bytes of UTF-8 are, and with what is missing first.
    private static readonly Comparer<string?> ByCodePoint = Comparer<string?>.Create((left, right) => (left, right) switch
    {
        (null, null) => 0,
        (null, _) => -1,
        (_, null) => 1,
        _ => Encoding.UTF8.GetBytes(left).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(right)),
    });

    /// <inheritdoc/>
    public ValueTask<LoggedModel> CreateLoggedModelAsync(NewLoggedModel model, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        model.Check();
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            if (!_state.LoggedModels.TryGetValue(model.Id, out InMemoryLoggedModel? kept))
            {
                kept = InMemoryLoggedModel.Create(model, GetActive(model.ExperimentId), Now);
                _state = _state.With(kept);
            }

            return ValueTask.FromResult(kept.Read(_state));
        }
    }

    /// <inheritdoc/>
    public ValueTask<LoggedModel?> FindLoggedModelAsync(LoggedModelId id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        InMemoryState state = _state;
        return ValueTask.FromResult(state.LoggedModels.GetValueOrDefault(id)?.Read(state));
    }

    /// <inheritdoc/>
    public ValueTask<Page<LoggedModel>> FindLoggedModelsAsync(LoggedModelQuery query, PageRequest page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check(page);
        cancellationToken.ThrowIfCancellationRequested();
        InMemoryState state = _state;
        return ValueTask.FromResult(query.FindIn(state.LoggedModels.Values.Select(model => model.Read(state)), page));
    }

    /// <inheritdoc/>
    public ValueTask<LoggedModel> ChangeLoggedModelAsync(LoggedModelId id, LoggedModelChange change, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(change);
        change.Check();
        cancellationToken.ThrowIfCancellationRequested();
        lock (_writing)
        {
            InMemoryLoggedModel changed = (_state.LoggedModels.GetValueOrDefault(id) ?? throw new LoggedModelNotFoundException(id)).Change(change, Now);
            _state = _state.With(changed);
            return ValueTask.FromResult(changed.Read(_state));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<DatasetSummary>> FindDatasetsAsync(IReadOnlyList<ExperimentId> experiments, int limit, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(experiments);
        ArgumentOutOfRangeException.ThrowIfZero(experiments.Count, nameof(experiments));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        cancellationToken.ThrowIfCancellationRequested();
        ILookup<ExperimentId, InMemoryRun> runs = _state.Runs.Values.ToLookup(run => run.ExperimentId);
        return ValueTask.FromResult<IReadOnlyList<DatasetSummary>>(
        [
            .. experiments.Distinct().SelectMany(
                experiment => runs[experiment]
                    .SelectMany(run => run.Datasets.Select(input => new DatasetSummary(experiment, input.Dataset.Name, input.Dataset.Digest, input.Role)))
                    .Distinct()
                    .OrderBy(dataset => dataset.Name, ByCodePoint).ThenBy(dataset => dataset.Digest, ByCodePoint).ThenBy(dataset => dataset.Role, ByCodePoint))
                .Take(limit),
        ]);
    }
}
