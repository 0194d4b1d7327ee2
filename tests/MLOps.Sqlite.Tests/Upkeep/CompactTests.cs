using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.Upkeep;

public sealed class CompactTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Compacting_gives_the_space_of_purged_runs_back_to_the_disk()
    {
        await using SqliteTrackingStore store = _folder.Open();
        (RunId gone, RunId kept) = (await FillAsync(store, 200_000), await FillAsync(store, 5_000));
        await PurgeAsync(store, gone);
        long before = SizeOnDisk();

        CompactResult result = await store.CompactAsync(Token);

        Assert.Equal((before, SizeOnDisk()), (result.BytesBefore, result.BytesAfter));
        Assert.True(result.BytesAfter < result.BytesBefore / 5, $"{result}");
        Assert.Equal(0, new FileInfo(_folder.File + "-wal").Length);
        Assert.Equal(5_000, (await store.GetSeriesAsync(kept, "loss", Token)).Points.Count);
        await StoreFolder.WriteAsync(store, new TagSet(kept, "after", "1"));
        Assert.Equal("1", (await store.FindRunAsync(kept, Token))!.Tags["after"]);
    }

    [Fact]
    public async Task A_disk_without_room_for_a_copy_is_told_before_anything_is_done()
    {
        await using SqliteTrackingStore store = _folder.Open(new SqliteOptions { FreeBytes = _ => 100_000 });
        await PurgeAsync(store, await FillAsync(store, 200_000));
        await FillAsync(store, 100_000);
        long before = SizeOnDisk();

        TrackingStoreException refused = await Assert.ThrowsAsync<TrackingStoreException>(async () => await store.CompactAsync(Token));

        Assert.True(refused.IsTransient);
        Assert.Contains("100000 are free", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, SizeOnDisk());
    }

    [Fact]
    public async Task Points_that_came_after_the_end_of_their_run_are_folded()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await FillAsync(store, 10);
        await StoreFolder.WriteAsync(store, new RunUpdated(run) { Status = RunStatus.Finished });
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", StoreFolder.Steps(10, 10)));
        Assert.Equal(1, _folder.Count("tail"));

        await store.CompactAsync(Token);

        Assert.Equal((0, 1), (_folder.Count("tail"), _folder.Count("chunk")));
        Assert.Equal(StoreFolder.Steps(0, 20), (await store.GetSeriesAsync(run, "loss", Token)).Points);
    }

    [Fact]
    public async Task A_lock_that_another_process_holds_for_too_long_is_told_and_nothing_has_changed()
    {
        await using SqliteTrackingStore store = _folder.Open(new SqliteOptions { BusyTimeout = TimeSpan.FromMilliseconds(20) });
        await PurgeAsync(store, await FillAsync(store, 200_000));
        using Connection other = _folder.Connect();
        other.BeginWriting();
        long pages = StoreFolder.QueryInt64(other, "PRAGMA page_count");

        TrackingStoreException refused = await Assert.ThrowsAsync<TrackingStoreException>(async () => await store.CompactAsync(Token));

        Assert.True(refused.IsTransient);
        other.Rollback();
        Assert.Equal(pages, StoreFolder.QueryInt64(other, "PRAGMA page_count"));
        Assert.True((await store.CompactAsync(Token)).BytesAfter < pages * 4096 / 5);
    }

    [Fact]
    public async Task A_reader_of_an_old_state_puts_off_the_shrinking_and_nothing_else()
    {
        await using SqliteTrackingStore store = _folder.Open(new SqliteOptions { BusyTimeout = TimeSpan.FromMilliseconds(20) });
        await PurgeAsync(store, await FillAsync(store, 100_000));
        using Connection reader = _folder.Connect();
        reader.BeginReading();
        long runs = StoreFolder.QueryInt64(reader, "SELECT count(*) FROM run");

        await store.CompactAsync(Token);

        Assert.Equal(runs, StoreFolder.QueryInt64(reader, "SELECT count(*) FROM run"));
        reader.Commit();
        Assert.True((await store.CompactAsync(Token)).BytesAfter < 1_000_000);
    }

    [Fact]
    public async Task Others_write_while_a_store_is_compacted_again_and_again()
    {
        // A second path to the same file keeps its store out of the first one's queue, as another process is.
        string link = Path.GetDirectoryName(_folder.File)! + "-link";
        Directory.CreateSymbolicLink(link, Path.GetDirectoryName(_folder.File)!);
        try
        {
            await using SqliteTrackingStore store = _folder.Open(), other = new(Path.Combine(link, "mlops.db"));
            RunId run = await FillAsync(store, 50_000), busy = await StoreFolder.StartAsync(other);
            Task writing = Task.Run(
                async () =>
                {
                    for (int i = 0; i < 200; i++)
                        await StoreFolder.WriteAsync(other, new PointsLogged(busy, "loss", StoreFolder.Steps(100 * i, 100)));
                },
                Token);
            do
                await store.CompactAsync(Token);
            while (!writing.IsCompleted);

            await writing;
            Assert.Equal(StoreFolder.Steps(0, 20_000), (await store.GetSeriesAsync(busy, "loss", Token)).Points);
            Assert.Equal(50_000, (await other.GetSeriesAsync(run, "loss", Token)).Points.Count);
            await foreach (StoreFinding finding in store.CheckAsync(Token))
                Assert.Fail(finding.Message);
        }
        finally
        {
            Directory.Delete(link);
        }
    }

    private static async Task<RunId> FillAsync(SqliteTrackingStore store, int points)
    {
        Random random = new(1);
        RunId run = await StoreFolder.StartAsync(store);
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", Enumerable.Range(0, points).Select(step => new MetricPoint(step, 1_000 + step, points < 100 ? step / 10.0 : random.NextDouble())).ToArray()));
        return run;
    }

    private static async Task PurgeAsync(SqliteTrackingStore store, RunId run)
    {
        await store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Token);
        await store.BeginPurgeAsync([run], Token);
        await store.EndPurgeAsync([run], Token);
    }

    private long SizeOnDisk() => Directory.EnumerateFiles(Path.GetDirectoryName(_folder.File)!, "mlops.db*").Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)).Sum(file => new FileInfo(file).Length);
}
