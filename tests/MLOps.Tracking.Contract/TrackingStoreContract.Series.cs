using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task Several_series_come_run_by_run_and_key_by_key_and_those_that_are_not_there_are_empty()
    {
        RunId one = await StartRunAsync(), two = await StartRunAsync(), none = RunId.New(Clock);
        MetricPoint[] loss = [new(1, 1, 0.5), new(2, 2, 0.25)], accuracy = [new(1, 1, 0.75)];
        await LogAsync(Points(one, loss), new TrackingRecord.PointsLogged(two, "accuracy", accuracy));

        IReadOnlyList<MetricSeries> all = await Store.GetSeriesAsync(new SeriesQuery { Runs = [two, none, one], Keys = ["loss", "accuracy", "no/such"] }, Cancellation);

        Assert.Equal(
            [(two, "loss", 0), (two, "accuracy", 1), (two, "no/such", 0), (none, "loss", 0), (none, "accuracy", 0), (none, "no/such", 0), (one, "loss", 2), (one, "accuracy", 0), (one, "no/such", 0)],
            all.Select(series => (series.RunId, series.Key, series.Points.Count)));
        Assert.Equal(accuracy, all[1].Points);
        Assert.Equal(loss, all[6].Points);
        Assert.DoesNotContain(all, series => series.IsReduced);
    }

    [Theory]
    [InlineData(null, null, new[] { long.MinValue, -3, 0, 2, 5, long.MaxValue })]
    [InlineData(0L, null, new[] { 0, 2, 5, long.MaxValue })]
    [InlineData(null, 2L, new[] { long.MinValue, -3, 0, 2 })]
    [InlineData(-3L, 2L, new[] { -3L, 0, 2 })]
    [InlineData(-2L, 1L, new[] { 0L })]
    [InlineData(2L, 2L, new[] { 2L })]
    [InlineData(3L, 4L, new long[0])]
    [InlineData(long.MinValue, long.MinValue, new[] { long.MinValue })]
    [InlineData(long.MaxValue, long.MaxValue, new[] { long.MaxValue })]
    public async Task A_range_has_the_steps_from_its_first_to_its_last(long? from, long? to, long[] expected)
    {
        RunId run = await StartRunAsync();
        await LogAsync(Points(run, [.. ((long[])[5, long.MinValue, 0, 2, long.MaxValue, -3]).Select(step => new MetricPoint(step, 100, step))]));

        foreach (bool ended in (bool[])[false, true])
        {
            if (ended)
                await LogAsync(new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = NowMs });
            MetricSeries series = await GetSeriesAsync(run, new SeriesQuery { Runs = [run], Keys = ["loss"], From = from, To = to });
            Assert.Equal(expected, series.Points.Select(point => point.Step));
        }
    }

    [Fact]
    public async Task Along_time_points_are_ordered_by_time_then_step_then_value_and_the_range_is_one_of_times()
    {
        RunId run = await StartRunAsync();
        await LogAsync(Points(run, new(1, 30, 1), new(2, 10, 7), new(2, 20, 5), new(3, 20, 4), new(3, 20, 3), new(4, 0, 9)));

        MetricSeries all = await GetSeriesAsync(run, new SeriesQuery { Runs = [run], Keys = ["loss"], Axis = SeriesAxis.Time });
        MetricSeries range = await GetSeriesAsync(run, new SeriesQuery { Runs = [run], Keys = ["loss"], Axis = SeriesAxis.Time, From = 10, To = 20 });

        Assert.Equal([9, 7, 5, 3, 4, 1], all.Points.Select(point => point.Value));
        Assert.Equal([7, 5, 3, 4], range.Points.Select(point => point.Value));
    }

    [Fact]
    public async Task A_series_that_fits_is_not_reduced()
    {
        RunId run = await StartRunAsync();
        MetricPoint[] points = [.. Enumerable.Range(0, 100).Select(i => new MetricPoint(i, i, i % 7))];
        await LogAsync(Points(run, points));
        SeriesQuery query = new() { Runs = [run], Keys = ["loss"] };

        foreach (int most in (int[])[100, 101, int.MaxValue])
        {
            MetricSeries whole = await GetSeriesAsync(run, query with { MaxPoints = most });
            Assert.False(whole.IsReduced);
            Assert.Equal(points, whole.Points);
        }

        MetricSeries reduced = await GetSeriesAsync(run, query with { MaxPoints = 99 });
        Assert.True(reduced.IsReduced);
        Assert.InRange(reduced.Points.Count, 49, 99);
    }

    [Fact]
    public async Task The_fewest_points_are_the_first_the_last_the_smallest_and_the_largest()
    {
        RunId run = await StartRunAsync();
        MetricPoint[] points = [.. Enumerable.Range(0, 10_000).Select(i => new MetricPoint(i, 10_000 - i, i switch { 3 => 1e9, 7_777 => -1e9, 4 or 8_888 => double.NaN, _ => i }))];
        await LogAsync(Points(run, points));
        SeriesQuery query = new() { Runs = [run], Keys = ["loss"], MaxPoints = SeriesQuery.SmallestMaxPoints };

        MetricSeries byStep = await GetSeriesAsync(run, query), byTime = await GetSeriesAsync(run, query with { Axis = SeriesAxis.Time });

        Assert.Equal([0, 3, 7_777, 9_999], byStep.Points.Select(point => point.Step));
        Assert.Equal([9_999, 7_777, 3, 0], byTime.Points.Select(point => point.Step));
    }

    [Fact]
    public async Task A_query_that_makes_no_sense_is_refused()
    {
        RunId run = await StartRunAsync();
        SeriesQuery query = new() { Runs = [run], Keys = ["loss"] };
        SeriesQuery[] wrong =
        [
            query with { Runs = [] },
            query with { Runs = [run, RunId.New(Clock), run] },
            query with { Runs = null! },
            query with { Keys = [] },
            query with { Keys = ["loss", "loss"] },
            query with { Keys = [null!] },
            query with { Keys = null! },
            query with { MaxPoints = 3 },
            query with { MaxPoints = -1 },
            query with { From = 2, To = 1 },
            query with { Axis = (SeriesAxis)7 },
        ];

        foreach (SeriesQuery one in wrong)
            await Assert.ThrowsAsync<ArgumentException>("query", () => Store.GetSeriesAsync(one, Cancellation).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>("query", () => Store.GetSeriesAsync(null!, Cancellation).AsTask());
    }

    [Fact]
    public async Task Series_of_one_answer_are_of_one_moment()
    {
        const int Batches = 60;
        RunId run = await StartRunAsync();
        Task writer = Task.Run(
            async () =>
            {
                for (int i = 0; i < Batches; i++)
                {
                    MetricPoint[] points = [.. Enumerable.Range(i * 100, 100).Select(step => new MetricPoint(step, step, step))];
                    await LogAsync(new TrackingRecord.PointsLogged(run, "a", points), new TrackingRecord.PointsLogged(run, "b", points));
                }
            },
            Cancellation);

        SeriesQuery query = new() { Runs = [run], Keys = ["a", "b"] };
        int seen = 0;
        while (seen < Batches * 100)
        {
            if (writer.IsFaulted)
                await writer;
            IReadOnlyList<MetricSeries> both = await Store.GetSeriesAsync(query, Cancellation);
            Assert.Equal(both[0].Points, both[1].Points);
            seen = both[0].Points.Count;
        }

        await writer;
    }

    /// <summary>Compares answers with what all points say: series of lengths around the sizes of buckets and chunks, with late and repeated points, before and after they are folded.</summary>
    [Fact]
    public async Task Any_series_whole_or_reduced_is_what_its_points_say()
    {
        for (int seed = 0; seed < TestLength.Of(60, 2_000); seed++)
        {
            Random random = new(seed);
            RunId run = await StartRunAsync();
            SortedSet<MetricPoint> logged = await LogSeriesAsync(run, random);
            bool ended = random.Next(2) == 0;
            if (ended)
                await LogAsync(new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = NowMs });
            if (random.Next(4) == 0)
            {
                MetricPoint[] later = [.. RandomSeries(random, random.Next(1, 200))];
                await LogAsync(Points(run, later));
                logged.UnionWith(later.Select(Plain));
            }

            for (int i = 0; i < 6; i++)
            {
                SeriesQuery query = RandomQuery(random, run, logged);
                string because = $"Seed {seed}, {logged.Count} points, {(ended ? "folded" : "not folded")}, {query.Axis} {query.From} to {query.To}, at most {query.MaxPoints}.";
                SeriesModel.AssertAnswers(logged, query, await GetSeriesAsync(run, query), because);
            }
        }
    }

    private static MetricPoint Plain(MetricPoint point) => point with { Value = point.Value + 0.0 };

    private static SeriesQuery RandomQuery(Random random, RunId run, SortedSet<MetricPoint> logged)
    {
        SeriesQuery query = new()
        {
            Runs = [run],
            Keys = ["loss"],
            Axis = (SeriesAxis)random.Next(2),
            MaxPoints = random.Next(8) == 0 ? null : random.Next(3) switch { 0 => random.Next(4, 12), 1 => random.Next(4, 300), _ => random.Next(4, 6_000) },
        };
        if (random.Next(2) == 0)
            return query;
        long[] ends = [.. Enumerable.Range(0, 2).Select(_ => logged.ElementAt(random.Next(logged.Count))).Select(point => query.Axis == SeriesAxis.Step ? point.Step : point.TimestampMs).Order()];
        return query with { From = random.Next(4) == 0 ? null : ends[0], To = random.Next(4) == 0 ? null : ends[1] + random.Next(2) };
    }

    private async Task<SortedSet<MetricPoint>> LogSeriesAsync(RunId run, Random random)
    {
        int[] counts = [1, 2, 4, 5, 63, 64, 65, 128, 1_000, 4_095, 4_096, 4_097, 8_191, 8_192, 8_193, random.Next(1, 20_000)];
        List<MetricPoint> points = RandomSeries(random, counts[random.Next(counts.Length)]), late = [];
        if (random.Next(2) == 0)
        {
            int part = random.Next(2, 200);
            late = [.. points.Where(_ => random.Next(part) == 0)];
            if (late.Count < points.Count && random.Next(2) == 0)
                points.RemoveAll(new HashSet<MetricPoint>(late).Contains);
            if (random.Next(2) == 0)
                late = late.ConvertAll(point => point with { Value = random.Next(-1_000_000, 1_000_000) });
        }

        foreach (MetricPoint[] batch in points.Chunk(random.Next(2) == 0 ? 6_000 : random.Next(100, 3_000)).Append([.. late]))
            await LogAsync(Points(run, batch));
        return [.. points.Concat(late).Select(Plain)];
    }

    private List<MetricPoint> RandomSeries(Random random, int count)
    {
        double[] special = Store.Capabilities.HasFlag(StoreCapabilities.NonFiniteValues) ? [double.NaN, double.PositiveInfinity, double.NegativeInfinity, 0, -0.0] : [0, -0.0, double.Epsilon];
        int steps = random.Next(5), times = random.Next(5), values = random.Next(5), specialOneIn = random.Next(4) switch { 0 => 1, 1 => 2, 2 => 300, _ => int.MaxValue };
        double walk = 0;
        List<MetricPoint> points = [];
        for (int i = 0; i < count; i++)
        {
            walk += random.NextDouble() - 0.5;
            long step = steps switch { 0 => i, 1 => (i * 7L) - (3 * count), 2 => i / 3, 3 => 0, _ => random.NextInt64(-count, count) };
            long time = times switch { 0 => 1_000 + i, 1 => 1_000 + (i / 10), 2 => 5, 3 => count - i, _ => random.Next(count) };
            double value = values switch { 0 => random.NextDouble(), 1 => 0.5, 2 => random.Next(3), 3 => special[0], _ => walk };
            points.Add(new MetricPoint(step, time, random.Next(specialOneIn) == 0 && specialOneIn < int.MaxValue ? special[random.Next(special.Length)] : value));
        }

        return points;
    }

    private async Task<MetricSeries> GetSeriesAsync(RunId run, SeriesQuery query)
    {
        MetricSeries series = Assert.Single(await Store.GetSeriesAsync(query, Cancellation));
        Assert.Equal((run, "loss"), (series.RunId, series.Key));
        return series;
    }
}
