using System.Buffers;
using System.Text.Json;
using MLOps.Server.Wire;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Metrics;

/// <summary>The points of a request, put together by series in rented memory: there are objects for each series and none for each point.</summary>
internal sealed class SentPoints
{
    private readonly List<SentSeries> _series = [];
    private readonly Dictionary<SeriesName, int> _numbers = [];
    private readonly MetricPoint[] _points;
    private readonly int[] _seriesOf;
    private MetricPoint[] _bySeries = [];
    private int _count;
    private int _last;

    private SentPoints(int count)
    {
        _points = ArrayPool<MetricPoint>.Shared.Rent(count);
        _seriesOf = ArrayPool<int>.Shared.Rent(count);
    }

    /// <summary>Reads the list <c>metrics</c> of a request; null when it has none.</summary>
    public static SentPoints? Read(MlflowFields fields)
    {
        int count = fields.Count("metrics");
        if (count == 0 || !fields.TryGet("metrics", out JsonElement metrics))
            return null;
        SentPoints sent = new(count);
        foreach (JsonElement metric in metrics.EnumerateArray())
        {
            if (metric.ValueKind != JsonValueKind.Object)
                throw MlflowException.InvalidValue($"metrics[{sent._count}]", CompactJson.Of(metric), "an object is expected.");
            sent.Add(new MetricFields(metric, sent._count));
        }

        return sent;
    }

    /// <summary>Adds a record for each series.</summary>
    public void AddRecords(RunId run, List<TrackingRecord> records)
    {
        _bySeries = ArrayPool<MetricPoint>.Shared.Rent(_count);
        int start = 0;
        foreach (SentSeries series in _series)
        {
            records.Add(series.Name.RecordOf(run, _bySeries.AsMemory(start, series.Count)));
            series.End = start;
            start += series.Count;
        }

        for (int i = 0; i < _count; i++)
            _bySeries[_series[_seriesOf[i]].End++] = _points[i];
    }

    /// <summary>Gives the memory back. It is for those whose records a store has applied: of one that failed nobody knows whether it reads on.</summary>
    public void Release()
    {
        ArrayPool<MetricPoint>.Shared.Return(_points);
        ArrayPool<MetricPoint>.Shared.Return(_bySeries);
        ArrayPool<int>.Shared.Return(_seriesOf);
    }

    private void Add(in MetricFields metric)
    {
        _last = NumberOf(metric);
        _points[_count] = metric.Point();
        _seriesOf[_count++] = _last;
        _series[_last].Count++;
    }

    private int NumberOf(in MetricFields metric)
    {
        if (_series.Count > 0)
        {
            // Clients send one metric step after step, or all metrics of a step and then of the next: either this series again, or the one that came after it the last time.
            if (metric.IsOf(_series[_last]))
                return _last;
            int next = _last + 1 < _series.Count ? _last + 1 : 0;
            if (metric.IsOf(_series[next]))
                return next;
        }

        SeriesName name = metric.Series();
        if (!_numbers.TryGetValue(name, out int number))
        {
            _numbers.Add(name, number = _series.Count);
            _series.Add(new SentSeries(name));
        }

        return number;
    }
}
