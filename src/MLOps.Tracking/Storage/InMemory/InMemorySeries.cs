using System.Collections.Immutable;

namespace MLOps.Tracking.Storage;

/// <summary>The points of one metric of one run, and the latest of them by MLflow's rule.</summary>
internal sealed record InMemorySeries(ImmutableSortedSet<MetricPoint> Points, MetricPoint Latest)
{
    public static InMemorySeries? Append(InMemorySeries? series, ReadOnlySpan<MetricPoint> points)
    {
        if (points.IsEmpty)
            return series;
        ImmutableSortedSet<MetricPoint>.Builder all = (series?.Points ?? []).ToBuilder();
        MetricPoint latest = series?.Latest ?? PointBlock.Normalize(points[0]);
        foreach (ref readonly MetricPoint logged in points)
        {
            MetricPoint point = PointBlock.Normalize(logged);
            all.Add(point);
            if (point.IsLaterThan(latest))
                latest = point;
        }

        return new InMemorySeries(all.ToImmutable(), latest);
    }
}
