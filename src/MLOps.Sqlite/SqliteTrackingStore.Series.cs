using MLOps.Tracking.Storage;

namespace MLOps.Sqlite;

/// <content>Series.</content>
public sealed partial class SqliteTrackingStore
{
    /// <inheritdoc/>
    /// <exception cref="ChunkCorruptException">A chunk of a series is damaged.</exception>
    public async ValueTask<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        List<MetricSeries> series = [];
        foreach (RunId run in query.Runs)
        {
            foreach (string key in query.Keys)
                series.Add(new MetricSeries { RunId = run, Key = key, Points = await ReadAsync(session => session.SeriesReader.Read(run, key), cancellationToken).ConfigureAwait(false) });
        }

        return series;
    }
}
