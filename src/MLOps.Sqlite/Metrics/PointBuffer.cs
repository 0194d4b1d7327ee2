using MLOps.Tracking.Storage;

namespace MLOps.Sqlite.Metrics;

/// <summary>A growing run of points that is used again and again, so that merging allocates nothing in the long run.</summary>
internal sealed class PointBuffer
{
    private const int MostKept = 1 << 20;
    private MetricPoint[] _points = new MetricPoint[PointChunk.Capacity];
    private int _count;

    public int Count => _count;

    public ReadOnlySpan<MetricPoint> Points => _points.AsSpan(0, _count);

    public void Clear()
    {
        _count = 0;
        if (_points.Length > MostKept)
            _points = new MetricPoint[PointChunk.Capacity];
    }

    public void Add(ReadOnlySpan<MetricPoint> points)
    {
        points.CopyTo(Room(points.Length));
        _count += points.Length;
    }

    public void AddChunk(ReadOnlySpan<byte> chunk) => _count += PointChunk.Decode(chunk, Room(PointChunk.ReadHeader(chunk).Count));

    public void Sort(int from = 0) => _count = from + PointChunk.SortAndCollapse(_points.AsSpan(from, _count - from));

    private Span<MetricPoint> Room(int count)
    {
        if (_points.Length < _count + count)
            Array.Resize(ref _points, Math.Max(_count + count, 2 * _points.Length));
        return _points.AsSpan(_count, count);
    }
}
