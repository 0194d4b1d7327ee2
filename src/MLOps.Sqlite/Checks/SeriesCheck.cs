using MLOps.Sqlite.Connections;
using MLOps.Sqlite.Metrics;
using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Checks;

/// <summary>Reads all points of a series and compares them with what is kept beside them.</summary>
internal sealed class SeriesCheck(Connection connection)
{
    private readonly MetricPoint[] _points = new MetricPoint[PointChunk.Capacity];
    private readonly CoarseBucket[] _kept = new CoarseBucket[PointChunk.Capacity / PointChunk.PointsPerBucket];
    private readonly CoarseBucket[] _expected = new CoarseBucket[PointChunk.Capacity / PointChunk.PointsPerBucket];

    // Whose series it is, and whether that is right, before its points.
    private Statement FindSeries => field ??= connection.Prepare("""
        SELECT s.id, k.name, s.owner_kind, r.run_id, r.lifecycle, iif(s.owner_kind = 0, r.experiment, g.experiment) IS s.experiment,
            s.tail_count, s.newest_ms, s.latest_step, s.latest_ms, s.latest_value, s.first_step, s.first_ms, s.first_value, s.last_step, s.last_ms, s.last_value, s.min_value, s.max_value, g.model_id
        FROM series s LEFT JOIN key_name k ON k.id = s.key LEFT JOIN measurement m ON s.owner_kind = 1 AND m.id = s.owner LEFT JOIN logged_model g ON g.id = m.model
            LEFT JOIN run r ON r.id = iif(s.owner_kind = 0, s.owner, m.run)
        WHERE s.id > ? ORDER BY s.id LIMIT 1
        """);

    private Statement FindChunks => field ??= connection.Prepare("""
        SELECT c.id, c.count, c.first_step, c.first_ms, c.first_value, c.last_step, c.last_ms, c.last_value, c.points, o.points
        FROM chunk c LEFT JOIN coarse o ON o.chunk = c.id WHERE c.series = ?
        """);

    private Statement FindTail => field ??= connection.Prepare("SELECT id, count, points FROM tail WHERE series = ?");

    /// <summary>Checks the first series after one.</summary>
    /// <returns>Its number; null when there is none.</returns>
    public long? Check(long after, List<StoreFinding> findings)
    {
        CheckedSeries series;
        using (Rows rows = FindSeries.With(after).Query())
        {
            if (!rows.Next())
                return null;
            series = Read(FindSeries, findings);
            if (series.IsPurging)
                return series.Number;
        }

        try
        {
            Chunks(series);
            Tail(series);
            series.CompareSummary();
        }
        catch (SqliteErrorException error) when (error.IsDamage)
        {
            series.Add(StoreFindingKind.Storage, $"cannot be read: {error.Message}.");
        }

        return series.Number;
    }

    private static CheckedSeries Read(Statement row, List<StoreFinding> findings)
    {
        CheckedSeries series = new(row.Int64(0), row.TextOrNull(1), RunId.TryParse(row.TextOrNull(3), out RunId run) ? run : null, findings)
        {
            IsPurging = row.Int64(4) == 2,
            IsOfModel = row.Int64(2) == 1,
            Model = row.TextOrNull(19),
            TailCount = row.Int64(6),
            Summary = new SeriesSummary { NewestMs = row.Int64(7), Latest = row.Point(8), First = row.Point(11), Last = row.Point(14), Min = row.Double(17), Max = row.Double(18) },
        };
        if (row.Int64(2) is not (0 or 1))
            series.Add(StoreFindingKind.Reference, "belongs to neither a run nor a logged model.");
        else if (series.Run is null || (series.IsOfModel && series.Model is null))
            series.Add(StoreFindingKind.Reference, series.IsOfModel ? "tells of a logged model, or comes from a run, that is not there." : "belongs to a run that is not there.");
        else if (!series.IsPurging && row.Int64(5) == 0)
            series.Add(StoreFindingKind.Reference, $"is kept under another experiment than its {(series.IsOfModel ? "logged model" : "run")}.");
        return series;
    }

    private void Chunks(CheckedSeries series)
    {
        List<(MetricPoint First, MetricPoint Last, long Number)> spans = [];
        using (Rows rows = FindChunks.With(series.Number).Query())
        {
            while (rows.Next())
            {
                long number = FindChunks.Int64(0);
                if (Decode(series, $"chunk {number}", FindChunks.Blob(8)) is not { } count)
                    continue;
                (MetricPoint first, MetricPoint last) = (_points[0], _points[count - 1]);
                spans.Add((first, last, number));
                if ((FindChunks.Int64(1), FindChunks.Point(2), FindChunks.Point(5)) != (count, first, last))
                    series.Add(StoreFindingKind.Points, $"has chunk {number} whose count, first or last point stand wrongly beside it.");
                if (CoarseError(count) is { } error)
                    series.Add(StoreFindingKind.Summary, $"has chunk {number} whose coarse level {error}.");
            }
        }

        spans.Sort();
        for (int i = 1; i < spans.Count; i++)
        {
            if (spans[i].First <= spans[i - 1].Last)
                series.Add(StoreFindingKind.Points, $"has chunks {spans[i - 1].Number} and {spans[i].Number} that overlap.");
        }
    }

    private void Tail(CheckedSeries series)
    {
        using Rows rows = FindTail.With(series.Number).Query();
        while (rows.Next())
        {
            long number = FindTail.Int64(0), said = FindTail.Int64(1);
            int? count = Decode(series, $"part {number} of its open tail", FindTail.Blob(2));
            series.FoundInTail += count ?? said;
            if (count is not null && count != said)
                series.Add(StoreFindingKind.Points, $"has part {number} of its open tail whose count stands wrongly beside it.");
        }
    }

    private int? Decode(CheckedSeries series, string what, ReadOnlySpan<byte> chunk)
    {
        try
        {
            int count = PointChunk.Decode(chunk, _points);
            series.Include(_points.AsSpan(0, count));
            return count;
        }
        catch (ChunkCorruptException error)
        {
            series.Lose($"has lost {what}: {error.Damage}");
            return null;
        }
    }

    private string? CoarseError(int count)
    {
        if (FindChunks.IsNull(9))
            return "is missing";
        try
        {
            int kept = PointChunk.DecodeCoarse(FindChunks.Blob(9), _kept);
            int expected = PointChunk.DecodeCoarse(PointChunk.EncodeCoarse(_points.AsSpan(0, count)), _expected);
            return _kept.AsSpan(0, kept).SequenceEqual(_expected.AsSpan(0, expected)) ? null : "contradicts its points";
        }
        catch (ChunkCorruptException error)
        {
            return $"cannot be decoded ({error.Damage.TrimEnd('.')})";
        }
    }
}
