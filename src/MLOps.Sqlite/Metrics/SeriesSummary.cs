namespace MLOps.Sqlite.Metrics;

/// <summary>What is kept of a series beside its points, so that a search never reads them.</summary>
internal struct SeriesSummary
{
    /// <summary>MLflow's latest: the largest by step, then timestamp, then value with NaN as 0.</summary>
    public MetricPoint Latest { get; set; }

    /// <summary>The first in the order of a stored series.</summary>
    public MetricPoint First { get; set; }

    /// <summary>The last in the order of a stored series.</summary>
    public MetricPoint Last { get; set; }

    /// <summary>The smallest number; NaN when there is none.</summary>
    public double Min { get; set; }

    /// <summary>The largest number; NaN when there is none.</summary>
    public double Max { get; set; }

    /// <summary>The latest timestamp of all points.</summary>
    public long NewestMs { get; set; }

    public static SeriesSummary Of(ReadOnlySpan<MetricPoint> sorted)
    {
        SeriesSummary summary = new() { Latest = Plain(sorted[^1]), First = Plain(sorted[0]), Last = Plain(sorted[^1]), Min = double.NaN, Max = double.NaN };
        summary.Include(sorted);
        return summary;
    }

    public void Include(ReadOnlySpan<MetricPoint> sorted)
    {
        if (sorted[0] < First)
            First = Plain(sorted[0]);
        if (sorted[^1] > Last)
            Last = Plain(sorted[^1]);
        for (int i = sorted.Length - 1; i >= 0 && sorted[i].Step == sorted[^1].Step && sorted[i].TimestampMs == sorted[^1].TimestampMs; i--)
        {
            if (sorted[i].IsLaterThan(Latest))
                Latest = Plain(sorted[i]);
        }

        double min = double.PositiveInfinity, max = double.NegativeInfinity;
        long newest = NewestMs;
        foreach (ref readonly MetricPoint point in sorted)
        {
            if (point.Value < min)
                min = point.Value;
            if (point.Value > max)
                max = point.Value;
            newest = Math.Max(newest, point.TimestampMs);
        }

        NewestMs = newest;

        // The bounds are still the wrong way round when no number was seen.
        if (min <= max)
        {
            Min = double.MinNumber(Min, Plain(min));
            Max = double.MaxNumber(Max, Plain(max));
        }
    }

    private static MetricPoint Plain(MetricPoint point) => point with { Value = Plain(point.Value) };

    // IEEE 754: −0.0 + 0.0 is 0.0, and every other value stays.
    private static double Plain(double value) => value + 0.0;
}
