using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.Metrics;

/// <summary>What the contract cannot see: the parts of a series that lie in chunks, in their coarse level and in the tail.</summary>
public sealed class SeriesReaderTests : IDisposable
{
    private const int Chunks = 5;
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(SeriesAxis.Step)]
    [InlineData(SeriesAxis.Time)]
    public async Task Points_of_the_tail_that_fall_before_into_between_and_behind_chunks_are_seen_in_a_reduced_series(SeriesAxis axis)
    {
        await using SqliteTrackingStore store = _folder.Open();
        foreach (long step in (long[])[-1, 1, PointChunk.Capacity, 3 * PointChunk.Capacity + 5, 2L * Chunks * PointChunk.Capacity + 7])
        {
            RunId run = await StartAsync(store, i => new MetricPoint(2 * i, 1_000 + 2 * i, Math.Sin(i)));
            MetricPoint late = new(step, 1_000 + step, 1e9);
            await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", new[] { late, new MetricPoint(0, 1_000, 0) }));

            Assert.Contains(late, (await ReduceAsync(store, run, axis)).Points);
        }

        Assert.Equal(5, _folder.Count("tail"));
    }

    [Fact]
    public async Task The_first_and_the_last_point_in_time_are_found_in_the_middle_of_chunks()
    {
        await using SqliteTrackingStore store = _folder.Open();
        int first = PointChunk.Capacity + 100, last = 3 * PointChunk.Capacity + 100;
        RunId run = await StartAsync(store, i => new MetricPoint(i, i == first ? 1 : i == last ? 9 : 5, Math.Sin(i)));
        RunId ties = await StartAsync(store, i => new MetricPoint(i, i % 1_000 == 500 ? 9 : i % 1_000 == 0 ? 5 : 1, Math.Sin(i)));

        MetricSeries found = await ReduceAsync(store, run, SeriesAxis.Time), tied = await ReduceAsync(store, ties, SeriesAxis.Time);

        Assert.Equal((first, last), (found.Points[0].Step, found.Points[^1].Step));
        Assert.Equal((1, 19_500), (tied.Points[0].Step, tied.Points[^1].Step));
    }

    [Fact]
    public async Task A_reduced_series_reads_the_coarse_level_and_not_the_points()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StartAsync(store, i => new MetricPoint(i, i, Math.Sin(i)));
        SeriesQuery query = new() { Runs = [run], Keys = ["loss"], MaxPoints = 100 };
        MetricSeries before = await GetAsync(store, query);
        using (Connection disk = _folder.Connect())
            disk.Execute("UPDATE chunk SET points = zeroblob(200)");

        Assert.Equal(before.Points, (await GetAsync(store, query)).Points);
        await Assert.ThrowsAsync<ChunkCorruptException>(() => GetAsync(store, query with { MaxPoints = 10_000 }));
        await Assert.ThrowsAsync<ChunkCorruptException>(() => GetAsync(store, query with { Axis = SeriesAxis.Time }));
    }

    [Fact]
    public async Task A_damaged_or_missing_coarse_level_is_said_to_be_damaged()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StartAsync(store, i => new MetricPoint(i, i, i));
        foreach (string damage in (string[])["UPDATE coarse SET points = zeroblob(9)", "DELETE FROM coarse"])
        {
            using (Connection disk = _folder.Connect())
                disk.Execute(damage);

            await Assert.ThrowsAsync<ChunkCorruptException>(() => ReduceAsync(store, run, SeriesAxis.Step));
        }

        Assert.Equal(Chunks * PointChunk.Capacity, (await store.GetSeriesAsync(run, "loss", Token)).Points.Count);
    }

    [Fact]
    public async Task A_range_that_cuts_chunks_is_exact_to_the_point()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StartAsync(store, i => new MetricPoint(i / 3, i, i));

        foreach ((long from, long to) in ((long, long)[])[(PointChunk.Capacity / 3, PointChunk.Capacity / 3), (1_000, 6_000), (0, 0), (6_826, 6_826)])
        {
            MetricSeries range = await GetAsync(store, new SeriesQuery { Runs = [run], Keys = ["loss"], From = from, To = to });
            Assert.Equal(Enumerable.Range((int)from * 3, (int)Math.Min(3 * (to - from + 1), Chunks * PointChunk.Capacity - 3 * from)), range.Points.Select(point => (int)point.Value));
        }
    }

    [Fact]
    public async Task A_run_whose_purge_has_begun_has_no_series()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StartAsync(store, i => new MetricPoint(i, i, i));
        using (Connection disk = _folder.Connect())
            disk.Execute("UPDATE run SET lifecycle = 2");

        Assert.Empty((await store.GetSeriesAsync(run, "loss", Token)).Points);
    }

    [Fact]
    public async Task A_read_that_is_cancelled_ends_and_the_next_one_reads()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StartAsync(store, i => new MetricPoint(i, i, i));
        SeriesQuery query = new() { Runs = [run], Keys = ["loss"] };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.GetSeriesAsync(query, new CancellationToken(canceled: true)).AsTask());

        Assert.Equal(Chunks * PointChunk.Capacity, (await GetAsync(store, query)).Points.Count);
    }

    /// <summary>A run that goes on, whose points so far fill chunks and leave no tail.</summary>
    private static async Task<RunId> StartAsync(ITrackingStore store, Func<int, MetricPoint> point)
    {
        RunId run = await StoreFolder.StartAsync(store);
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", Enumerable.Range(0, Chunks * PointChunk.Capacity).Select(point).ToArray()));
        return run;
    }

    private static Task<MetricSeries> ReduceAsync(ITrackingStore store, RunId run, SeriesAxis axis) =>
        GetAsync(store, new SeriesQuery { Runs = [run], Keys = ["loss"], Axis = axis, MaxPoints = 10 });

    private static async Task<MetricSeries> GetAsync(ITrackingStore store, SeriesQuery query) => Assert.Single(await store.GetSeriesAsync(query, Token));
}
