using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task A_run_whose_purge_has_begun_is_out_of_every_sight()
    {
        Needs(StoreCapabilities.Purge);
        TestJournal journal = new(Clock);
        RunId run = RunId.New(), child = RunId.New();
        RunId parent = RunId.New();
        await LogAsync(journal, Started(run) with { Parent = parent }, Points(run, new MetricPoint(1, NowMs, 0.5)));
        await LogAsync(Started(child) with { Parent = run });
        await Store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Cancellation);

        RunInfo begun = Assert.Single(await Store.BeginPurgeAsync([run], Cancellation));

        Assert.Equal((run, Lifecycle.Deleted), (begun.Id, begun.Lifecycle));
        Assert.Null(await Store.FindRunAsync(run, Cancellation));
        Assert.Equal([child], await FindRunIdsAsync(new RunQuery { Lifecycle = null }));
        Assert.Equal([child], await FindRunIdsAsync(new RunQuery { Lifecycle = null, Experiments = [(await GetExperimentAsync("churn")).Id] }));
        Assert.Empty(await FindRunIdsAsync(new RunQuery { Lifecycle = null, Parent = parent }));
        Assert.Empty(await FindRunIdsAsync(new RunQuery { Lifecycle = Lifecycle.Deleted }));
        Assert.Empty(await GetPointsAsync(run));
        await Assert.ThrowsAsync<RunPurgedException>(async () => await Store.SetRunLifecycleAsync(run, Lifecycle.Active, Cancellation));
        await Assert.ThrowsAsync<RunPurgedException>(async () => await Store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Cancellation));
        if (Store.Capabilities.HasFlag(StoreCapabilities.Leases))
        {
            await Assert.ThrowsAsync<RunNotFoundException>(async () => await Store.TakeLeaseAsync(run, new TestJournal(Clock).Owner, TestJournal.LeaseDuration, Cancellation));
            await Store.RenewLeasesAsync(journal.Owner, TestJournal.LeaseDuration, Cancellation);
            Assert.Empty(await Store.CloseJournalAsync(journal.Owner.Journal, Cancellation));
        }
    }

    [Fact]
    public async Task A_purge_that_was_interrupted_is_found_and_ended_after_reopening()
    {
        Needs(StoreCapabilities.Purge);
        RunId one = await StartRunAsync(), two = await StartRunAsync(), kept = await StartRunAsync();
        await DeleteAsync(one, two);
        IReadOnlyList<RunInfo> begun = await Store.BeginPurgeAsync([one, two], Cancellation);
        await ReopenAsync();

        IReadOnlyList<RunInfo> found = await Store.FindPurgingAsync(10, Cancellation);
        Assert.Equal(begun.OrderBy(run => run.Id.Value, StringComparer.Ordinal), found.OrderBy(run => run.Id.Value, StringComparer.Ordinal));
        Assert.Equal(new[] { one, two }.ToHashSet(), found.Select(run => run.Id).ToHashSet());
        Assert.Single(await Store.FindPurgingAsync(1, Cancellation));

        await Store.EndPurgeAsync([one], Cancellation);
        Assert.Equal([two], (await Store.FindPurgingAsync(10, Cancellation)).Select(run => run.Id));
        await Store.EndPurgeAsync([one, two, kept, RunId.New()], Cancellation);

        Assert.Empty(await Store.FindPurgingAsync(10, Cancellation));
        Assert.NotNull(await Store.FindRunAsync(kept, Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.FindPurgingAsync(0, Cancellation));
    }

    [Fact]
    public async Task Only_softly_deleted_runs_are_purged_and_beginning_twice_changes_nothing()
    {
        Needs(StoreCapabilities.Purge);
        RunId active = await StartRunAsync(), deleted = await StartRunAsync();
        await DeleteAsync(deleted);

        IReadOnlyList<RunInfo> first = await Store.BeginPurgeAsync([active, deleted, RunId.New()], Cancellation);
        IReadOnlyList<RunInfo> second = await Store.BeginPurgeAsync([active, deleted], Cancellation);
        await Store.EndPurgeAsync([active, deleted], Cancellation);

        Assert.Equal([deleted], first.Select(run => run.Id));
        Assert.Equal(first, second);
        Assert.NotNull(await Store.FindRunAsync(active, Cancellation));
        Assert.Empty(await Store.BeginPurgeAsync([deleted], Cancellation));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_journal_brings_late_does_not_bring_a_purged_run_back(bool ended)
    {
        Needs(StoreCapabilities.Purge);
        TestJournal journal = new(Clock);
        RunId run = RunId.New();
        await LogAsync(journal, Started(run), new TrackingRecord.TagSet(run, "color", "red"));
        await DeleteAsync(run);
        await Store.BeginPurgeAsync([run], Cancellation);
        if (ended)
            await Store.EndPurgeAsync([run], Cancellation);
        await ReopenAsync();

        foreach (TrackingRecord late in OneOfEachChange(run).Prepend(Started(run)))
        {
            AssertOnlyRefusal((await Store.AppendAsync(journal.Next(late), Cancellation)).Rejections, 0, RejectionReason.RunPurged);
            await AssertRefusedAsync(RejectionReason.RunPurged, late);
        }

        Assert.Null(await Store.FindRunAsync(run, Cancellation));
        await Assert.ThrowsAsync<RunPurgedException>(async () => await Store.SetRunLifecycleAsync(run, Lifecycle.Active, Cancellation));
    }

    [Fact]
    public async Task The_child_of_a_purged_run_still_names_its_parent()
    {
        Needs(StoreCapabilities.Purge);
        RunId parent = await StartRunAsync(), child = RunId.New();
        await LogAsync(Started(child) with { Parent = parent });

        await PurgeAsync(parent);
        await ReopenAsync();

        RunDetails kept = await GetRunAsync(child);
        Assert.Equal((parent, parent.Value), (kept.Info.Parent, kept.Tags[WellKnownTags.ParentRunId]));
    }

    [Fact]
    public async Task Runs_beside_a_purged_one_keep_all_that_they_share_with_it()
    {
        Needs(StoreCapabilities.Purge);
        DatasetInput shared = new() { Name = "train", Digest = "d1", Source = "kept" };
        RunId[] runs = [await StartRunAsync(), await StartRunAsync()];
        foreach (RunId run in runs)
        {
            await LogAsync(
                new TrackingRecord.ParamLogged(run, "depth", "6"),
                new TrackingRecord.TagSet(run, "color", "red"),
                new TrackingRecord.DatasetUsed(run, shared),
                Points(run, new MetricPoint(1, NowMs, 0.5), new MetricPoint(2, NowMs, 0.4)));
        }

        RunDetails before = await GetRunAsync(runs[1]);
        await PurgeAsync(runs[0]);
        await ReopenAsync();

        RunDetails after = await GetRunAsync(runs[1]);
        Assert.Equal(before.Info, after.Info);
        Assert.Equal(before.Params, after.Params);
        Assert.Equal(before.Tags, after.Tags);
        Assert.Equal(before.Metrics, after.Metrics);
        Assert.Equal([shared], after.Datasets);
        Assert.Equal([new MetricPoint(1, NowMs, 0.5), new MetricPoint(2, NowMs, 0.4)], await GetPointsAsync(runs[1]));
    }

    [Fact]
    public async Task A_dataset_that_nothing_refers_to_any_more_goes_with_the_last_run_that_used_it()
    {
        Needs(StoreCapabilities.Purge);
        RunId run = await StartRunAsync(), later = await StartRunAsync();
        await LogAsync(new TrackingRecord.DatasetUsed(run, new DatasetInput { Name = "train", Digest = "d1", Source = "old" }));

        await PurgeAsync(run);
        await LogAsync(new TrackingRecord.DatasetUsed(later, new DatasetInput { Name = "train", Digest = "d1", Source = "new" }));

        // A dataset is what was first logged under its name and digest: had the old one stayed, it would be found here.
        Assert.Equal("new", Assert.Single((await GetRunAsync(later)).Datasets).Source);
    }

    [Fact]
    public async Task Runs_that_are_logged_while_and_after_others_are_purged_are_whole()
    {
        Needs(StoreCapabilities.Purge);
        TestJournal journal = new(Clock);
        List<RunId> kept = [];
        for (int round = 0; round < 20; round++)
        {
            RunId gone = RunId.New(), stays = RunId.New();
            await LogAsync(journal, Started(gone), Points(gone, new MetricPoint(round, NowMs, -1)));
            await DeleteAsync(gone);
            await Store.BeginPurgeAsync([gone], Cancellation);
            await LogAsync(journal, Started(stays), Points(stays, new MetricPoint(1, NowMs, round)));
            await Store.EndPurgeAsync([gone], Cancellation);
            await LogAsync(journal, Points(stays, new MetricPoint(2, NowMs, round)));
            kept.Add(stays);
        }

        for (int round = 0; round < kept.Count; round++)
            Assert.Equal([new MetricPoint(1, NowMs, round), new MetricPoint(2, NowMs, round)], await GetPointsAsync(kept[round]));
    }

    [Fact]
    public async Task A_deleted_experiment_without_runs_is_purged_and_frees_its_name_but_not_its_id()
    {
        Needs(StoreCapabilities.Purge);
        RunId run = await StartRunAsync("churn");
        Experiment churn = await GetExperimentAsync("churn");
        await LogAsync(new TrackingRecord.DatasetUsed(run, new DatasetInput { Name = "train", Digest = "d1" }));
        await Store.SetExperimentTagAsync(churn.Id, "team", "growth", Cancellation);
        Assert.False(await Store.PurgeExperimentAsync(churn.Id, Cancellation));
        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Deleted, Cancellation);
        Assert.False(await Store.PurgeExperimentAsync(churn.Id, Cancellation));
        await Store.BeginPurgeAsync([run], Cancellation);
        Assert.False(await Store.PurgeExperimentAsync(churn.Id, Cancellation));
        await Store.EndPurgeAsync([run], Cancellation);

        Assert.True(await Store.PurgeExperimentAsync(churn.Id, Cancellation));
        await ReopenAsync();

        Assert.Null(await Store.FindExperimentAsync(churn.Id, Cancellation));
        Assert.Null(await Store.FindExperimentAsync("churn", Cancellation));
        Assert.True(await Store.PurgeExperimentAsync(churn.Id, Cancellation));
        await AssertRefusedAsync(RejectionReason.UnknownExperiment, new TrackingRecord.RunStarted(RunId.New(), NowMs) { ExperimentId = churn.Id });
        Experiment again = await Store.CreateExperimentAsync("churn", null, Cancellation);
        Assert.Equal("2", again.Id.Value);
        Assert.Empty(again.Tags);
    }

    [Fact]
    public async Task A_run_and_its_experiment_say_when_they_were_deleted()
    {
        Needs(StoreCapabilities.SoftDelete);
        RunId first = await StartRunAsync(), second = await StartRunAsync();
        Experiment churn = await GetExperimentAsync("churn");
        Clock.Advance(TimeSpan.FromMinutes(1));
        DateTimeOffset early = Clock.GetUtcNow();
        await DeleteAsync(first);
        Clock.Advance(TimeSpan.FromMinutes(1));
        await DeleteAsync(first);
        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Deleted, Cancellation);
        await ReopenAsync();

        Assert.Equal([early, Clock.GetUtcNow()], [(await GetRunAsync(first)).Info.DeletedAt, (await GetRunAsync(second)).Info.DeletedAt]);

        await Store.SetRunLifecycleAsync(first, Lifecycle.Active, Cancellation);
        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Active, Cancellation);
        Assert.Equal([null, null], [(await GetRunAsync(first)).Info.DeletedAt, (await GetRunAsync(second)).Info.DeletedAt]);
    }

    private async Task DeleteAsync(params RunId[] runs)
    {
        foreach (RunId run in runs)
            await Store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Cancellation);
    }

    private async Task PurgeAsync(RunId run)
    {
        await DeleteAsync(run);
        Assert.Single(await Store.BeginPurgeAsync([run], Cancellation));
        await Store.EndPurgeAsync([run], Cancellation);
    }
}
