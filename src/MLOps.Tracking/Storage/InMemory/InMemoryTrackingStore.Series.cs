namespace MLOps.Tracking.Storage;

/// <content>Series.</content>
public sealed partial class InMemoryTrackingStore
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        InMemoryState state = _state;
        return ValueTask.FromResult<IReadOnlyList<MetricSeries>>(
        [
            .. from run in query.Runs
               from key in query.Keys
               select new MetricSeries { RunId = run, Key = key, Points = [.. state.Runs.GetValueOrDefault(run)?.Series.GetValueOrDefault(key)?.Points ?? []] },
        ]);
    }
}
