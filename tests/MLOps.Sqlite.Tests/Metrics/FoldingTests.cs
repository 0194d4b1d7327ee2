using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.Metrics;

public sealed class FoldingTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Property(MaxTest = 20)]
    public Property Any_points_in_any_batches_read_the_same_before_and_after_folding()
    {
        Gen<Batch> scattered =
            from width in Gen.Elements(1, 100, 10_000)
            from count in Gen.Choose(1, 3_000)
            from seed in Gen.Choose(0, int.MaxValue)
            select new Batch(-width, count, seed);
        Gen<Batch> ascending =
            from start in Gen.Choose(-20_000, 20_000)
            from count in Gen.Choose(1, 9_000)
            select new Batch(start, count, Seed: null);
        Gen<Batch[]> batches = Gen.OneOf(scattered, ascending).ArrayOf().Resize(12).Where(all => all.Length > 0);
        return Prop.ForAll(batches.ToArbitrary(), all => ReadsTheSameAsync([.. all.Select(batch => batch.Points())]).GetAwaiter().GetResult());
    }

    [Fact]
    public async Task Late_points_are_merged_into_the_chunks_that_they_fall_in()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        MetricPoint[] even = [.. StoreFolder.Steps(0, 100_000).Where(point => point.Step % 2 == 0)];
        MetricPoint[] odd = [.. StoreFolder.Steps(20_000, 10_000).Where(point => point.Step % 2 == 1)];

        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", even));
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", odd));

        Assert.Equal(even.Concat(odd).Order(), (await store.GetSeriesAsync(run, "loss", Token)).Points);
        Assert.Equal(0, Overlaps());
    }

    [Fact]
    public async Task A_run_that_ends_leaves_no_tail_and_one_that_goes_on_fills_its_last_chunk()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        MetricPoint[] points = StoreFolder.Steps(0, 6_000);
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", points.AsMemory(0, 1_000)), new PointsLogged(run, "accuracy", points.AsMemory(0, 10)));
        Assert.Equal(2, _folder.Count("tail"));

        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", points.AsMemory(1_000, 500)), new RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = 9_000 });
        Assert.Equal(0, _folder.Count("tail"));
        Assert.Equal(2, _folder.Count("chunk"));
        Assert.Equal(2, _folder.Count("coarse"));

        await StoreFolder.WriteAsync(store, new RunUpdated(run) { Status = RunStatus.Running }, new PointsLogged(run, "loss", points.AsMemory(1_500)));
        Assert.Equal(points, (await store.GetSeriesAsync(run, "loss", Token)).Points);
        Assert.Equal(2, _folder.Count("chunk"));
        Assert.Equal(1, _folder.Count("tail"));
    }

    [Fact]
    public async Task A_run_whose_journal_is_closed_leaves_no_tail()
    {
        await using SqliteTrackingStore store = _folder.Open();
        BatchSource source = new(new LeaseOwner(Guid.NewGuid(), "host", 7, DateTimeOffset.UnixEpoch), 1, TimeSpan.FromMinutes(1));
        RunId run = await StoreFolder.StartAsync(store, source);
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", StoreFolder.Steps(0, 10)));

        Assert.Equal([run], await store.CloseJournalAsync(source.Owner.Journal, Token));

        Assert.Equal(0, _folder.Count("tail"));
        Assert.Equal(StoreFolder.Steps(0, 10), (await store.GetSeriesAsync(run, "loss", Token)).Points);
    }

    [Fact]
    public async Task Points_of_one_step_and_time_stay_in_chunks_apart()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        MetricPoint[] points = [.. Enumerable.Range(0, 20_000).Select(i => new MetricPoint(0, 1, i == 19_999 ? double.NaN : i))];
        foreach (MetricPoint[] part in points.Index().GroupBy(point => point.Index % 3, point => point.Item).Select(part => part.ToArray()))
            await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", part));

        Assert.Equal(points, (await store.GetSeriesAsync(run, "loss", Token)).Points);
    }

    [Fact]
    public async Task The_summary_beside_a_series_keeps_infinities_and_says_nan_as_null()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "nan", new MetricPoint[] { new(0, 1, double.NaN), new(1, 2, double.NaN) }));
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "mixed", new MetricPoint[] { new(3, 1, double.NaN), new(1, 9, -0.0) }));
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "mixed", new MetricPoint[] { new(2, 2, double.PositiveInfinity), new(0, 2, double.NegativeInfinity), new(3, 1, -1) }));

        using Connection connection = _folder.Connect();
        string Summary(string key) => connection.QueryText($"""
            SELECT concat_ws(' ', latest_step, ifnull(latest_value, 'NaN'), first_step, ifnull(first_value, 'NaN'), last_step, ifnull(last_value, 'NaN'), ifnull(min_value, 'NaN'), ifnull(max_value, 'NaN'), newest_ms)
            FROM series s JOIN key_name k ON k.id = s.key WHERE k.name = '{key}'
            """);
        Assert.Equal("1 NaN 0 NaN 1 NaN NaN NaN 2", Summary("nan"));
        Assert.Equal("3 NaN 0 -Inf 3 NaN -Inf Inf 9", Summary("mixed"));
        Assert.Equal(new MetricPoint(3, 1, double.NaN), (await store.FindRunAsync(run, Token))!.Metrics["mixed"]);
    }

    private async Task<bool> ReadsTheSameAsync(MetricPoint[][] batches)
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        SortedSet<MetricPoint> expected = [];
        MetricPoint? latest = null;
        foreach (MetricPoint[] batch in batches)
        {
            await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", batch.AsMemory(0, batch.Length / 2)), new PointsLogged(run, "loss", batch.AsMemory(batch.Length / 2)));
            foreach (MetricPoint point in batch)
            {
                MetricPoint plain = point with { Value = point.Value + 0.0 };
                expected.Add(plain);
                if (latest is null || plain.IsLaterThan(latest.Value))
                    latest = plain;
            }
        }

        Assert.Equal(expected, (await store.GetSeriesAsync(run, "loss", Token)).Points);
        await StoreFolder.WriteAsync(store, new RunUpdated(run) { Status = RunStatus.Finished });
        Assert.Equal(expected, (await store.GetSeriesAsync(run, "loss", Token)).Points);
        Assert.Equal(latest, (await store.FindRunAsync(run, Token))!.Metrics["loss"]);
        Assert.Equal(0, Overlaps());
        return true;
    }

    /// <summary>Steps that ascend from one on, or, with a seed, any around zero: short to print when a property fails.</summary>
    private sealed record Batch(int From, int Count, int? Seed)
    {
        private static readonly double[] Values = [0, -0.0, 1.5, -2, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue];

        public MetricPoint[] Points()
        {
            if (Seed is not { } seed)
                return [.. Enumerable.Range(From, Count).Select(step => new MetricPoint(step, 30_000 + step, step / 10.0))];
            Random random = new(seed);
            return [.. Enumerable.Range(0, Count).Select(_ => new MetricPoint(random.Next(From, -From), random.Next(0, 3), Values[random.Next(Values.Length)]))];
        }
    }

    private long Overlaps()
    {
        using Connection connection = _folder.Connect();
        return StoreFolder.QueryInt64(connection, """
            SELECT count(*) FROM chunk a JOIN chunk b ON a.series = b.series AND a.id < b.id
            WHERE (a.first_step, a.first_ms) < (b.last_step, b.last_ms) AND (b.first_step, b.first_ms) < (a.last_step, a.last_ms)
            """);
    }
}
