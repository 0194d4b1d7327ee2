using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.Runs;

public sealed class PurgeTableTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_purged_run_leaves_its_mark_and_the_names_of_keys_and_nothing_else()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await FillAsync(store);
        await store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Token);
        await store.BeginPurgeAsync([run], Token);
        Assert.Equal(0, _folder.Count("lease"));

        await store.EndPurgeAsync([run], Token);

        foreach (string table in (string[])["run", "param", "tag", "series", "chunk", "coarse", "tail", "dataset", "run_input", "lease"])
            Assert.Equal((table, 0), (table, _folder.Count(table)));
        Assert.Equal(1, _folder.Count("purged_run"));
        Assert.NotEqual(0, _folder.Count("key_name"));
    }

    [Fact]
    public async Task Purging_reads_no_table_from_end_to_end()
    {
        List<RunId> runs = [];
        await using (SqliteTrackingStore store = _folder.Open())
        {
            for (int i = 0; i < 30; i++)
                runs.Add(await FillAsync(store));
            RunId other = RunId.New();
            await StoreFolder.WriteAsync(store, new RunStarted(other, 1) { ExperimentName = "other" }, new PointsLogged(other, "loss", StoreFolder.Steps(0, 5)), new PointsLogged(other, "accuracy", StoreFolder.Steps(0, 5)));
            await store.SetExperimentLifecycleAsync((await store.FindExperimentAsync("churn", Token))!.Id, Lifecycle.Deleted, Token);
        }

        using Session session = new(_folder.Connect());
        session.Connection.Execute("PRAGMA foreign_keys=ON");
        Assert.Equal(10, session.Purges.Begin(runs[..10]).Count);
        for (int next = 0; next < 10;)
            next = session.Purges.Remove(runs[..10], next, TimeSpan.FromMilliseconds(1));
        Assert.False(session.Experiments.Purge(new ExperimentId("1")));
        Assert.Equal(21, _folder.Count("run"));
        session.Purges.Begin(runs[10..]);
        for (int next = 0; next < 20;)
            next = session.Purges.Remove(runs[10..], next, TimeSpan.FromMilliseconds(1));
        Assert.True(session.Experiments.Purge(new ExperimentId("1")));

        Assert.Equal(0, session.Connection.FullScanSteps);
        Assert.Equal(1, _folder.Count("run"));
    }

    [Fact]
    public async Task A_run_of_many_points_is_removed_piece_by_piece_and_is_sound_between()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId giant = await StoreFolder.StartAsync(store);
        await StoreFolder.WriteAsync(store, new PointsLogged(giant, "loss", StoreFolder.Steps(0, 200 * PointChunk.Capacity)));
        await store.SetRunLifecycleAsync(giant, Lifecycle.Deleted, Token);
        await store.BeginPurgeAsync([giant], Token);

        using Session session = new(_folder.Connect());
        session.Connection.Execute("PRAGMA foreign_keys=ON");
        List<long> left = [];
        for (int next = 0; next < 1; left.Add(_folder.Count("chunk")))
        {
            next = session.Purges.Remove([giant], next, TimeSpan.Zero);
            await foreach (StoreFinding finding in store.CheckAsync(Token))
                Assert.Fail(finding.Message);
        }

        Assert.Equal([136, 72, 8, 0, 0, 0], left);
        Assert.Equal((0, 0), (_folder.Count("coarse"), _folder.Count("run")));
        Assert.Empty(await store.FindPurgingAsync(1, Token));
    }

    private static async Task<RunId> FillAsync(SqliteTrackingStore store)
    {
        BatchSource source = new(new LeaseOwner(Guid.NewGuid(), "host", 7, DateTimeOffset.UnixEpoch), 1, TimeSpan.FromMinutes(1));
        RunId run = await StoreFolder.StartAsync(store, source);
        await StoreFolder.WriteAsync(
            store,
            new ParamLogged(run, "depth", "6"),
            new DatasetUsed(run, new DatasetInput { Name = "train", Digest = run.Value, Role = "training" }),
            new DatasetUsed(run, new DatasetInput { Name = "train", Digest = run.Value, Role = "test" }),
            new PointsLogged(run, "loss", StoreFolder.Steps(0, 5_000)),
            new PointsLogged(run, "accuracy", StoreFolder.Steps(0, 5)));
        return run;
    }
}
