using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using Xunit;
using static MLOps.Tracking.Storage.TrackingRecord;

namespace MLOps.Sqlite.Tests.Connections;

/// <summary>Writes that wait together share a commit, and none of them notices.</summary>
public sealed class SharedCommitTests : IDisposable
{
    private const int Writers = 40;
    private readonly StoreFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_refused_write_leaves_nothing_and_those_beside_it_all()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        await StoreFolder.WriteAsync(store, new ParamLogged(run, "fixed", "0"));

        AppendResult[] results = await TogetherAsync(i => store.AppendAsync(
            new RecordBatch
            {
                OnReject = OnReject.RefuseAll,
                Records = [new TagSet(run, $"tag{i}", "set"), new PointsLogged(run, $"metric{i}", new[] { new MetricPoint(i, i, i) }), new ParamLogged(run, "fixed", (i % 2).ToString(System.Globalization.CultureInfo.InvariantCulture))],
            },
            Token));

        RunDetails details = (await store.FindRunAsync(run, Token))!;
        for (int i = 0; i < Writers; i++)
        {
            bool isRefused = i % 2 == 1;
            Assert.Equal(isRefused ? [RejectionReason.ParamChanged] : [], results[i].Rejections.Select(rejection => rejection.Reason));
            Assert.Equal(!isRefused, details.Tags.ContainsKey($"tag{i}"));
            Assert.Equal(isRefused ? 0 : 1, (await store.GetSeriesAsync(run, $"metric{i}", Token)).Points.Count);
        }
    }

    [Fact]
    public async Task A_write_that_raises_leaves_those_beside_it_alone()
    {
        await using SqliteTrackingStore store = _folder.Open();
        await store.CreateExperimentAsync("taken", artifactLocation: null, Token);

        Task<Experiment>[] made = await TriedTogetherAsync(i => store.CreateExperimentAsync(i % 3 == 0 ? "taken" : $"new{i}", artifactLocation: null, Token));

        for (int i = 0; i < Writers; i++)
        {
            if (i % 3 == 0)
                await Assert.ThrowsAsync<ExperimentExistsException>(() => made[i]);
            else
                Assert.Equal(await made[i], await store.FindExperimentAsync($"new{i}", Token));
        }
    }

    [Fact]
    public async Task When_the_disk_has_no_room_for_one_those_beside_it_are_written()
    {
        SqliteOptions options = new();
        RunId run;
        await using (SqliteTrackingStore roomy = _folder.Open(options))
            run = await StoreFolder.StartAsync(roomy);
        using (Connection connection = _folder.Connect())
            options.ExtraPragmas = $"PRAGMA max_page_count={long.Parse(connection.QueryText("PRAGMA page_count"), System.Globalization.CultureInfo.InvariantCulture) + 40}";
        await using SqliteTrackingStore full = _folder.Open(options);

        // 100,000 points do not fit, whichever of the writes that wait with them come first; a tag does.
        Task<AppendResult>[] results = await TriedTogetherAsync(i => full.AppendAsync(
            new RecordBatch { Records = [i == 7 ? new PointsLogged(run, "large", StoreFolder.Steps(0, 100_000)) : new TagSet(run, $"tag{i}", "set")] },
            Token));

        Assert.True((await Assert.ThrowsAsync<TrackingStoreException>(() => results[7])).IsTransient);
        RunDetails details = (await full.FindRunAsync(run, Token))!;
        Assert.Empty(details.Metrics);
        Assert.Equal(Writers - 1, details.Tags.Keys.Count(key => key.StartsWith("tag", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Those_that_wait_for_a_lock_in_vain_are_all_told()
    {
        await using SqliteTrackingStore store = _folder.Open(new SqliteOptions { BusyTimeout = TimeSpan.FromMilliseconds(20) });
        RunId run = await StoreFolder.StartAsync(store);
        using (Connection other = _folder.Connect())
        {
            other.BeginWriting();
            foreach (Task<AppendResult> result in await TriedTogetherAsync(i => store.AppendAsync(new RecordBatch { Records = [new TagSet(run, $"tag{i}", "set")] }, Token)))
                Assert.True((await Assert.ThrowsAsync<TrackingStoreException>(() => result)).IsTransient);
            other.Rollback();
        }

        await StoreFolder.WriteAsync(store, new TagSet(run, "after", "set"));
        Assert.Equal(["after"], (await store.FindRunAsync(run, Token))!.Tags.Keys.Except(["mlflow.runName"]));
    }

    [Fact]
    public async Task One_that_is_cancelled_while_it_waits_is_not_written()
    {
        await using SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        Task<AppendResult>[] results;
        using (CancellationTokenSource cancelled = CancellationTokenSource.CreateLinkedTokenSource(Token))
        using (Connection other = _folder.Connect())
        {
            other.BeginWriting();
            results = [.. Enumerable.Range(0, Writers).Select(i => store.AppendAsync(new RecordBatch { Records = [new TagSet(run, $"tag{i}", "set")] }, i % 2 == 0 ? cancelled.Token : Token).AsTask())];
            await cancelled.CancelAsync();
            other.Rollback();
        }

        for (int i = 0; i < Writers; i++)
        {
            if (i % 2 == 0)
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => results[i]);
            else
                Assert.Empty((await results[i]).Rejections);
        }

        Assert.Equal(Enumerable.Range(0, Writers).Count(i => i % 2 == 1), (await store.FindRunAsync(run, Token))!.Tags.Keys.Count(key => key.StartsWith("tag", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Writes_of_an_open_store_that_is_disposed_are_done_or_told()
    {
        SqliteTrackingStore store = _folder.Open();
        RunId run = await StoreFolder.StartAsync(store);
        Task<AppendResult>[] results = [.. Enumerable.Range(0, Writers).Select(i => store.AppendAsync(new RecordBatch { Records = [new TagSet(run, $"tag{i}", "set")] }, Token).AsTask())];
        await store.DisposeAsync();

        List<string> written = [];
        for (int i = 0; i < Writers; i++)
        {
            try
            {
                await results[i];
                written.Add($"tag{i}");
            }
            catch (ObjectDisposedException)
            {
                // Told that it is not written.
            }
        }

        await using SqliteTrackingStore again = _folder.Open();
        Assert.Equal(written.Order(StringComparer.Ordinal), (await again.FindRunAsync(run, Token))!.Tags.Keys.Where(key => key.StartsWith("tag", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    private static async Task<T[]> TogetherAsync<T>(Func<int, ValueTask<T>> write) => await Task.WhenAll(await TriedTogetherAsync(write));

    /// <summary>Begins all writes before any can have been done, and waits until each has succeeded or failed.</summary>
    private static async Task<Task<T>[]> TriedTogetherAsync<T>(Func<int, ValueTask<T>> write)
    {
        Task<T>[] writes = [.. Enumerable.Range(0, Writers).Select(i => write(i).AsTask())];
        await Task.WhenAll(writes.Select(task => task.ContinueWith(static _ => { }, Token, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)));
        return writes;
    }
}
