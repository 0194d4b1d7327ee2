using MLOps.Tracking.Storage;

namespace MLOps.Sqlite;

/// <content>Series.</content>
public sealed partial class SqliteTrackingStore
{
    /// <inheritdoc/>
    /// <remarks>All series are of one moment.</remarks>
    /// <exception cref="ChunkCorruptException">A chunk of a series is damaged.</exception>
    public async ValueTask<IReadOnlyList<MetricSeries>> GetSeriesAsync(SeriesQuery query, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(query);
        query.Check();
        return await ReadAsync<IReadOnlyList<MetricSeries>>(
            session =>
            [
                .. from run in query.Runs
                   from key in query.Keys
                   select session.SeriesReader.Read(run, key, query, cancellationToken),
            ],
            cancellationToken).ConfigureAwait(false);
    }
}
