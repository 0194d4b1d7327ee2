using System.Buffers;
using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Runs;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Metrics;

/// <summary>
/// Writes points. Those of a batch are gathered by series and written once at its end: few go to the open tail as one small chunk, many are folded
/// with the tail into chunks. See docs/decisions/0001-open-tail-of-small-blobs.md.
/// </summary>
internal sealed class PointWriter(Connection connection, SeriesTable table)
{
    private readonly List<SeriesState> _changed = [];
    private readonly PointBuffer _added = new();
    private readonly PointBuffer _merged = new();
    private readonly ArrayBufferWriter<byte> _encoded = new();

    private Statement InsertTail => field ??= connection.Prepare("INSERT INTO tail(series, count, points) VALUES(?, ?, ?)");

    private Statement FindTail => field ??= connection.Prepare("SELECT points FROM tail WHERE series = ? ORDER BY id");

    private Statement DeleteTail => field ??= connection.Prepare("DELETE FROM tail WHERE series = ?");

    private Statement InsertChunk => field ??= connection.Prepare(
        "INSERT INTO chunk(series, count, first_step, first_ms, first_value, last_step, last_ms, last_value, points) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");

    private Statement InsertCoarse => field ??= connection.Prepare("INSERT INTO coarse(chunk, points) VALUES(?, ?)");

    private Statement DeleteChunk => field ??= connection.Prepare("DELETE FROM chunk WHERE id = ?");

    private Statement FindLastChunk => field ??= connection.Prepare("""
        SELECT id, count, first_step, first_ms, first_value, last_step, last_ms, last_value FROM chunk WHERE series = ?
        ORDER BY first_step DESC, first_ms DESC, first_value IS NULL DESC, first_value DESC LIMIT 1
        """);

    private Statement FindChunksBackwards => field ??= connection.Prepare("""
        SELECT id, count, first_step, first_ms, first_value, last_step, last_ms, last_value, points FROM chunk
        WHERE series = ? AND (first_step, first_ms) <= (?, ?) ORDER BY first_step DESC, first_ms DESC
        """);

    /// <summary>Adds points to what the batch will write.</summary>
    public void Add(SeriesState series, ReadOnlyMemory<MetricPoint> points)
    {
        if (series.Added.Count == 0)
            _changed.Add(series);
        series.Added.Add(points);
    }

    /// <summary>Writes what was added and ends the tails of runs that have ended in the batch.</summary>
    public void Flush(IReadOnlyCollection<RunState> ended)
    {
        foreach (SeriesState series in _changed)
        {
            Write(series, Sorted(series.Added), series.Run.HasEnded && ended.Contains(series.Run));
            series.Added.Clear();
        }

        _changed.Clear();
        foreach (RunState run in ended)
        {
            if (run.HasEnded)
                EndTails(run);
        }
    }

    /// <summary>Forgets what was added, after a batch that came to nothing.</summary>
    public void Drop()
    {
        foreach (SeriesState series in _changed)
            series.Added.Clear();
        _changed.Clear();
    }

    /// <summary>Folds the tails of a run's series, so that all its points lie in chunks.</summary>
    public void EndTails(RunState run)
    {
        foreach (SeriesState series in table.WithTail(run))
        {
            if (TryFold(series, [], ended: true))
                table.Save(series);
        }
    }

    private static bool IsSorted(ReadOnlySpan<MetricPoint> points)
    {
        for (int i = 1; i < points.Length; i++)
        {
            if (points[i].Step <= points[i - 1].Step && points[i] <= points[i - 1])
                return false;
        }

        return true;
    }

    private ReadOnlySpan<MetricPoint> Sorted(List<ReadOnlyMemory<MetricPoint>> added)
    {
        if (added.Count == 1 && IsSorted(added[0].Span))
            return added[0].Span;
        _added.Clear();
        foreach (ReadOnlyMemory<MetricPoint> points in added)
            _added.Add(points.Span);
        _added.Sort();
        return _added.Points;
    }

    private void Write(SeriesState series, ReadOnlySpan<MetricPoint> points, bool ended)
    {
        if (series.Number == 0)
        {
            series.Summary = SeriesSummary.Of(points);
            table.Add(series);
        }
        else
        {
            SeriesSummary summary = series.Summary;
            summary.Include(points);
            series.Summary = summary;
        }

        if (!(ended || series.TailCount + points.Length >= PointChunk.Capacity) || !TryFold(series, points, ended))
        {
            for (; !points.IsEmpty; points = points[Math.Min(PointChunk.Capacity, points.Length)..])
                AddTail(series, points[..Math.Min(PointChunk.Capacity, points.Length)]);
        }

        table.Save(series);
    }

    /// <summary>Folds unless what the series holds is damaged. Then new points stay in the tail: a bad series must not block the batch, and reading it says what is wrong.</summary>
    private bool TryFold(SeriesState series, ReadOnlySpan<MetricPoint> points, bool ended)
    {
        try
        {
            Fold(series, points, ended);
            return true;
        }
        catch (ChunkCorruptException)
        {
            return false;
        }
    }

    /// <summary>
    /// Brings the tail and new points into chunks. Points behind the last chunk, the usual case, are cut into chunks as they are; late ones are merged with the
    /// chunks that they overlap. What does not fill a chunk goes back to the tail, unless the run has ended or later chunks follow.
    /// </summary>
    private void Fold(SeriesState series, ReadOnlySpan<MetricPoint> points, bool ended)
    {
        // All is read before anything is changed: what is read may be damaged.
        if (series.TailCount > 0)
            points = WithTail(series, points);
        ChunkRow? last = LastChunk(series);
        bool inTheMiddle = last is not null && points[^1] < last.First;
        if (last is not null && (points[0] <= last.Last || !last.IsFull))
            points = WithOverlapped(series, points, last, inTheMiddle);
        if (series.TailCount > 0)
        {
            DeleteTail.With(series.Number).Run();
            series.TailCount = 0;
        }

        for (; !points.IsEmpty; points = points[Math.Min(PointChunk.Capacity, points.Length)..])
        {
            ReadOnlySpan<MetricPoint> cut = points[..Math.Min(PointChunk.Capacity, points.Length)];
            if (cut.Length < PointChunk.Capacity && !ended && !inTheMiddle)
                AddTail(series, cut);
            else
                AddChunk(series, cut, isLast: !inTheMiddle);
        }
    }

    private ReadOnlySpan<MetricPoint> WithTail(SeriesState series, ReadOnlySpan<MetricPoint> points)
    {
        _merged.Clear();
        using (Rows rows = FindTail.With(series.Number).Query())
        {
            while (rows.Next())
                _merged.AddChunk(FindTail.Blob(0));
        }

        _merged.Add(points);
        _merged.Sort();
        return _merged.Points;
    }

    /// <summary>Takes the chunks that points overlap out of the table and merges them in; the last chunk too when it has room and points reach it.</summary>
    private ReadOnlySpan<MetricPoint> WithOverlapped(SeriesState series, ReadOnlySpan<MetricPoint> points, ChunkRow last, bool inTheMiddle)
    {
        MetricPoint from = !inTheMiddle && !last.IsFull && last.First < points[0] ? last.First : points[0];
        MetricPoint to = points[^1];
        if (!_merged.Points.Overlaps(points))
        {
            _merged.Clear();
            _merged.Add(points);
        }

        List<long> overlapped = [];
        using (Rows rows = FindChunksBackwards.With(series.Number).With(to.Step).With(to.TimestampMs).Query())
        {
            while (rows.Next())
            {
                ChunkRow chunk = ReadChunk(FindChunksBackwards);
                if (chunk.Last >= from && chunk.First <= to)
                {
                    overlapped.Add(chunk.Number);
                    _merged.AddChunk(FindChunksBackwards.Blob(8));
                }
                else if ((chunk.Last.Step, chunk.Last.TimestampMs).CompareTo((from.Step, from.TimestampMs)) < 0)
                {
                    // Chunks do not overlap, so all before this one end before it; only those of one step and time come in any order.
                    break;
                }
            }
        }

        foreach (long number in overlapped)
            DeleteChunk.With(number).Run();
        if (overlapped.Contains(last.Number))
            series.KnowsLastChunk = false;
        _merged.Sort();
        return _merged.Points;
    }

    private void AddTail(SeriesState series, ReadOnlySpan<MetricPoint> points)
    {
        InsertTail.With(series.Number).With(points.Length).With(Encode(points)).Run();
        series.TailCount += points.Length;
    }

    private void AddChunk(SeriesState series, ReadOnlySpan<MetricPoint> points, bool isLast)
    {
        ReadOnlySpan<byte> blob = Encode(points);
        PointChunkHeader header = PointChunk.ReadHeader(blob);
        InsertChunk.With(series.Number).With(header.Count).With(header.First).With(header.Last).With(blob).Run();
        ChunkRow chunk = new(connection.LastInsertId, header.Count, header.First, header.Last);
        InsertCoarse.With(chunk.Number).With(PointChunk.EncodeCoarse(points)).Run();
        if (isLast)
            (series.LastChunk, series.KnowsLastChunk) = (chunk, true);
    }

    private ChunkRow? LastChunk(SeriesState series)
    {
        if (!series.KnowsLastChunk)
        {
            using Rows rows = FindLastChunk.With(series.Number).Query();
            series.LastChunk = rows.Next() ? ReadChunk(FindLastChunk) : null;
            series.KnowsLastChunk = true;
        }

        return series.LastChunk;
    }

    private ReadOnlySpan<byte> Encode(ReadOnlySpan<MetricPoint> points)
    {
        _encoded.ResetWrittenCount();
        PointChunk.Encode(points, _encoded);
        return _encoded.WrittenSpan;
    }

    private static ChunkRow ReadChunk(Statement row) => new(row.Int64(0), row.Int32(1), row.Point(2), row.Point(5));
}
