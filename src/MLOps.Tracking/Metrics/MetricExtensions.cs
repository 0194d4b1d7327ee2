namespace MLOps.Tracking;

/// <summary>Logs many values at once.</summary>
public static class MetricExtensions
{
    /// <summary>Logs one value per step, all of them now.</summary>
    /// <param name="run">The run.</param>
    /// <param name="key">The key, by the rule of <see cref="Run.LogMetric"/>.</param>
    /// <param name="values">The values; NaN and infinities are kept.</param>
    /// <param name="firstStep">The step of the first value; each next is one more.</param>
    /// <exception cref="ArgumentException">The key is not legal.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static void LogMetrics(this Run run, string key, ReadOnlySpan<double> values, long firstStep = 0)
    {
        ArgumentNullException.ThrowIfNull(run);
        Metric metric = run.Metric(key);
        for (int i = 0; i < values.Length; i++)
            metric.Log(values[i], firstStep + i);
    }

    /// <summary>Logs points that have their own steps and times, for example from another tracker's export.</summary>
    /// <param name="run">The run.</param>
    /// <param name="key">The key, by the rule of <see cref="Run.LogMetric"/>.</param>
    /// <param name="points">The points, in any order; equal points are one.</param>
    /// <exception cref="ArgumentException">The key is not legal, or a timestamp is negative; the points before it are logged.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static void LogMetrics(this Run run, string key, ReadOnlySpan<MetricPoint> points)
    {
        ArgumentNullException.ThrowIfNull(run);
        Metric metric = run.Metric(key);
        foreach (MetricPoint point in points)
            metric.Log(point);
    }

    /// <summary>Logs several metrics at one step.</summary>
    /// <param name="run">The run.</param>
    /// <param name="values">The metrics by key.</param>
    /// <param name="step">The step of all of them.</param>
    /// <exception cref="ArgumentException">A key is not legal; the metrics before it are logged.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static void LogMetrics(this Run run, IEnumerable<KeyValuePair<string, double>> values, long step = 0)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(values);
        foreach ((string key, double value) in values)
            run.LogMetric(key, value, step);
    }
}
