using System.Runtime.InteropServices;

namespace MLOps.Tracking.Storage;

/// <summary>
/// Reduces a series as it comes by, without knowing its length. Each entry covers a power of two of points; when there are too many entries, neighbours are joined and the power grows.
/// At the end the entries, several for each group, are cut into as many groups as there is room for.
/// </summary>
internal sealed class SeriesReduction(int maxPoints, SeriesAxis axis)
{
    // More than four to a group, so that groups differ little in size; and so many that a series that needs no reduction has an entry for each point.
    private readonly long _mostEntries = 2L * maxPoints;
    private readonly List<Entry> _entries = [];
    private int _shift;
    private MetricPoint _first;
    private MetricPoint _last;

    /// <summary>How many groups the points are cut into when they are too many: a smallest and a largest of each, and room for the first and the last of all.</summary>
    public long Groups { get; } = (maxPoints - 2) / 2;

    /// <summary>How many points were added.</summary>
    public long Count { get; private set; }

    public void Add(ReadOnlySpan<MetricPoint> points)
    {
        if (points.IsEmpty)
            return;
        See(points);
        while (!points.IsEmpty)
        {
            long end = ((Count >> _shift) + 1) << _shift;
            int length = (int)Math.Min(points.Length, end - Count);
            Add(CoarseBucket.Of(points[..length]), length);
            points = points[length..];
        }
    }

    public void Add(ReadOnlySpan<CoarseBucket> buckets, int count, in MetricPoint first, in MetricPoint last)
    {
        See(first, last);
        foreach (ref readonly CoarseBucket bucket in buckets)
        {
            int length = Math.Min(count, PointChunk.PointsPerBucket);
            Add(bucket, length);
            count -= length;
        }
    }

    /// <summary>The points that are kept, in stored order; all when there is room for all.</summary>
    public MetricPoint[] ToArray()
    {
        if (Count == 0)
            return [];
        long groups = Count <= maxPoints ? Count : Groups, last = -1;
        List<Entry> joined = [];
        foreach (Entry entry in _entries)
        {
            long group = (long)((Int128)entry.Start * groups / Count);
            if (group == last)
                joined[^1] = joined[^1].With(entry);
            else
                joined.Add(entry);
            last = group;
        }

        MetricPoint[] kept = [_first, .. joined.SelectMany(group => (MetricPoint[])[group.Min, group.Max]), _last];
        return kept[..PointChunk.SortAndCollapse(kept)];
    }

    private void See(ReadOnlySpan<MetricPoint> points)
    {
        MetricPoint first = points[0], last = points[^1];
        if (axis == SeriesAxis.Time)
        {
            foreach (ref readonly MetricPoint point in points)
            {
                if (axis.Compare(point, first) < 0)
                    first = point;
                if (axis.Compare(point, last) > 0)
                    last = point;
            }
        }

        See(first, last);
    }

    private void See(in MetricPoint first, in MetricPoint last)
    {
        if (Count == 0 || axis.Compare(first, _first) < 0)
            _first = first;
        if (Count == 0 || axis.Compare(last, _last) > 0)
            _last = last;
    }

    private void Add(in CoarseBucket bucket, int count)
    {
        Entry entry = new(Count, bucket.Min, bucket.Max);
        if (_entries.Count > 0 && _entries[^1].Start >> _shift == entry.Start >> _shift)
            _entries[^1] = _entries[^1].With(entry);
        else
            _entries.Add(entry);
        Count += count;
        while (_entries.Count > _mostEntries)
            Join();
    }

    private void Join()
    {
        _shift++;
        Span<Entry> entries = CollectionsMarshal.AsSpan(_entries);
        int kept = 0;
        for (int i = 1; i < entries.Length; i++)
        {
            if (entries[i].Start >> _shift == entries[kept].Start >> _shift)
                entries[kept] = entries[kept].With(entries[i]);
            else
                entries[++kept] = entries[i];
        }

        CollectionsMarshal.SetCount(_entries, kept + 1);
    }

    /// <summary>Consecutive points: how many come before them, and the first of those with the smallest and with the largest value; NaN when all are.</summary>
    private readonly record struct Entry(long Start, MetricPoint Min, MetricPoint Max)
    {
        public Entry With(in Entry next) => new(
            Start,
            next.Min.Value < Min.Value || IsNumberAfterNaN(next) ? next.Min : Min,
            next.Max.Value > Max.Value || IsNumberAfterNaN(next) ? next.Max : Max);

        private bool IsNumberAfterNaN(in Entry next) => double.IsNaN(Min.Value) && !double.IsNaN(next.Min.Value);
    }
}
