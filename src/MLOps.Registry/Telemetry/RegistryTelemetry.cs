using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace MLOps.Registry.Telemetry;

/// <summary>What a registry says of itself. The meter and the activity source are both named <c>MLOps.Registry</c>.</summary>
internal sealed class RegistryTelemetry : IDisposable
{
    public const string Name = "MLOps.Registry";
    private static readonly ActivitySource s_source = new(Name);
    private readonly Meter _meter;
    private readonly bool _ownsMeter;
    private readonly Counter<long> _swaps, _failures, _hits, _misses, _evictions;
    private readonly Histogram<double> _loadDuration, _resolveDuration;
    private long _cacheBytes;

    /// <param name="factory">The host's; null makes a meter of our own.</param>
    /// <param name="storeName">The store's name in the host, a tag of each instrument.</param>
    public RegistryTelemetry(IMeterFactory? factory, string storeName)
    {
        KeyValuePair<string, object?>[] tags = [new("mlops.store", storeName)];
        _ownsMeter = factory is null;
        _meter = factory?.Create(new MeterOptions(Name) { Tags = tags }) ?? new Meter(new MeterOptions(Name) { Tags = tags });
        _swaps = _meter.CreateCounter<long>("mlops.model.swaps", "{swap}", "Models that took the place of another one in a running program.");
        _failures = _meter.CreateCounter<long>("mlops.model.load.failures", "{failure}", "Attempts to load a model that failed; the one before went on serving.");
        _loadDuration = _meter.CreateHistogram<double>("mlops.model.load.duration", "s", "How long it took to load a model from its local files.");
        _resolveDuration = _meter.CreateHistogram<double>("mlops.registry.resolve.duration", "s", "How long it took from a model's URI to its verified local files.");
        _hits = _meter.CreateCounter<long>("mlops.registry.cache.hits", "{model}", "Models whose files were in the download cache.");
        _misses = _meter.CreateCounter<long>("mlops.registry.cache.misses", "{model}", "Models whose files were downloaded.");
        _evictions = _meter.CreateCounter<long>("mlops.registry.cache.evictions", "{model}", "Models that were removed from the download cache to make room.");
        _meter.CreateObservableGauge("mlops.registry.cache.bytes", () => Volatile.Read(ref _cacheBytes), "By", "What the download cache held when this process last filled it.");
    }

    public static Activity? StartResolve(ModelUri uri) => s_source.StartActivity("mlops.model.resolve")?.SetTag("mlops.model.uri", uri.ToString());

    public static Activity? StartLoad(ModelUri uri) => s_source.StartActivity("mlops.model.load")?.SetTag("mlops.model.uri", uri.ToString());

    public void Resolved(TimeSpan took) => _resolveDuration.Record(took.TotalSeconds);

    public void Loaded(ModelUri uri, TimeSpan took) => _loadDuration.Record(took.TotalSeconds, Tag(uri));

    public void Swapped(ModelUri uri) => _swaps.Add(1, Tag(uri));

    public void LoadFailed(ModelUri uri) => _failures.Add(1, Tag(uri));

    public void Hit() => _hits.Add(1);

    public void Missed() => _misses.Add(1);

    public void Evicted() => _evictions.Add(1);

    public void CacheHolds(long bytes) => Volatile.Write(ref _cacheBytes, bytes);

    public void Dispose()
    {
        if (_ownsMeter)
            _meter.Dispose();
    }

    private static KeyValuePair<string, object?> Tag(ModelUri uri) => new("mlops.model.uri", uri.ToString());
}
