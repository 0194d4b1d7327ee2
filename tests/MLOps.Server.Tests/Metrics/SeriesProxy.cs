using System.Reflection;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Tests.Metrics;

/// <summary>A store that is asked for series and nothing else.</summary>
public class SeriesProxy : DispatchProxy
{
    private Func<RunId, MetricPoint[]> _read = null!;

    public static ITrackingStore Over(Func<RunId, MetricPoint[]> read)
    {
        ITrackingStore store = Create<ITrackingStore, SeriesProxy>();
        ((SeriesProxy)(object)store)._read = read;
        return store;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => targetMethod!.Name == nameof(ITrackingStore.GetSeriesAsync)
        ? new ValueTask<IReadOnlyList<MetricSeries>>([.. ((SeriesQuery)args![0]!).Runs.Select(run => new MetricSeries { RunId = run, Key = "loss", Points = _read(run) })])
        : throw new NotSupportedException(targetMethod.Name);
}
