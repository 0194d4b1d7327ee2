using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.Connections;

public sealed class FaultTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_lock_held_by_another_process_is_a_transient_error_after_the_bound_and_passes_with_the_lock()
    {
        await using SqliteTrackingStore store = _folder.Open(new SqliteOptions { BusyTimeout = TimeSpan.FromMilliseconds(20) });
        RunId run = await StoreFolder.StartAsync(store);
        using (Connection other = _folder.Connect())
        {
            other.BeginWriting();

            TrackingStoreException locked = await Assert.ThrowsAsync<TrackingStoreException>(() => StoreFolder.WriteAsync(store, new ParamLogged(run, "depth", "3")));

            Assert.True(locked.IsTransient);
            Assert.Contains("locked", locked.Message, StringComparison.Ordinal);
            Assert.Empty((await store.FindRunAsync(run, Token))!.Params);
            other.Rollback();
        }

        await StoreFolder.WriteAsync(store, new ParamLogged(run, "depth", "3"));
        Assert.Equal("3", (await store.FindRunAsync(run, Token))!.Params["depth"]);
    }

    [Fact]
    public async Task A_new_store_whose_file_is_locked_opens_when_the_lock_is_gone()
    {
        await using SqliteTrackingStore store = _folder.Open(new SqliteOptions { BusyTimeout = TimeSpan.Zero });
        using (Connection other = _folder.Connect())
        {
            other.Execute("BEGIN EXCLUSIVE");

            Assert.True((await Assert.ThrowsAsync<TrackingStoreException>(() => store.GetCursorAsync(Guid.NewGuid(), Token).AsTask())).IsTransient);
            other.Rollback();
        }

        Assert.NotNull(await store.FindExperimentAsync(ExperimentId.Default, Token));
    }

    [Fact]
    public async Task Waiting_for_a_lock_can_be_cancelled()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        using Connection other = _folder.Connect();
        other.BeginWriting();
        using CancellationTokenSource cancelled = CancellationTokenSource.CreateLinkedTokenSource(Token);
        ValueTask<AppendResult> append = store.AppendAsync(new RecordBatch { Records = [new ParamLogged(run, "depth", "3")] }, cancelled.Token);

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => append.AsTask());
        other.Rollback();
        Assert.Empty((await store.FindRunAsync(run, Token))!.Params);
    }

    [Fact]
    public async Task A_full_disk_is_a_transient_error_that_leaves_nothing_of_the_batch_and_passes_when_there_is_space()
    {
        SqliteOptions options = new();
        RunId run;
        await using (SqliteTrackingStore roomy = _folder.Open(options))
            run = await StoreFolder.StartAsync(roomy);
        options.ExtraPragmas = "PRAGMA max_page_count=60";
        MetricPoint[] points = StoreFolder.Steps(0, 100_000);
        await using (SqliteTrackingStore full = _folder.Open(options))
        {
            TrackingStoreException refused = await Assert.ThrowsAsync<TrackingStoreException>(() => StoreFolder.WriteAsync(full, new PointsLogged(run, "loss", points)));
            Assert.True(refused.IsTransient);
            Assert.Contains("full", refused.Message, StringComparison.Ordinal);
            Assert.Empty((await full.GetSeriesAsync(run, "loss", Token)).Points);

            // What still fits goes in: the store has not given up.
            await StoreFolder.WriteAsync(full, new PointsLogged(run, "loss", points.AsMemory(0, 10)));
            Assert.Equal(points[..10], (await full.GetSeriesAsync(run, "loss", Token)).Points);
        }

        await using SqliteTrackingStore again = _folder.Open();
        await StoreFolder.WriteAsync(again, new PointsLogged(run, "loss", points));
        Assert.Equal(points, (await again.GetSeriesAsync(run, "loss", Token)).Points);
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_can_be_read_and_says_what_is_missing()
    {
        RunId run;
        await using (SqliteTrackingStore writable = _folder.Open())
            run = await StoreFolder.StartAsync(writable);
        await using SqliteTrackingStore store = _folder.Open(new SqliteOptions { ExtraPragmas = "PRAGMA query_only=ON" });

        TrackingStoreException refused = await Assert.ThrowsAsync<TrackingStoreException>(() => StoreFolder.WriteAsync(store, new ParamLogged(run, "depth", "3")));

        Assert.False(refused.IsTransient);
        Assert.Contains("permission", refused.Message, StringComparison.Ordinal);
        Assert.NotNull(await store.FindRunAsync(run, Token));
    }

    [Fact]
    public async Task A_file_without_write_permission_can_be_read_and_not_written()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess || OperatingSystem.IsWindows(), "Permissions do not bind this user.");
        RunId run;
        await using (SqliteTrackingStore writable = _folder.Open())
            run = await StoreFolder.StartAsync(writable);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_folder.File, UnixFileMode.UserRead);
        await using SqliteTrackingStore store = _folder.Open();

        TrackingStoreException refused = await Assert.ThrowsAsync<TrackingStoreException>(() => StoreFolder.WriteAsync(store, new ParamLogged(run, "depth", "3")));

        Assert.False(refused.IsTransient);
        Assert.NotNull(await store.FindRunAsync(run, Token));
    }

    [Fact]
    public async Task A_damaged_chunk_is_said_to_be_damaged_and_blocks_nothing_else()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", StoreFolder.Steps(0, 5_000)), new PointsLogged(run, "accuracy", StoreFolder.Steps(0, 10)));
        using (Connection disk = _folder.Connect())
            disk.Execute("UPDATE chunk SET points = zeroblob(200)");

        await Assert.ThrowsAsync<ChunkCorruptException>(() => store.GetSeriesAsync(run, "loss", Token).AsTask());
        await StoreFolder.WriteAsync(
            store,
            new PointsLogged(run, "loss", StoreFolder.Steps(10, 5_000)),
            new PointsLogged(run, "accuracy", StoreFolder.Steps(10, 10)),
            new RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = 1 });

        Assert.Equal(20, (await store.GetSeriesAsync(run, "accuracy", Token)).Points.Count);
        Assert.Equal(RunStatus.Finished, (await store.FindRunAsync(run, Token))!.Info.Status);
        await Assert.ThrowsAsync<ChunkCorruptException>(() => store.GetSeriesAsync(run, "loss", Token).AsTask());
        using Connection kept = _folder.Connect();
        Assert.Equal("5904", kept.QueryText("SELECT CAST(sum(count) AS TEXT) FROM tail"));
    }

    [Fact]
    public async Task A_store_that_has_been_disposed_says_so()
    {
        SqliteTrackingStore store = _folder.Open();
        await StoreFolder.StartAsync(store);
        await store.DisposeAsync();
        await store.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.FindRunAsync(RunId.New(), Token).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.AppendAsync(new RecordBatch { Records = [] }, Token).AsTask());
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.SyncAsync(Token).AsTask());
        Assert.False(File.Exists(_folder.File + "-wal"));
    }
}
