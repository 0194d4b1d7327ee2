using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task A_check_of_a_sound_store_finds_nothing_whatever_was_done_to_it()
    {
        Needs(StoreCapabilities.Maintenance);
        TestJournal journal = new(Clock);
        RunId[] runs = [RunId.New(), RunId.New(), RunId.New(), RunId.New()];
        double special = Store.Capabilities.HasFlag(StoreCapabilities.NonFiniteValues) ? double.NaN : -0.0;
        foreach (RunId run in runs)
        {
            await LogAsync(
                journal,
                Started(run),
                new TrackingRecord.ParamLogged(run, "depth", "6"),
                new TrackingRecord.DatasetUsed(run, new DatasetInput { Name = "train", Digest = "d1" }),
                Points(run, [.. Enumerable.Range(0, 9_000).Select(step => new MetricPoint(step % 5_000, NowMs + step % 3, step % 7 == 0 ? special : step))]),
                new TrackingRecord.PointsLogged(run, "lr", new[] { new MetricPoint(1, 0, special) }));
            await LogAsync(journal, Points(run, new MetricPoint(77, 0, -1), new MetricPoint(100_000, 0, 1)));
        }

        await LogAsync(journal, new TrackingRecord.RunUpdated(runs[0]) { Status = RunStatus.Finished, EndedAtMs = NowMs }, Points(runs[0], new MetricPoint(5, 5, 5)));
        if (Store.Capabilities.HasFlag(StoreCapabilities.Purge))
        {
            await PurgeAsync(runs[1]);
            await DeleteAsync(runs[2], runs[3]);
            await Store.BeginPurgeAsync([runs[3]], Cancellation);
        }

        await ReopenAsync();

        Assert.Empty(await CheckAsync());
    }

    [Fact]
    public async Task A_compacted_store_holds_what_it_held()
    {
        Needs(StoreCapabilities.Maintenance);
        RunId run = await StartRunAsync();
        MetricPoint[] points = [.. Enumerable.Range(0, 10_000).Select(step => new MetricPoint(step, step, step))];
        await LogAsync(Points(run, points), new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = NowMs });
        await LogAsync(Points(run, new MetricPoint(-1, 0, 1)));
        RunDetails before = await GetRunAsync(run);

        CompactResult result = await Store.CompactAsync(Cancellation);
        await LogAsync(new TrackingRecord.TagSet(run, "after", "1"));
        await ReopenAsync();

        Assert.True(result.BytesAfter >= 0 && result.BytesBefore >= 0);
        Assert.Equal(points.Prepend(new MetricPoint(-1, 0, 1)), await GetPointsAsync(run));
        RunDetails after = await GetRunAsync(run);
        Assert.Equal((before.Info, "1"), (after.Info, after.Tags["after"]));
        Assert.Empty(await CheckAsync());
    }

    [Fact]
    public async Task Upkeep_that_is_cancelled_does_not_begin()
    {
        Needs(StoreCapabilities.Maintenance);
        CancellationToken cancelled = new(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.CompactAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (StoreFinding _ in Store.CheckAsync(cancelled))
            {
            }
        });
    }

    private async Task<List<StoreFinding>> CheckAsync()
    {
        List<StoreFinding> findings = [];
        await foreach (StoreFinding finding in Store.CheckAsync(Cancellation))
            findings.Add(finding);
        return findings;
    }
}
