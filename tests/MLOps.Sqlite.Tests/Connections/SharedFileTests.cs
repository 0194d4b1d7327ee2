using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.Connections;

public sealed class SharedFileTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_stores_that_write_one_series_in_turns_lose_nothing_and_fold_it_rightly()
    {
        await using SqliteTrackingStore one = _folder.Open(), two = _folder.Open();
        RunId run = await StoreFolder.StartAsync(one);
        MetricPoint[] all = StoreFolder.Steps(0, 20_000);
        for (int from = 0; from < all.Length; from += 1_000)
            await StoreFolder.WriteAsync(from % 2_000 == 0 ? one : two, new PointsLogged(run, "loss", all.AsMemory(from, 1_000)));

        Assert.Equal(all, (await two.GetSeriesAsync(run, "loss", Token)).Points);
        Assert.Equal(all[^1], (await one.FindRunAsync(run, Token))!.Metrics["loss"]);
        Assert.Equal(4, _folder.Count("chunk"));
    }

    [Fact]
    public async Task Writers_that_meet_only_at_the_lock_of_the_file_all_get_their_turn()
    {
        // A second path to the same file keeps its store out of the first one's queue, as another process is.
        string folder = Path.GetDirectoryName(_folder.File)!;
        string link = folder + "-link";
        Directory.CreateSymbolicLink(link, folder);
        try
        {
            await using SqliteTrackingStore one = _folder.Open(), two = new(Path.Combine(link, "mlops.db"));
            RunId run = await StoreFolder.StartAsync(one);
            await Task.WhenAll(new[] { one, two }.Select((store, number) => Task.Run(
                async () =>
                {
                    for (int i = 0; i < 100; i++)
                        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", StoreFolder.Steps((2 * i + number) * 100, 100)));
                },
                Token)));

            Assert.Equal(StoreFolder.Steps(0, 20_000), (await one.GetSeriesAsync(run, "loss", Token)).Points);
            using Connection connection = _folder.Connect();
            Assert.Equal("ok", connection.QueryText("PRAGMA integrity_check"));
        }
        finally
        {
            Directory.Delete(link);
        }
    }

    [Fact]
    public async Task A_link_to_the_file_is_the_file()
    {
        string link = _folder.File + ".link";
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        File.CreateSymbolicLink(link, _folder.File);
        await using SqliteTrackingStore linked = new(link);

        await linked.SyncAsync(Token);

        Assert.NotNull(await linked.FindRunAsync(run, Token));
    }

    [Fact]
    public async Task What_another_connection_changes_is_not_remembered_otherwise()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        await StoreFolder.WriteAsync(store, new PointsLogged(run, "loss", StoreFolder.Steps(0, 10)));
        using (Connection other = _folder.Connect())
            other.Execute("PRAGMA foreign_keys=OFF; DELETE FROM tag; DELETE FROM tail; DELETE FROM series; DELETE FROM run; INSERT INTO purged_run SELECT '" + run + "'");

        AppendResult result = await store.AppendAsync(new RecordBatch { Records = [new PointsLogged(run, "loss", StoreFolder.Steps(0, 10)), new RunStarted(run, 1) { ExperimentName = "churn" }] }, Token);

        Assert.Equal([RejectionReason.RunPurged, RejectionReason.RunPurged], result.Rejections.Select(rejection => rejection.Reason));
    }

    [Fact]
    public async Task A_reader_is_not_kept_waiting_by_a_writer()
    {
        await using SqliteTrackingStore store = _folder.Open(new SqliteOptions { BusyTimeout = TimeSpan.Zero });
        RunId run = await StoreFolder.StartAsync(store);
        using Connection writer = _folder.Connect();
        writer.BeginWriting();
        writer.Execute("UPDATE run SET name = 'other'");

        Assert.NotEqual("other", (await store.FindRunAsync(run, Token))!.Info.Name);
        writer.Rollback();
    }

    [Fact]
    public async Task All_is_there_when_the_store_is_opened_again()
    {
        RunId run;
        MetricPoint[] points = StoreFolder.Steps(0, 10_000);
        await using (SqliteTrackingStore store = _folder.Open())
        {
            run = await StoreFolder.StartAsync(store);
            await StoreFolder.WriteAsync(store, new ParamLogged(run, "empty", ""), new ParamLogged(run, "nul", "a\0b"), new PointsLogged(run, "loss", points));
            await store.SyncAsync(Token);
        }

        await using SqliteTrackingStore again = _folder.Open();
        RunDetails found = (await again.FindRunAsync(run, Token))!;
        Assert.Equal(new Dictionary<string, string> { ["empty"] = "", ["nul"] = "a\0b" }, found.Params);
        Assert.Equal(points, (await again.GetSeriesAsync(run, "loss", Token)).Points);
    }

    [Fact]
    public async Task A_list_of_more_runs_than_a_page_holds_has_each_once_and_in_order()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId[] runs = [.. Enumerable.Range(0, 1_000).Select(_ => RunId.New())];
        await StoreFolder.WriteAsync(store, [.. runs.Select((run, i) => new RunStarted(run, i / 7) { ExperimentName = "churn" })]);

        List<RunInfo> found = [];
        await foreach (RunDetails run in store.FindRunsAsync(new RunQuery { Experiments = [new ExperimentId("1"), new ExperimentId("none")] }, Token))
            found.Add(run.Info);

        Assert.Equal(found.OrderByDescending(run => run.StartedAt).ThenBy(run => run.Id.Value, StringComparer.Ordinal), found);
        Assert.Equal(runs.ToHashSet(), found.Select(run => run.Id).ToHashSet());
        Assert.Equal(runs.Length, found.Count);
    }
}
