using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Journaling;

/// <summary>Gathers records into a batch: points of one series become one record, at the place of the first of them.</summary>
/// <remarks>Moving points ahead is safe: they stay behind their run's start, and among points order does not matter.</remarks>
internal sealed class BatchBuilder
{
    private const int MaxPoints = 1 << 18;
    private const int MaxRecords = 1 << 14;
    private readonly List<TrackingRecord?> _records = [];
    private readonly Dictionary<SeriesKey, PointBuffer> _buffers = [];
    private readonly List<PointBuffer> _used = [];
    private readonly HashSet<int> _copies = [];
    private SeriesKey? _lastSeries;
    private PointBuffer? _lastBuffer;
    private int _points;

    /// <summary>The number of records so far, points of one series counting as one.</summary>
    public int Count => _records.Count;

    public bool IsFull => _points >= MaxPoints || _records.Count >= MaxRecords;

    /// <summary>Whether a record is the second copy of a run's start, whose first may have been applied by an earlier batch.</summary>
    public bool IsCopy(int index) => _copies.Contains(index);

    public void Add(TrackingRecord record) => _records.Add(record);

    /// <summary>Adds a record as a journal holds it.</summary>
    /// <returns>The run start last added, by which its copy is known.</returns>
    public TrackingRecord.RunStarted? Add(RecordKind kind, ReadOnlySpan<byte> slots, TrackingRecord.RunStarted? lastStart)
    {
        TrackingRecord record = RecordCodec.Read(kind, slots);
        if (record is not TrackingRecord.RunStarted start)
        {
            Add(record);
            return lastStart;
        }

        if (kind == RecordKind.RunStarted)
        {
            Add(start);
        }
        else if (lastStart?.RunId != start.RunId)
        {
            _copies.Add(_records.Count);
            Add(start);
        }

        return start;
    }

    public void Add(SeriesKey series, MetricPoint point)
    {
        if (!ReferenceEquals(series, _lastSeries))
            Select(series);
        _lastBuffer!.Add(point);
        _points++;
    }

    /// <summary>The records. Their points lie in buffers that <see cref="Clear"/> takes back.</summary>
    public List<TrackingRecord> Build()
    {
        foreach (PointBuffer buffer in _used)
            _records[buffer.Index] = new TrackingRecord.PointsLogged(buffer.Series.RunId, buffer.Series.Key, buffer.Points);
        return _records!;
    }

    public void Clear()
    {
        // A buffer of a series that is quiet for a while is not kept: a process may have many runs.
        if (_buffers.Count > 4 * Math.Max(16, _used.Count))
            _buffers.Clear();
        foreach (PointBuffer buffer in _used)
            buffer.Clear();
        _used.Clear();
        _records.Clear();
        _copies.Clear();
        _points = 0;
        _lastSeries = null;
    }

    private void Select(SeriesKey series)
    {
        if (!_buffers.TryGetValue(series, out PointBuffer? buffer))
            _buffers.Add(series, buffer = new PointBuffer(series));
        if (buffer.IsEmpty)
        {
            buffer.Index = _records.Count;
            _records.Add(null);
            _used.Add(buffer);
        }

        _lastSeries = series;
        _lastBuffer = buffer;
    }

    private sealed class PointBuffer(SeriesKey series)
    {
        private MetricPoint[] _points = [];
        private int _count;

        public SeriesKey Series { get; } = series;

        public int Index { get; set; }

        public bool IsEmpty => _count == 0;

        public ReadOnlyMemory<MetricPoint> Points => _points.AsMemory(0, _count);

        public void Add(MetricPoint point)
        {
            if (_count == _points.Length)
                Array.Resize(ref _points, Math.Max(16, _count * 2));
            _points[_count++] = point;
        }

        public void Clear() => _count = 0;
    }
}
