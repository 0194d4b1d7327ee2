using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>
/// The points that a run has at and after the step from which its training goes on: those of the steps between the last checkpoint and the end of the process before. These steps are taken again.
/// </summary>
internal sealed class LoggedPoints
{
    private readonly Dictionary<string, IReadOnlyList<MetricPoint>> _series;
    private readonly long _lastStep;

    private LoggedPoints(Dictionary<string, IReadOnlyList<MetricPoint>> series, long lastStep) => (_series, _lastStep) = (series, lastStep);

    /// <summary>Reads the points of a run from a step on.</summary>
    /// <returns>The points; null when there are none.</returns>
    public static async Task<LoggedPoints?> ReadAsync(Run run, long step, CancellationToken cancellationToken)
    {
        RunDetails details = await run.Tracker.GetRunAsync(run.Id, cancellationToken).ConfigureAwait(false);
        string[] keys = [.. details.Metrics.Where(metric => metric.Value.Step >= step && !metric.Key.StartsWith("system/", StringComparison.Ordinal)).Select(metric => metric.Key)];
        if (keys.Length == 0)
            return null;
        IReadOnlyList<MetricSeries> series = await run.Tracker.GetSeriesAsync(new SeriesQuery { Runs = [run.Id], Keys = keys, From = step }, cancellationToken).ConfigureAwait(false);
        return new(series.ToDictionary(one => one.Key, one => one.Points, StringComparer.Ordinal), keys.Max(key => details.Metrics[key].Step));
    }

    /// <summary>Whether no point lies at this step or after it.</summary>
    public bool EndsBefore(long step) => step > _lastStep;

    /// <summary>Whether the run has this value of the metric at this step.</summary>
    public bool Contains(string key, long step, double value)
    {
        if (!_series.TryGetValue(key, out IReadOnlyList<MetricPoint>? points))
            return false;
        int from = 0;
        for (int to = points.Count; from < to;)
        {
            int middle = (from + to) / 2;
            if (points[middle].Step < step)
                from = middle + 1;
            else
                to = middle;
        }

        for (; from < points.Count && points[from].Step == step; from++)
        {
            // NaN equals NaN here, and -0 equals 0, as in a store.
            if (points[from].Value.Equals(value))
                return true;
        }

        return false;
    }
}
