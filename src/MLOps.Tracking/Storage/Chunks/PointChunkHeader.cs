namespace MLOps.Tracking.Storage;

/// <summary>What a chunk says of its points without decoding them.</summary>
/// <param name="Count">How many points, 1 to <see cref="PointChunk.Capacity"/>.</param>
/// <param name="First">The first point in the order of <see cref="MetricPoint.CompareTo"/>.</param>
/// <param name="Last">The last point in that order.</param>
/// <param name="Min">The smallest value, −∞ included, NaN left out; NaN when all values are NaN.</param>
/// <param name="Max">The largest value, +∞ included, NaN left out; NaN when all values are NaN.</param>
/// <param name="NaNCount">How many values are NaN.</param>
/// <param name="FirstTimestampMs">The earliest timestamp, in milliseconds since 1970-01-01 UTC; not always that of <paramref name="First"/>.</param>
/// <param name="LastTimestampMs">The latest timestamp, in milliseconds since 1970-01-01 UTC.</param>
public readonly record struct PointChunkHeader(
    int Count,
    MetricPoint First,
    MetricPoint Last,
    double Min,
    double Max,
    int NaNCount,
    long FirstTimestampMs,
    long LastTimestampMs)
{
    internal static PointChunkHeader Of(ReadOnlySpan<MetricPoint> points)
    {
        // Bounds that start at the infinities are right for values that are all infinite on one side, too.
        double min = double.PositiveInfinity, max = double.NegativeInfinity;
        long earliest = long.MaxValue, latest = long.MinValue;
        int nans = 0;
        foreach (ref readonly MetricPoint point in points)
        {
            double value = point.Value;
            if (double.IsNaN(value))
                nans++;
            if (value < min)
                min = value;
            if (value > max)
                max = value;
            earliest = Math.Min(earliest, point.TimestampMs);
            latest = Math.Max(latest, point.TimestampMs);
        }

        if (nans == points.Length)
            min = max = double.NaN;
        return new PointChunkHeader(
            points.Length, PointBlock.Normalize(points[0]), PointBlock.Normalize(points[^1]), PointBlock.Normalize(min), PointBlock.Normalize(max), nans, earliest, latest);
    }
}
