namespace MLOps.Tracking.Storage;

/// <summary>What the coarse level keeps of 64 neighbouring points of a chunk (of fewer at its end): enough to draw the series from afar without losing a peak.</summary>
/// <param name="Min">The first of the points with the smallest value; a point whose value is NaN when all of them are.</param>
/// <param name="Max">The first of the points with the largest value; equal to <paramref name="Min"/> when all are NaN.</param>
/// <param name="NaNCount">How many of the points are NaN, 0 to 64. They do not compete for <paramref name="Min"/> and <paramref name="Max"/> with numbers.</param>
public readonly record struct CoarseBucket(MetricPoint Min, MetricPoint Max, int NaNCount)
{
    /// <summary>Whether no point of the bucket has a number.</summary>
    public bool IsNaN => double.IsNaN(Min.Value);

    internal static CoarseBucket Of(ReadOnlySpan<MetricPoint> points)
    {
        MetricPoint min = points[0], max = min;
        int nans = 0;
        foreach (ref readonly MetricPoint point in points)
        {
            if (double.IsNaN(point.Value))
            {
                nans++;
                continue;
            }

            if (double.IsNaN(min.Value))
                min = max = point;
            if (point.Value < min.Value)
                min = point;
            if (point.Value > max.Value)
                max = point;
        }

        return new CoarseBucket(min, max, nans);
    }
}
