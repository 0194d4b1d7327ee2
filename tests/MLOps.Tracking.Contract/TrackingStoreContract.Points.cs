using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task Points_come_back_sorted_whatever_their_order_was()
    {
        RunId run = await StartRunAsync();

        await LogAsync(Points(run, new MetricPoint(2, 10, 1), new MetricPoint(1, 30, 5), new MetricPoint(1, 20, 9)));
        await LogAsync(Points(run, new MetricPoint(long.MinValue, 40, 0), new MetricPoint(1, 20, 8), new MetricPoint(long.MaxValue, 0, 0)));
        await ReopenAsync();

        MetricSeries series = await Store.GetSeriesAsync(run, "loss", Cancellation);
        Assert.Equal((run, "loss"), (series.RunId, series.Key));
        Assert.Equal(
            [new(long.MinValue, 40, 0), new(1, 20, 8), new(1, 20, 9), new(1, 30, 5), new(2, 10, 1), new(long.MaxValue, 0, 0)],
            series.Points);
    }

    [Fact]
    public async Task Equal_points_are_one_and_points_that_differ_in_anything_are_not()
    {
        RunId run = await StartRunAsync();
        MetricPoint point = new(1, 10, 0.5);

        await LogAsync(Points(run, point, point), Points(run, point));
        await LogAsync(Points(run, point, point with { Value = 0.25 }, point with { TimestampMs = 11 }, point with { Step = 2 }));

        Assert.Equal([point with { Value = 0.25 }, point, point with { TimestampMs = 11 }, point with { Step = 2 }], await GetPointsAsync(run));
    }

    [Fact]
    public async Task NaN_and_infinities_are_kept_and_NaN_is_equal_to_NaN()
    {
        Needs(StoreCapabilities.NonFiniteValues);
        RunId run = await StartRunAsync();
        double otherNaN = BitConverter.UInt64BitsToDouble(0x7FF0_0000_0000_0001);
        double[] values = [double.NegativeInfinity, double.MinValue, -double.Epsilon, 0, double.Epsilon, double.MaxValue, double.PositiveInfinity, double.NaN];

        await LogAsync(Points(run, [.. values.Select(value => new MetricPoint(0, 0, value))]));
        await LogAsync(Points(run, new MetricPoint(0, 0, double.NaN), new MetricPoint(0, 0, otherNaN)));
        await ReopenAsync();

        Assert.Equal(values, (await GetPointsAsync(run)).Select(point => point.Value));
    }

    [Fact]
    public async Task Minus_zero_is_zero()
    {
        RunId run = await StartRunAsync();

        await LogAsync(Points(run, new MetricPoint(0, 0, -0.0), new MetricPoint(0, 0, 0.0)));

        double value = Assert.Single(await GetPointsAsync(run)).Value;
        Assert.False(double.IsNegative(value));
        Assert.False(double.IsNegative((await GetRunAsync(run)).Metrics["loss"].Value));
    }

    [Fact]
    public async Task Keys_and_runs_have_points_of_their_own()
    {
        RunId one = await StartRunAsync(), two = await StartRunAsync();
        MetricPoint[] points = [new(0, 1, 2)];

        await LogAsync(new TrackingRecord.PointsLogged(one, "a/loss", points), new TrackingRecord.PointsLogged(two, "A/loss", points));

        Assert.Equal(points, await GetPointsAsync(one, "a/loss"));
        Assert.Empty(await GetPointsAsync(one, "A/loss"));
        Assert.Empty(await GetPointsAsync(two, "a/loss"));
    }

    [Fact]
    public async Task No_points_make_no_metric()
    {
        RunId run = await StartRunAsync();

        await LogAsync(Points(run));

        Assert.Empty((await GetRunAsync(run)).Metrics);
        Assert.Empty(await GetPointsAsync(run));
    }

    [Fact]
    public async Task A_negative_timestamp_refuses_its_record_whole()
    {
        RunId run = await StartRunAsync();

        await AssertRefusedAsync(RejectionReason.Invalid, Points(run, new MetricPoint(1, 1, 1), new MetricPoint(2, -1, 2)));

        Assert.Empty(await GetPointsAsync(run));
    }

    [Fact]
    public async Task The_memory_of_points_belongs_to_the_caller_again_when_the_append_has_ended()
    {
        RunId run = await StartRunAsync();
        MetricPoint[] memory = [new(1, 1, 1)];
        await LogAsync(Points(run, memory));

        memory[0] = new MetricPoint(9, 9, 9);
        await ReopenAsync();

        Assert.Equal([new MetricPoint(1, 1, 1)], await GetPointsAsync(run));
    }

    [Fact]
    public async Task The_latest_point_is_the_largest_by_step_then_time_then_value()
    {
        RunId run = await StartRunAsync();

        await LogAsync(Points(run, new MetricPoint(5, 10, 1), new MetricPoint(5, 20, 1), new MetricPoint(5, 20, 2)));
        await LogAsync(Points(run, new MetricPoint(5, 20, 1.5), new MetricPoint(4, 99, 99), new MetricPoint(5, 19, 50)));
        await ReopenAsync();

        Assert.Equal(new MetricPoint(5, 20, 2), (await GetRunAsync(run)).Metrics["loss"]);
    }

    [Fact]
    public async Task NaN_counts_as_zero_when_the_latest_point_is_chosen()
    {
        Needs(StoreCapabilities.NonFiniteValues);
        RunId run = await StartRunAsync();
        MetricPoint[] points(double value) => [new(1, 1, double.NaN), new(1, 1, value)];

        foreach ((string key, double value) in (IEnumerable<(string, double)>)[("below", -1), ("zero", 0), ("above", 1)])
        {
            await LogAsync(new TrackingRecord.PointsLogged(run, key, points(value)));
            await LogAsync(new TrackingRecord.PointsLogged(run, key + "/reversed", points(value).Reverse().ToArray()));
        }

        await LogAsync(new TrackingRecord.PointsLogged(run, "last", new[] { new MetricPoint(1, 1, 7), new MetricPoint(2, 1, double.NaN) }));
        await ReopenAsync();

        IReadOnlyDictionary<string, MetricPoint> latest = (await GetRunAsync(run)).Metrics;
        foreach (string suffix in (string[])["", "/reversed"])
            Assert.Equal([double.NaN, 0, 1], [latest["below" + suffix].Value, latest["zero" + suffix].Value, latest["above" + suffix].Value]);
        Assert.Equal(new MetricPoint(2, 1, double.NaN), latest["last"]);
    }

    [Fact]
    public async Task A_series_longer_than_a_chunk_takes_late_points_and_duplicates()
    {
        RunId run = await StartRunAsync();
        MetricPoint[] all = [.. Enumerable.Range(0, 3 * PointChunk.Capacity + 17).Select(i => new MetricPoint(i, 1000 + i / 3, Math.Sin(i)))];
        MetricPoint[] late = [.. all.Where((_, i) => i % 100 == 7)];

        await LogAsync(Points(run, [.. all.Except(late)]));
        await LogAsync(Points(run, late), Points(run, all[500..600]));
        await LogAsync(new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = 2000 });
        await LogAsync(Points(run, all[^10..]));
        await ReopenAsync();

        Assert.Equal(all, await GetPointsAsync(run));
        Assert.Equal(all[^1], (await GetRunAsync(run)).Metrics["loss"]);
    }
}
