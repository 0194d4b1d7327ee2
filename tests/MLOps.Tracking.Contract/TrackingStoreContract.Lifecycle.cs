using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task Deleting_an_experiment_takes_its_runs_along_and_restoring_brings_all_back()
    {
        Needs(StoreCapabilities.SoftDelete);
        Clock.Advance(TimeSpan.FromSeconds(1));
        RunId one = await StartRunAsync(), two = await StartRunAsync();
        Clock.Advance(TimeSpan.FromSeconds(1));
        RunId other = await StartRunAsync("other");
        await Store.SetRunLifecycleAsync(two, Lifecycle.Deleted, Cancellation);
        Experiment churn = await GetExperimentAsync("churn");
        Clock.Advance(TimeSpan.FromSeconds(1));

        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Deleted, Cancellation);
        await ReopenAsync();

        Assert.Equal(churn with { Lifecycle = Lifecycle.Deleted, UpdatedAt = Clock.GetUtcNow() }, await GetExperimentAsync("churn"));
        Assert.Equal(["churn"], await FindExperimentNamesAsync(Lifecycle.Deleted));
        Assert.Equal(["other", "Default"], await FindExperimentNamesAsync(Lifecycle.Active));
        Assert.Equal([Lifecycle.Deleted, Lifecycle.Deleted, Lifecycle.Active], await LifecyclesAsync(one, two, other));

        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Active, Cancellation);

        Assert.Equal(Lifecycle.Active, (await GetExperimentAsync("churn")).Lifecycle);
        Assert.Equal([Lifecycle.Active, Lifecycle.Active, Lifecycle.Active], await LifecyclesAsync(one, two, other));
    }

    [Fact]
    public async Task Restoring_an_active_experiment_leaves_a_deleted_run_deleted()
    {
        Needs(StoreCapabilities.SoftDelete);
        RunId run = await StartRunAsync();
        await Store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Cancellation);

        await Store.SetExperimentLifecycleAsync((await GetExperimentAsync("churn")).Id, Lifecycle.Active, Cancellation);

        Assert.Equal([Lifecycle.Deleted], await LifecyclesAsync(run));
    }

    [Fact]
    public async Task The_experiment_Default_can_be_deleted_like_any_other()
    {
        Needs(StoreCapabilities.SoftDelete);

        await Store.SetExperimentLifecycleAsync(ExperimentId.Default, Lifecycle.Deleted, Cancellation);
        await ReopenAsync();

        Assert.Equal(Lifecycle.Deleted, (await GetExperimentAsync("Default")).Lifecycle);
    }

    [Fact]
    public async Task A_deleted_experiment_keeps_its_name_and_takes_no_runs()
    {
        Needs(StoreCapabilities.SoftDelete);
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Deleted, Cancellation);

        await Assert.ThrowsAsync<ExperimentExistsException>(async () => await Store.CreateExperimentAsync("churn", null, Cancellation));
        await AssertRefusedAsync(RejectionReason.ExperimentDeleted, Started(RunId.New()));
        await AssertRefusedAsync(RejectionReason.ExperimentDeleted, new TrackingRecord.RunStarted(RunId.New(), NowMs) { ExperimentId = churn.Id });
        AssertOnlyRefusal((await Store.AppendAsync(new TestJournal(Clock).Next(Started(RunId.New())), Cancellation)).Rejections, 0, RejectionReason.ExperimentDeleted);
    }

    [Fact]
    public async Task What_does_not_exist_cannot_be_deleted()
    {
        Needs(StoreCapabilities.SoftDelete);
        RunId unknown = RunId.New();

        RunNotFoundException noRun = await Assert.ThrowsAsync<RunNotFoundException>(async () => await Store.SetRunLifecycleAsync(unknown, Lifecycle.Deleted, Cancellation));
        ExperimentNotFoundException noExperiment = await Assert.ThrowsAsync<ExperimentNotFoundException>(
            async () => await Store.SetExperimentLifecycleAsync(new ExperimentId("77"), Lifecycle.Deleted, Cancellation));

        Assert.Equal(unknown, noRun.Id);
        Assert.Equal("77", noExperiment.Experiment);
    }

    [Fact]
    public async Task Deleting_a_run_twice_is_no_error()
    {
        Needs(StoreCapabilities.SoftDelete);
        RunId run = await StartRunAsync();

        await Store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Cancellation);
        await Store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Cancellation);
        await ReopenAsync();
        Assert.Equal([Lifecycle.Deleted], await LifecyclesAsync(run));

        await Store.SetRunLifecycleAsync(run, Lifecycle.Active, Cancellation);
        await Store.SetRunLifecycleAsync(run, Lifecycle.Active, Cancellation);
        Assert.Equal([Lifecycle.Active], await LifecyclesAsync(run));
    }

    [Fact]
    public async Task A_direct_write_to_a_deleted_run_is_refused_whatever_it_is()
    {
        Needs(StoreCapabilities.SoftDelete);
        RunId run = await StartRunAsync();
        await LogAsync(new TrackingRecord.TagSet(run, "color", "red"), new TrackingRecord.ParamLogged(run, "depth", "6"));
        await Store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Cancellation);

        foreach (TrackingRecord record in OneOfEachChange(run))
            await AssertRefusedAsync(RejectionReason.RunDeleted, record);

        RunDetails kept = await GetRunAsync(run);
        Assert.Equal(("red", "6"), (kept.Tags["color"], kept.Params["depth"]));
        Assert.Empty(kept.Metrics);
        Assert.Empty(kept.Datasets);
    }

    [Fact]
    public async Task What_a_journal_brings_late_for_a_deleted_run_is_kept()
    {
        Needs(StoreCapabilities.SoftDelete);
        TestJournal journal = new(Clock);
        RunId run = RunId.New();
        await LogAsync(journal, Started(run));
        await Store.SetRunLifecycleAsync(run, Lifecycle.Deleted, Cancellation);

        await LogAsync(journal, Points(run, new MetricPoint(1, NowMs, 0.5)), new TrackingRecord.TagSet(run, "color", "red"));

        Assert.Equal([new MetricPoint(1, NowMs, 0.5)], await GetPointsAsync(run));
        Assert.Equal([Lifecycle.Deleted], await LifecyclesAsync(run));
    }

    private static IEnumerable<TrackingRecord> OneOfEachChange(RunId run) =>
    [
        new TrackingRecord.RunUpdated(run) { Name = "other" },
        new TrackingRecord.ParamLogged(run, "width", "2"),
        new TrackingRecord.TagSet(run, "color", "blue"),
        new TrackingRecord.TagDeleted(run, "color"),
        Points(run, new MetricPoint(1, 1, 1)),
        new TrackingRecord.DatasetUsed(run, new DatasetInput { Name = "data", Digest = "d1" }),
    ];

    private async Task<List<Lifecycle>> LifecyclesAsync(params RunId[] runs)
    {
        List<Lifecycle> found = [];
        foreach (RunId run in runs)
            found.Add((await GetRunAsync(run)).Info.Lifecycle);
        return found;
    }
}
