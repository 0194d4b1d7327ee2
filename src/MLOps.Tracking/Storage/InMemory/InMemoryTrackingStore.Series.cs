namespace MLOps.Tracking.Storage;

/// <content>Series.</content>
public sealed partial class InMemoryTrackingStore
{
    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check();
        InMemoryState state = _state;
        List<MetricSeries> answer = [];
        foreach (RunId run in query.Runs)
        {
            foreach (string key in query.Keys)
            {
                cancellationToken.ThrowIfCancellationRequested();
                MetricPoint[] points = [.. state.Runs.GetValueOrDefault(run)?.Series.GetValueOrDefault(key)?.Points ?? []];
                SeriesBuilder series = new(query, points.Length);
                series.Add(points);
                answer.Add(series.Build(run, key));
            }
        }

        return ValueTask.FromResult<IReadOnlyList<MetricSeries>>(answer);
    }
}
