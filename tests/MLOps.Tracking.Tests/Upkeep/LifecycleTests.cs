using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Upkeep;

public sealed class LifecycleTests : UpkeepTests
{
    [Fact]
    public async Task A_run_is_renamed_and_tagged_from_outside_of_it_after_what_was_logged_before()
    {
        await using Tracker tracker = Open();
        RunId run = await LogRunAsync(tracker, work: run =>
        {
            run.SetTag("stage", "dev");
            run.SetTag("color", "red");
            return Task.CompletedTask;
        });

        await tracker.RenameRunAsync(run, "best", Cancellation);
        await tracker.SetTagAsync(run, "stage", "prod", Cancellation);
        Assert.True(await tracker.DeleteTagAsync(run, "color", Cancellation));
        Assert.False(await tracker.DeleteTagAsync(run, "color", Cancellation));

        RunDetails details = await tracker.GetRunAsync(run, Cancellation);
        Assert.Equal(("best", "best", "prod"), (details.Info.Name, details.Tags[WellKnownTags.RunName], details.Tags["stage"]));
        Assert.DoesNotContain("color", details.Tags.Keys);
    }

    [Fact]
    public async Task A_change_that_the_store_refuses_says_why_by_its_type()
    {
        await using Tracker tracker = Open();
        RunId deleted = await LogRunAsync(tracker), purged = await LogRunAsync(tracker), unknown = RunId.New();
        await DeleteAsync(tracker, deleted, purged);
        await Store.BeginPurgeAsync([purged], Cancellation);

        foreach (Func<RunId, ValueTask> change in (Func<RunId, ValueTask>[])
            [
                run => tracker.RenameRunAsync(run, "name", Cancellation),
                run => tracker.SetTagAsync(run, "stage", "dev", Cancellation),
                async run => await tracker.DeleteTagAsync(run, "stage", Cancellation),
            ])
        {
            Assert.Equal(unknown, (await Assert.ThrowsAsync<RunNotFoundException>(async () => await change(unknown))).Id);
            Assert.Equal(deleted, (await Assert.ThrowsAsync<RunDeletedException>(async () => await change(deleted))).Id);
            Assert.Equal(purged, (await Assert.ThrowsAsync<RunPurgedException>(async () => await change(purged))).Id);
        }

        await Assert.ThrowsAsync<ArgumentException>(async () => await tracker.SetTagAsync(unknown, "../up", "", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await tracker.RenameRunAsync(unknown, new string('n', 8001), Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await tracker.SetTagAsync(default, "stage", "dev", Cancellation));
        await Assert.ThrowsAsync<RunPurgedException>(async () => await tracker.RestoreRunAsync(purged, Cancellation));
        await Assert.ThrowsAsync<RunNotFoundException>(async () => await tracker.ResumeRunAsync(purged, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task An_experiment_is_renamed_tagged_deleted_and_restored()
    {
        await using Tracker tracker = Open();
        RunId run = await LogRunAsync(tracker);
        ExperimentId id = (await tracker.GetExperimentAsync("churn", Cancellation)).Id;

        await tracker.RenameExperimentAsync(id, "churn 2026", Cancellation);
        await tracker.SetExperimentTagAsync(id, "team", "growth", Cancellation);
        await tracker.SetExperimentTagAsync(id, "stage", "dev", Cancellation);
        Assert.True(await tracker.DeleteExperimentTagAsync(id, "stage", Cancellation));
        Experiment experiment = await tracker.GetExperimentAsync("churn 2026", Cancellation);
        Assert.Equal(new Dictionary<string, string> { ["team"] = "growth" }, experiment.Tags);

        await tracker.DeleteExperimentAsync(id, Cancellation);
        Assert.Equal(Lifecycle.Deleted, (await tracker.GetRunAsync(run, Cancellation)).Info.Lifecycle);
        await Assert.ThrowsAsync<ExperimentDeletedException>(async () => await tracker.RenameExperimentAsync(id, "other", Cancellation));
        await Assert.ThrowsAsync<ExperimentDeletedException>(async () => await tracker.SetExperimentTagAsync(id, "a", "b", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await tracker.SetExperimentTagAsync(id, "a", new string('v', 5001), Cancellation));

        await tracker.RestoreExperimentAsync(id, Cancellation);
        Assert.Equal(Lifecycle.Active, (await tracker.GetRunAsync(run, Cancellation)).Info.Lifecycle);
    }
}
