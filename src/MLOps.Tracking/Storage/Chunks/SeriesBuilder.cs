namespace MLOps.Tracking.Storage;

/// <summary>Makes one series of the answer to a <see cref="SeriesQuery"/> from what a store reads of it: cuts it to the range, orders it by the axis, reduces it. All back ends share it, so that they answer alike.</summary>
/// <remarks>
/// <para>A store adds all points that may lie in the range, in stored order (<see cref="MetricPoint.CompareTo"/>), equal points once. Where <see cref="TakesBuckets"/> allows it, the coarse level of
/// a chunk takes the place of its points.</para>
/// <para>With <see cref="SeriesQuery.MaxPoints"/> memory is bounded by it and not by the series: at most about 250 bytes for each of those points. One series at a time, one thread at a time.</para>
/// </remarks>
public sealed class SeriesBuilder
{
    private readonly SeriesQuery _query;
    private readonly SeriesReduction? _reduction;
    private MetricPoint[] _points;
    private int _count;

    /// <summary>Begins a series.</summary>
    /// <param name="query">The query, for its axis, range and <see cref="SeriesQuery.MaxPoints"/>; <see cref="SeriesQuery.Check"/> accepts it.</param>
    /// <param name="capacity">How many points are expected, to make room at once where all are kept; 0 when unknown.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is negative.</exception>
    public SeriesBuilder(SeriesQuery query, int capacity = 0)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfNegative(capacity);
        _query = query;
        _reduction = query.MaxPoints is { } most ? new SeriesReduction(most, query.Axis) : null;
        _points = _reduction is null && capacity > 0 ? new MetricPoint[capacity] : [];
    }

    /// <summary>Whether <see cref="Add(ReadOnlySpan{CoarseBucket}, int, MetricPoint, MetricPoint)"/> may be called: the answer is reduced to groups of at least 64 points.</summary>
    /// <param name="count">How many points lie in the range, or fewer.</param>
    /// <returns>True when buckets lose nothing that points would have kept, but for where exactly one group ends and the next begins.</returns>
    public bool TakesBuckets(long count) => _reduction is not null && count / PointChunk.PointsPerBucket >= _reduction.Groups;

    /// <summary>Adds points. Those out of the range are left out.</summary>
    /// <param name="points">Points in stored order, behind all that was added before.</param>
    public void Add(ReadOnlySpan<MetricPoint> points)
    {
        if (_query.From is null && _query.To is null)
        {
            AddAll(points);
            return;
        }

        while (!points.IsEmpty)
        {
            int skipped = 0;
            while (skipped < points.Length && !IsInRange(points[skipped]))
                skipped++;
            int end = skipped;
            while (end < points.Length && IsInRange(points[end]))
                end++;
            AddAll(points[skipped..end]);
            points = points[end..];
        }
    }

    /// <summary>Adds a chunk by its coarse level. All its points lie in the range, and behind all that was added before.</summary>
    /// <param name="buckets">The buckets, as <see cref="PointChunk.DecodeCoarse"/> gives them.</param>
    /// <param name="count">How many points the chunk has.</param>
    /// <param name="first">The first point of the chunk.</param>
    /// <param name="last">The last point of the chunk.</param>
    /// <remarks>On <see cref="SeriesAxis.Time"/> the earliest point of the series and the latest may hide in buckets. The store adds the chunks that have them by their points:
    /// in stored order the first with the least <see cref="PointChunkHeader.FirstTimestampMs"/> and the last with the greatest <see cref="PointChunkHeader.LastTimestampMs"/>.</remarks>
    /// <exception cref="ArgumentException"><paramref name="count"/> points do not make these buckets.</exception>
    /// <exception cref="InvalidOperationException">The query does not reduce.</exception>
    public void Add(ReadOnlySpan<CoarseBucket> buckets, int count, MetricPoint first, MetricPoint last)
    {
        if (_reduction is null)
            throw new InvalidOperationException($"A series that is read whole takes no buckets. Ask {nameof(TakesBuckets)} first.");
        if (buckets.IsEmpty || (count + PointChunk.PointsPerBucket - 1) / PointChunk.PointsPerBucket != buckets.Length)
            throw new ArgumentException($"{count} points do not make {buckets.Length} buckets of {PointChunk.PointsPerBucket}.", nameof(count));
        _reduction.Add(buckets, count, first, last);
    }

    /// <summary>Ends the series. Nothing is added after it.</summary>
    /// <param name="run">The run.</param>
    /// <param name="key">The key.</param>
    /// <returns>The series.</returns>
    public MetricSeries Build(RunId run, string key)
    {
        MetricPoint[] points = _points;
        if (_reduction is not null)
            points = _reduction.ToArray();
        else
            Array.Resize(ref points, _count);
        _query.Axis.Sort(points);
        return new MetricSeries { RunId = run, Key = key, Points = points, IsReduced = _reduction is not null && _reduction.Count > points.Length };
    }

    private bool IsInRange(in MetricPoint point)
    {
        long at = _query.Axis == SeriesAxis.Time ? point.TimestampMs : point.Step;
        return !(at < _query.From || at > _query.To);
    }

    private void AddAll(ReadOnlySpan<MetricPoint> points)
    {
        if (_reduction is not null)
        {
            _reduction.Add(points);
            return;
        }

        if (_points.Length - _count < points.Length)
            Array.Resize(ref _points, Math.Max(_count + points.Length, 2 * _points.Length));
        points.CopyTo(_points.AsSpan(_count));
        _count += points.Length;
    }
}
