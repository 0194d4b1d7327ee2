using MLOps.Sqlite.Connections;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Metrics;

/// <summary>
/// Reads series: their chunks in order, with the tail merged in. A series that is reduced enough takes the coarse level of its chunks; then points are read only of those that the range cuts,
/// that points of the tail fall into, or that may hold the first or the last point in time.
/// </summary>
internal sealed class SeriesReader(Connection connection)
{
    private readonly PointBuffer _tail = new();
    private readonly PointBuffer _points = new();
    private readonly CoarseBucket[] _buckets = new CoarseBucket[PointChunk.Capacity / PointChunk.PointsPerBucket];
    private readonly List<ChunkExtent> _chunks = [];

    private Statement FindSeries => field ??= connection.Prepare("""
        SELECT s.id, s.tail_count
        FROM run r JOIN key_name k JOIN series s ON s.owner_kind = 0 AND s.owner = r.id AND s.key = k.id WHERE r.run_id = ? AND k.name = ? AND r.lifecycle < 2
        """);

    private Statement FindTail => field ??= connection.Prepare("SELECT points FROM tail WHERE series = ?");

    // Chunks do not overlap: one that begins at a smaller step than another before the range also ends before the range.
    private Statement FindChunks => field ??= connection.Prepare("""
        SELECT id, count, first_step, first_ms, first_value, last_step, last_ms, last_value FROM chunk
        WHERE series = ?1 AND first_step >= ifnull((SELECT max(first_step) FROM chunk WHERE series = ?1 AND first_step < ?2), ?2) AND first_step <= ?3
        ORDER BY first_step, first_ms
        """);

    private Statement FindPoints => field ??= connection.Prepare("SELECT points FROM chunk WHERE id = ?");

    private Statement FindCoarse => field ??= connection.Prepare("SELECT points FROM coarse WHERE chunk = ?");

    public MetricSeries Read(RunId run, string key, SeriesQuery query, CancellationToken cancellationToken)
    {
        long series;
        using (Rows rows = FindSeries.With(run.Value).With(key).Query())
        {
            if (!rows.Next())
                return new SeriesBuilder(query).Build(run, key);
            series = FindSeries.Int64(0);
        }

        ReadTail(series);
        FindExtents(series, query);
        long inside = 0, cut = 0;
        foreach (ChunkExtent chunk in _chunks)
        {
            if (chunk.IsInside(query))
                inside += chunk.Row.Count;
            else
                cut += chunk.Row.Count;
        }

        // A range of steps cuts two chunks at most; one of times may cut all and find little in them.
        SeriesBuilder builder = new(query, (int)Math.Min(_tail.Count + inside + Math.Min(cut, 2 * PointChunk.Capacity), Array.MaxLength));
        bool reducible = builder.TakesBuckets(inside);
        (ChunkRow? first, ChunkRow? last) = reducible && query.Axis == SeriesAxis.Time ? EndsInTime(query) : default;
        ReadOnlySpan<MetricPoint> tail = _tail.Points;
        foreach (ChunkExtent chunk in _chunks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            builder.Add(Take(ref tail, until: chunk.Row.First, included: false));
            ReadOnlySpan<MetricPoint> late = Take(ref tail, until: chunk.Row.Last, included: true);
            if (reducible && late.IsEmpty && chunk.IsInside(query) && chunk.Row != first && chunk.Row != last)
                AddCoarse(builder, chunk.Row);
            else
                AddPoints(builder, chunk.Row, late);
        }

        builder.Add(tail);
        return builder.Build(run, key);
    }

    /// <summary>Takes the points at the front that come before another, or are it.</summary>
    private static ReadOnlySpan<MetricPoint> Take(ref ReadOnlySpan<MetricPoint> points, in MetricPoint until, bool included)
    {
        int count = 0;
        while (count < points.Length && points[count].CompareTo(until) < (included ? 1 : 0))
            count++;
        ReadOnlySpan<MetricPoint> taken = points[..count];
        points = points[count..];
        return taken;
    }

    private static void Decode(Statement blobs, PointBuffer points)
    {
        using Rows rows = blobs.Query();
        while (rows.Next())
            points.AddChunk(blobs.Blob(0));
    }

    private void ReadTail(long series)
    {
        _tail.Clear();
        Decode(FindTail.With(series), _tail);
        _tail.Sort();
    }

    /// <summary>Finds the chunks that may have points in the range, in stored order.</summary>
    private void FindExtents(long series, SeriesQuery query)
    {
        _chunks.Clear();
        bool byTime = query.Axis == SeriesAxis.Time;
        using BlobStart blobs = new(connection, "chunk", "points");
        Span<byte> header = stackalloc byte[PointChunk.HeaderLength];
        using Rows rows = FindChunks.With(series).With(byTime ? long.MinValue : query.From ?? long.MinValue).With(byTime ? long.MaxValue : query.To ?? long.MaxValue).Query();
        while (rows.Next())
        {
            ChunkRow row = new(FindChunks.Int64(0), FindChunks.Int32(1), FindChunks.Point(2), FindChunks.Point(5));
            ChunkExtent chunk = new(row, row.First.Step, row.Last.Step);
            if (byTime)
            {
                // The columns know the times of the first and the last point only.
                PointChunkHeader says = PointChunk.ReadHeader(blobs.Read(row.Number, header));
                chunk = new ChunkExtent(row, says.FirstTimestampMs, says.LastTimestampMs);
            }

            if (!chunk.IsOutside(query))
                _chunks.Add(chunk);
        }

        // Chunks of one step and time are ordered by value. Here and not by SQLite, which would set up a sort for each row to find that it has no equal.
        _chunks.Sort((left, right) => left.Row.First.CompareTo(right.Row.First));
    }

    /// <summary>The chunks inside the range whose buckets may hide its first and its last point in time.</summary>
    private (ChunkRow? First, ChunkRow? Last) EndsInTime(SeriesQuery query)
    {
        ChunkExtent? first = null, last = null;
        foreach (ChunkExtent chunk in _chunks)
        {
            if (!chunk.IsInside(query))
                continue;

            // Of points at one time the first is that with the smallest step, so it lies in the first of the chunks; and the last in the last.
            if (first is null || chunk.From < first.Value.From)
                first = chunk;
            if (last is null || chunk.To >= last.Value.To)
                last = chunk;
        }

        return (first?.Row, last?.Row);
    }

    private void AddCoarse(SeriesBuilder builder, ChunkRow chunk)
    {
        using Rows rows = FindCoarse.With(chunk.Number).Query();
        if (!rows.Next())
            throw new ChunkCorruptException("It has no coarse level.");
        int count = PointChunk.DecodeCoarse(FindCoarse.Blob(0), _buckets);
        builder.Add(_buckets.AsSpan(0, count), chunk.Count, chunk.First, chunk.Last);
    }

    private void AddPoints(SeriesBuilder builder, ChunkRow chunk, ReadOnlySpan<MetricPoint> late)
    {
        _points.Clear();
        Decode(FindPoints.With(chunk.Number), _points);
        if (!late.IsEmpty)
        {
            _points.Add(late);
            _points.Sort();
        }

        builder.Add(_points.Points);
    }

    /// <summary>A chunk, and from where to where it reaches on the axis, in steps or milliseconds.</summary>
    private readonly record struct ChunkExtent(ChunkRow Row, long From, long To)
    {
        public bool IsInside(SeriesQuery query) => !(From < query.From || To > query.To);

        public bool IsOutside(SeriesQuery query) => To < query.From || From > query.To;
    }
}
