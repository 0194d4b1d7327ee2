using MLOps.Sqlite.Connections;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Metrics;

/// <summary>Reads whole series: chunks, with the tail merged in.</summary>
internal sealed class SeriesReader(Connection connection)
{
    private Statement FindSeries => field ??= connection.Prepare("""
        SELECT s.id, s.tail_count, ifnull((SELECT sum(count) FROM chunk WHERE series = s.id), 0)
        FROM run r JOIN key_name k JOIN series s ON s.owner_kind = 0 AND s.owner = r.id AND s.key = k.id WHERE r.run_id = ? AND k.name = ?
        """);

    private Statement FindChunks => field ??= connection.Prepare("""
        SELECT points FROM chunk WHERE series = ? ORDER BY first_step, first_ms, first_value IS NULL, first_value
        """);

    private Statement FindTail => field ??= connection.Prepare("SELECT points FROM tail WHERE series = ?");

    public MetricPoint[] Read(RunId run, string key)
    {
        long series;
        MetricPoint[] points;
        using (Rows rows = FindSeries.With(run.Value).With(key).Query())
        {
            if (!rows.Next())
                return [];
            series = FindSeries.Int64(0);
            points = new MetricPoint[FindSeries.Int64(1) + FindSeries.Int64(2)];
        }

        int folded = Decode(FindChunks, series, points);
        Span<MetricPoint> tail = points.AsSpan(folded);
        tail = tail[..Decode(FindTail, series, tail)];
        int count = folded + PointChunk.SortAndCollapse(tail);
        if (folded > 0 && folded < count && points[folded] <= points[folded - 1])
        {
            // Late points: only from the first of them on is there anything to sort.
            int from = Array.BinarySearch(points, 0, folded, points[folded]);
            from = from < 0 ? ~from : from;
            count = from + PointChunk.SortAndCollapse(points.AsSpan(from, count - from));
        }

        Array.Resize(ref points, count);
        return points;
    }

    private static int Decode(Statement blobs, long series, Span<MetricPoint> points)
    {
        int count = 0;
        using Rows rows = blobs.With(series).Query();
        while (rows.Next())
            count += PointChunk.Decode(blobs.Blob(0), points[count..]);
        return count;
    }
}
