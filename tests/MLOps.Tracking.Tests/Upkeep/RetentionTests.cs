using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Upkeep;

public sealed class RetentionTests : UpkeepTests
{
    private static readonly RetentionPolicy OlderThanTenDays = new() { MaxAge = TimeSpan.FromDays(10), PurgeAfter = null };

    [Fact]
    public async Task Runs_that_ended_too_long_ago_are_deleted_and_can_be_restored()
    {
        await using Tracker tracker = Open();
        RunId old = await LogRunAsync(tracker);
        Clock.Advance(TimeSpan.FromDays(10));
        RunId young = await LogRunAsync(tracker);
        Assert.Empty((await tracker.ApplyRetentionAsync(OlderThanTenDays, cancellationToken: Cancellation)).Deleted);
        Clock.Advance(TimeSpan.FromMilliseconds(1));

        RetentionReport report = await tracker.ApplyRetentionAsync(OlderThanTenDays, cancellationToken: Cancellation);

        Assert.Equal([old], report.Deleted);
        Assert.Null(report.Purge);
        Assert.Equal((Lifecycle.Deleted, Lifecycle.Active), (await LifecycleAsync(old), await LifecycleAsync(young)));
        Assert.Empty((await tracker.ApplyRetentionAsync(OlderThanTenDays, cancellationToken: Cancellation)).Deleted);
        await tracker.RestoreRunAsync(old, Cancellation);
        Assert.True(Directory.Exists(FolderOf(old)));
    }

    [Fact]
    public async Task The_newest_of_each_experiment_stay_whatever_their_age()
    {
        await using Tracker tracker = Open();
        List<RunId> churn = [], other = [];
        for (int day = 0; day < 5; day++)
        {
            churn.Add(await LogRunAsync(tracker));
            if (day < 2)
                other.Add(await LogRunAsync(tracker, "other"));
            Clock.Advance(TimeSpan.FromDays(1));
        }

        Assert.Equal(churn[..1], (await tracker.ApplyRetentionAsync(new RetentionPolicy { MaxAge = TimeSpan.FromDays(4), KeepNewest = 2 }, dryRun: true, cancellationToken: Cancellation)).Deleted);
        RetentionReport report = await tracker.ApplyRetentionAsync(new RetentionPolicy { KeepNewest = 2 }, cancellationToken: Cancellation);

        Assert.Equal(churn[..3].ToHashSet(), report.Deleted.ToHashSet());
        Assert.Equal([Lifecycle.Active, Lifecycle.Active], [await LifecycleAsync(other[0]), await LifecycleAsync(other[1])]);
    }

    [Fact]
    public async Task A_running_run_is_never_touched_and_counts_among_the_newest()
    {
        await using Tracker tracker = Open();
        RunId first = await LogRunAsync(tracker);
        Clock.Advance(TimeSpan.FromSeconds(1));
        RunId unended = RunId.New();
        await Store.AppendAsync(new RecordBatch { Records = [new TrackingRecord.RunStarted(unended, Clock.GetUtcNow().ToUnixTimeMilliseconds()) { ExperimentName = "churn" }] }, Cancellation);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await using Run open = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        await using Run shared = await tracker.ResumeRunAsync(first, ResumeMode.Share, Cancellation);

        Assert.Empty((await tracker.ApplyRetentionAsync(new RetentionPolicy { KeepNewest = 1 }, cancellationToken: Cancellation)).Deleted);
        await shared.EndAsync(cancellationToken: Cancellation);
        Assert.Equal([first], (await tracker.ApplyRetentionAsync(new RetentionPolicy { KeepNewest = 2 }, cancellationToken: Cancellation)).Deleted);
    }

    [Fact]
    public async Task A_run_with_a_keep_tag_stays_with_any_value_or_with_the_one_that_is_named()
    {
        await using Tracker tracker = Open();
        RunId any = await TaggedAsync("keep", "for the audit"), named = await TaggedAsync("stage", "prod"), otherwise = await TaggedAsync("stage", "dev"), plain = await LogRunAsync(tracker);
        RunId deleted = await TaggedAsync("keep", "");
        await DeleteAsync(tracker, deleted);
        Clock.Advance(TimeSpan.FromDays(11));

        RetentionReport report = await tracker.ApplyRetentionAsync(
            OlderThanTenDays with { PurgeAfter = TimeSpan.Zero, KeepTags = new Dictionary<string, string?> { ["keep"] = null, ["stage"] = "prod" } }, cancellationToken: Cancellation);

        Assert.Equal(new[] { otherwise, plain }.ToHashSet(), report.Deleted.ToHashSet());
        Assert.Equal(2, report.Purge!.Runs);
        Assert.Equal([Lifecycle.Active, Lifecycle.Active, Lifecycle.Deleted], [await LifecycleAsync(any), await LifecycleAsync(named), await LifecycleAsync(deleted)]);

        async Task<RunId> TaggedAsync(string key, string value) => await LogRunAsync(tracker, work: run =>
        {
            run.SetTag(key, value);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task A_run_that_versions_of_registered_models_come_from_is_neither_deleted_nor_purged_until_its_tag_goes()
    {
        await using Tracker tracker = Open();
        RunId registered = await RegisteredAsync(), deleted = await RegisteredAsync(), plain = await LogRunAsync(tracker);
        await DeleteAsync(tracker, deleted);
        Clock.Advance(TimeSpan.FromDays(11));

        RetentionReport report = await tracker.ApplyRetentionAsync(OlderThanTenDays with { PurgeAfter = TimeSpan.Zero }, cancellationToken: Cancellation);

        Assert.Equal([plain], report.Deleted);
        Assert.Equal(1, report.Purge!.Runs);
        SkippedRun skipped = Assert.Single(report.Purge.Skipped);
        Assert.Equal(deleted, skipped.Id);
        Assert.Contains(WellKnownTags.RegisteredModels, skipped.Reason, StringComparison.Ordinal);
        Assert.True(Directory.Exists(FolderOf(registered)) && Directory.Exists(FolderOf(deleted)));
        Assert.Equal(deleted, Assert.Single((await tracker.PurgeAsync(new PurgeOptions { Runs = [deleted] }, cancellationToken: Cancellation)).Skipped).Id);

        await tracker.RestoreRunAsync(deleted, Cancellation);
        await tracker.DeleteTagAsync(deleted, WellKnownTags.RegisteredModels, Cancellation);
        await DeleteAsync(tracker, deleted);
        Assert.Equal(1, (await tracker.PurgeAsync(cancellationToken: Cancellation)).Runs);

        Task<RunId> RegisteredAsync() => LogRunAsync(tracker, work: run =>
        {
            run.SetTag(WellKnownTags.RegisteredModels, """[{"name":"fraud","version":1}]""");
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task A_parent_stays_while_anything_below_it_stays_and_a_child_goes_alone()
    {
        await using Tracker tracker = Open();
        RunId grandparent = await LogRunAsync(tracker), lonely = await LogRunAsync(tracker);
        RunId parent = await ChildOfAsync(grandparent), sibling = await ChildOfAsync(grandparent);
        Clock.Advance(TimeSpan.FromDays(11));
        RunId child = await ChildOfAsync(parent, "elsewhere");

        Assert.Equal(new[] { sibling, lonely }.ToHashSet(), (await tracker.ApplyRetentionAsync(OlderThanTenDays, cancellationToken: Cancellation)).Deleted.ToHashSet());

        Clock.Advance(TimeSpan.FromDays(11));
        Assert.Equal(new[] { grandparent, parent, child }.ToHashSet(), (await tracker.ApplyRetentionAsync(OlderThanTenDays, cancellationToken: Cancellation)).Deleted.ToHashSet());

        Task<RunId> ChildOfAsync(RunId above, string experiment = "churn") => LogRunAsync(tracker, experiment, options: new RunOptions { Parent = above });
    }

    [Fact]
    public async Task What_was_deleted_long_enough_ago_is_purged_with_empty_experiments()
    {
        await using Tracker tracker = Open();
        RunId byHand = await LogRunAsync(tracker), gone = await LogRunAsync(tracker, "gone"), young = await LogRunAsync(tracker);
        await DeleteAsync(tracker, byHand);
        await tracker.DeleteExperimentAsync(await IdOfAsync("gone"), Cancellation);
        RetentionPolicy policy = new() { MaxAge = TimeSpan.FromDays(365) };
        Clock.Advance(TimeSpan.FromDays(29));
        await DeleteAsync(tracker, young);
        Assert.Equal(0, (await tracker.ApplyRetentionAsync(policy, cancellationToken: Cancellation)).Purge!.Runs);
        Clock.Advance(TimeSpan.FromDays(1));

        RetentionReport dry = await tracker.ApplyRetentionAsync(policy, dryRun: true, cancellationToken: Cancellation);
        RetentionReport report = await tracker.ApplyRetentionAsync(policy, cancellationToken: Cancellation);

        Assert.Empty(report.Deleted);
        Assert.Equal((2, 1, 4L), (report.Purge!.Runs, report.Purge.Experiments, report.Purge.ArtifactFiles));
        Assert.Equal((2, 1, 4L), (dry.Purge!.Runs, dry.Purge.Experiments, dry.Purge.ArtifactFiles));
        Assert.Null(await Store.FindExperimentAsync("gone", Cancellation));
        Assert.Equal((null, Lifecycle.Deleted), ((await Store.FindRunAsync(gone, Cancellation))?.Info.Id, await LifecycleAsync(young)));
    }

    [Fact]
    public async Task A_dry_run_says_what_would_go_also_when_it_would_be_purged_at_once()
    {
        await using Tracker tracker = Open();
        RunId run = await LogRunAsync(tracker);
        Clock.Advance(TimeSpan.FromDays(11));

        RetentionReport dry = await tracker.ApplyRetentionAsync(OlderThanTenDays with { PurgeAfter = TimeSpan.Zero }, dryRun: true, cancellationToken: Cancellation);

        Assert.Equal([run], dry.Deleted);
        Assert.Equal((1, 2L), (dry.Purge!.Runs, dry.Purge.ArtifactFiles));
        Assert.Equal(Lifecycle.Active, await LifecycleAsync(run));
        Assert.Equal(1, (await tracker.ApplyRetentionAsync(OlderThanTenDays with { PurgeAfter = TimeSpan.Zero }, cancellationToken: Cancellation)).Purge!.Runs);
    }

    [Fact]
    public async Task A_policy_that_purges_at_once_does_so_also_when_the_store_s_clock_is_ahead()
    {
        FakeTimeProvider behind = new(Clock.GetUtcNow() - TimeSpan.FromSeconds(1));
        await using Tracker tracker = Open(t => t.UseTimeProvider(behind));
        await LogRunAsync(tracker);

        RetentionReport report = await tracker.ApplyRetentionAsync(new RetentionPolicy { MaxAge = TimeSpan.Zero, PurgeAfter = TimeSpan.Zero }, cancellationToken: Cancellation);
        Assert.Empty(report.Deleted);

        behind.Advance(TimeSpan.FromMilliseconds(1));
        report = await tracker.ApplyRetentionAsync(new RetentionPolicy { MaxAge = TimeSpan.Zero, PurgeAfter = TimeSpan.Zero }, cancellationToken: Cancellation);

        Assert.Equal((1, 1), (report.Deleted.Count, report.Purge!.Runs));
    }

    [Fact]
    public async Task A_policy_applies_to_the_experiments_that_it_names()
    {
        await using Tracker tracker = Open();
        RunId churn = await LogRunAsync(tracker), sweep = await LogRunAsync(tracker, "sweep"), deleted = await LogRunAsync(tracker);
        await DeleteAsync(tracker, deleted);
        Clock.Advance(TimeSpan.FromDays(40));

        RetentionReport report = await tracker.ApplyRetentionAsync(new RetentionPolicy { MaxAge = TimeSpan.FromDays(10), ExperimentNames = ["sweep"] }, cancellationToken: Cancellation);

        Assert.Equal([sweep], report.Deleted);
        Assert.Equal(0, report.Purge!.Runs);
        Assert.Equal((Lifecycle.Active, Lifecycle.Deleted), (await LifecycleAsync(churn), await LifecycleAsync(deleted)));
    }

    [Fact]
    public async Task A_policy_applies_to_the_runs_that_its_filter_finds()
    {
        await using Tracker tracker = Open();
        RunId sweep = await LogRunAsync(tracker, options: new RunOptions { Name = "sweep" }), kept = await LogRunAsync(tracker, options: new RunOptions { Name = "kept" });
        Clock.Advance(TimeSpan.FromDays(11));

        Assert.Equal([sweep], (await tracker.ApplyRetentionAsync(OlderThanTenDays with { Filter = RunField.Name.EqualTo("sweep") }, cancellationToken: Cancellation)).Deleted);
        Assert.Equal(Lifecycle.Active, await LifecycleAsync(kept));
        await Assert.ThrowsAsync<ArgumentException>(async () => await tracker.ApplyRetentionAsync(OlderThanTenDays with { Filter = ExperimentField.Name.EqualTo("churn") }, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_policy_that_would_delete_everything_by_oversight_is_refused()
    {
        await using Tracker tracker = Open();
        await Assert.ThrowsAsync<ArgumentException>(async () => await tracker.ApplyRetentionAsync(new RetentionPolicy(), cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await tracker.ApplyRetentionAsync(new RetentionPolicy { KeepNewest = 0 }, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await tracker.ApplyRetentionAsync(new RetentionPolicy { MaxAge = TimeSpan.FromDays(-1) }, cancellationToken: Cancellation));
        Assert.Throws<ArgumentException>(() => Open(t => t.UseRetention(new RetentionPolicy(), TimeSpan.FromHours(1))));
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(t => t.UseRetention(OlderThanTenDays, TimeSpan.FromSeconds(1))));
    }

    [Fact]
    public async Task A_tracker_applies_its_policy_at_every_interval_and_outlives_a_store_that_is_away()
    {
        FlakyStore store = new(Store);
        await using Tracker tracker = Open(t => t.UseStore(_ => store, new StorePlaces { JournalFolder = Folder["mlops.journal"], ArtifactRoot = Folder["mlops.artifacts"] }).UseRetention(OlderThanTenDays with { PurgeAfter = TimeSpan.Zero }, TimeSpan.FromDays(1)));
        RunId run = await LogRunAsync(tracker);
        await tracker.FlushAsync(Durability.Store, Cancellation);
        store.Error = new TrackingStoreException("away", isTransient: false);
        Clock.Advance(TimeSpan.FromDays(11));
        while (store.Refusals == 0)
            await Task.Yield();
        Assert.NotNull(await Store.FindRunAsync(run, Cancellation));

        store.Error = null;
        Clock.Advance(TimeSpan.FromDays(1));
        while (await Store.FindRunAsync(run, Cancellation) is not null)
            await Task.Yield();
        while (Directory.Exists(FolderOf(run)))
            await Task.Yield();
    }

    private async Task<Lifecycle> LifecycleAsync(RunId run) => (await Store.FindRunAsync(run, Cancellation))!.Info.Lifecycle;
}
