using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MLOps.Tracking.Telemetry;

/// <summary>What the tracker says of itself. The meter and the activity source are both named <c>MLOps.Tracking</c>.</summary>
internal sealed class TrackingTelemetry : IDisposable
{
    public const string Name = "MLOps.Tracking";
    private static readonly ActivitySource Source = new(Name);
    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Counter<long> _applied, _pointsApplied, _rejected;
    private readonly Histogram<double> _applyDuration;

    /// <param name="factory">The host's; null makes a meter of our own.</param>
    /// <param name="storeName">The store's name in the host, a tag of each instrument.</param>
    /// <param name="accepted">Reads the number of points accepted.</param>
    /// <param name="dropped">Reads the number of points dropped.</param>
    /// <param name="depth">Reads the number of records that wait for the store.</param>
    public TrackingTelemetry(IMeterFactory? factory, string storeName, Func<long> accepted, Func<long> dropped, Func<long> depth)
    {
        KeyValuePair<string, object?>[] tags = [new("mlops.store", storeName)];
        _ownsMeter = factory is null;
        _meter = factory?.Create(new MeterOptions(Name) { Tags = tags }) ?? new Meter(new MeterOptions(Name) { Tags = tags });
        _meter.CreateObservableCounter("mlops.metric.points.accepted", accepted, "{point}", "Points whose log call has returned.");
        _meter.CreateObservableCounter("mlops.metric.points.dropped", dropped, "{point}", "Points that found no room in the journal.");
        _meter.CreateObservableGauge("mlops.journal.depth", depth, "{slot}", "Journal slots that wait for the store.");
        _applied = _meter.CreateCounter<long>("mlops.records.applied", "{record}", "Records that the store has; all points of one series in a batch count as one.");
        _pointsApplied = _meter.CreateCounter<long>("mlops.metric.points.applied", "{point}", "Points that the store has.");
        _rejected = _meter.CreateCounter<long>("mlops.records.rejected", "{record}", "Records that the store refused.");
        _applyDuration = _meter.CreateHistogram<double>("mlops.apply.duration", "s", "How long the store took for a batch.");
    }

    public static Activity? StartApply(int records)
    {
        Activity? activity = Source.StartActivity("mlops.apply");
        activity?.SetTag("mlops.records", records);
        return activity;
    }

    public void Applied(long records, long points, TimeSpan took)
    {
        _applied.Add(records);
        _pointsApplied.Add(points);
        _applyDuration.Record(took.TotalSeconds);
    }

    public void Rejected(int records) => _rejected.Add(records);

    public void Dispose()
    {
        if (_ownsMeter)
            _meter.Dispose();
    }
}
