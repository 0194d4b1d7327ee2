using FsCheck.Xunit;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Tests.Storage.Chunks;

public sealed class SeriesBuilderTests
{
    private static readonly RunId Run = new("run");

    [Property(MaxTest = 300, Arbitrary = [typeof(AnyPoints)])]
    public void Groups_are_cut_and_their_extremes_kept_as_written_down_here_a_second_time(AnyPoints any, byte room, bool byTime)
    {
        MetricPoint[] points = any.SortedAndCollapsed();
        SeriesQuery query = Query(4 + room % 60, byTime ? SeriesAxis.Time : SeriesAxis.Step);

        Assert.Equal(Reduced(points, query), Build(query, points).Points);
    }

    [Property(MaxTest = 300, Arbitrary = [typeof(AnyPoints)])]
    public void Points_may_come_in_any_parts(AnyPoints any, byte room, byte part)
    {
        MetricPoint[] points = any.SortedAndCollapsed();
        foreach (SeriesQuery query in (SeriesQuery[])[Query(4 + room), Query(null), Query(4 + room, SeriesAxis.Time)])
        {
            SeriesBuilder builder = new(query);
            foreach (MetricPoint[] some in points.Chunk(part + 1))
                builder.Add(some);
            builder.Add(ReadOnlySpan<MetricPoint>.Empty);

            Assert.Equal(Build(query, points).Points, builder.Build(Run, "loss").Points);
        }
    }

    [Property(MaxTest = 300, Arbitrary = [typeof(AnyPoints)])]
    public void A_range_leaves_out_what_is_out_of_it(AnyPoints any, byte room, bool byTime, bool reduce)
    {
        MetricPoint[] points = any.SortedAndCollapsed();
        SeriesQuery query = Query(reduce ? 4 + room : null, byTime ? SeriesAxis.Time : SeriesAxis.Step);
        long[] at = [.. points.Select(point => byTime ? point.TimestampMs : point.Step).Order()];
        query = query with { From = at[at.Length / 4], To = at[at.Length / 2] };

        SeriesModel.AssertAnswers(points, query, Build(query, points));
    }

    [Fact]
    public void Chunks_by_their_points_or_by_their_buckets_give_right_answers()
    {
        for (int seed = 0; seed < TestLength.Of(100, 2_000); seed++)
        {
            Random random = new(seed);
            MetricPoint[] points = RandomPoints(random);
            SeriesQuery query = Query(random.Next(4, 300));
            SeriesBuilder builder = new(query);
            bool takesBuckets = builder.TakesBuckets(points.Length);
            Assert.Equal(points.Length / 64 >= (query.MaxPoints - 2) / 2, takesBuckets);
            for (ReadOnlySpan<MetricPoint> rest = points; !rest.IsEmpty;)
            {
                ReadOnlySpan<MetricPoint> chunk = rest[..Math.Min(rest.Length, random.Next(4) == 0 ? random.Next(1, 200) : PointChunk.Capacity)];
                rest = rest[chunk.Length..];
                if (takesBuckets && random.Next(4) > 0)
                    builder.Add(Buckets(chunk), chunk.Length, chunk[0], chunk[^1]);
                else
                    builder.Add(chunk);
            }

            SeriesModel.AssertAnswers(points, query, builder.Build(Run, "loss"), $"Seed {seed}, {points.Length} points to {query.MaxPoints}.");
        }
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(2_000)]
    [InlineData(2_001)]
    public void Varied_values_use_up_the_room_and_constant_ones_half_of_it(int most)
    {
        MetricPoint[] varied = [.. Enumerable.Range(0, 200_000).Select(i => new MetricPoint(i, i, i * 7_919L % 200_003))];
        MetricPoint[] constant = [.. varied.Select(point => point with { Value = 1 })];

        Assert.InRange(Build(Query(most), varied).Points.Count, most - 3, most);
        Assert.Equal(most / 2, Build(Query(most), constant).Points.Count);
    }

    [Fact]
    public void Ten_million_points_are_reduced_in_memory_that_depends_on_the_room_alone()
    {
        MetricPoint[] chunk = new MetricPoint[PointChunk.Capacity];
        SeriesBuilder builder = new(Query(2_000), capacity: 10_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int start = 0; start < 10_000_000; start += chunk.Length)
        {
            for (int i = 0; i < chunk.Length; i++)
                chunk[i] = new MetricPoint(start + i, 0, (start + i) * 7_919L % 104_729);
            builder.Add(chunk);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2_000 * 600);
        Assert.InRange(builder.Build(Run, "loss").Points.Count, 1_990, 2_000);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        CoarseBucket[] bucket = [new(new MetricPoint(0, 0, 0), new MetricPoint(0, 0, 0), 0)];
        SeriesBuilder whole = new(Query(null)), reduced = new(Query(4));

        Assert.False(whole.TakesBuckets(long.MaxValue));
        Assert.Throws<InvalidOperationException>(() => whole.Add(bucket, 1, bucket[0].Min, bucket[0].Max));
        Assert.Throws<ArgumentException>("count", () => reduced.Add(bucket, 0, bucket[0].Min, bucket[0].Max));
        Assert.Throws<ArgumentException>("count", () => reduced.Add(bucket, 65, bucket[0].Min, bucket[0].Max));
        Assert.Throws<ArgumentException>("count", () => reduced.Add([], 0, bucket[0].Min, bucket[0].Max));
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new SeriesBuilder(Query(null), -1));
    }

    private static SeriesQuery Query(int? most, SeriesAxis axis = SeriesAxis.Step) => new() { Runs = [Run], Keys = ["loss"], MaxPoints = most, Axis = axis };

    private static MetricSeries Build(SeriesQuery query, MetricPoint[] points)
    {
        SeriesBuilder builder = new(query);
        builder.Add(points);
        return builder.Build(Run, "loss");
    }

    /// <summary>Entries of the smallest power of two of points of which there are at most two for each point of room; of a group all entries that begin in its share of the points.</summary>
    private static IEnumerable<MetricPoint> Reduced(MetricPoint[] points, SeriesQuery query)
    {
        IEnumerable<MetricPoint> OnAxis(IEnumerable<MetricPoint> some) => query.Axis == SeriesAxis.Time ? some.Order().OrderBy(point => point.TimestampMs) : some.Order();
        int most = query.MaxPoints!.Value, length = 1;
        if (points.Length <= most)
            return OnAxis(points);
        while ((points.Length + length - 1) / length > 2 * most)
            length *= 2;
        IEnumerable<MetricPoint> extremes =
            from point in points.Index()
            group point.Item by (point.Index - point.Index % length) * ((most - 2) / 2) / points.Length into all
            let numbers = all.Where(point => !double.IsNaN(point.Value)).DefaultIfEmpty(all.First())
            from extreme in (MetricPoint[])[numbers.MinBy(point => point.Value), numbers.MaxBy(point => point.Value)]
            select extreme;
        MetricPoint[] whole = [.. OnAxis(points)];
        return OnAxis(extremes.Append(whole[0]).Append(whole[^1]).Distinct());
    }

    private static CoarseBucket[] Buckets(ReadOnlySpan<MetricPoint> chunk)
    {
        CoarseBucket[] room = new CoarseBucket[PointChunk.Capacity / PointChunk.PointsPerBucket];
        return room[..PointChunk.DecodeCoarse(PointChunk.EncodeCoarse(chunk), room)];
    }

    private static MetricPoint[] RandomPoints(Random random)
    {
        int oneIn = random.Next(2) == 0 ? 100 : 1;
        double[] special = [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0.5];
        double walk = 0;
        return [.. Enumerable.Range(0, random.Next(1, 30_000)).Select(i => new MetricPoint(i, i, random.Next(oneIn) == 0 ? special[random.Next(random.Next(1, 5))] : walk += random.NextDouble() - 0.5))];
    }
}
