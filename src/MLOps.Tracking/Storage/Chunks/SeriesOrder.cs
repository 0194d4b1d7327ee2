namespace MLOps.Tracking.Storage;

/// <summary>The order of points along an axis.</summary>
internal static class SeriesOrder
{
    public static int Compare(this SeriesAxis axis, in MetricPoint left, in MetricPoint right) =>
        axis == SeriesAxis.Time && left.TimestampMs != right.TimestampMs ? left.TimestampMs.CompareTo(right.TimestampMs) : left.CompareTo(right);

    public static void Sort(this SeriesAxis axis, Span<MetricPoint> sortedByStep)
    {
        if (axis == SeriesAxis.Step)
            return;
        for (int i = 1; i < sortedByStep.Length; i++)
        {
            // Time seldom goes back from step to step; then there is nothing to do.
            if (axis.Compare(sortedByStep[i - 1], sortedByStep[i]) > 0)
            {
                sortedByStep.Sort((left, right) => axis.Compare(left, right));
                return;
            }
        }
    }
}
