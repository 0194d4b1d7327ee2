using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task A_renamed_experiment_keeps_its_id_and_runs_and_frees_its_old_name()
    {
        RunId run = await StartRunAsync("churn");
        Experiment before = await GetExperimentAsync("churn");
        Clock.Advance(TimeSpan.FromMinutes(1));

        await Store.RenameExperimentAsync(before.Id, "churn 2026", Cancellation);
        await ReopenAsync();

        Assert.Equal(before with { Name = "churn 2026", UpdatedAt = Clock.GetUtcNow() }, await GetExperimentAsync("churn 2026"));
        Assert.Null(await Store.FindExperimentAsync("churn", Cancellation));
        Assert.Equal(before.Id, (await GetRunAsync(run)).Info.ExperimentId);
        Assert.NotEqual(before.Id, (await Store.CreateExperimentAsync("churn", null, Cancellation)).Id);
    }

    [Fact]
    public async Task Renaming_an_experiment_to_its_own_name_changes_nothing()
    {
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(1));

        await Store.RenameExperimentAsync(churn.Id, "churn", Cancellation);

        Assert.Equal(churn, await GetExperimentAsync("churn"));
    }

    [Fact]
    public async Task An_experiment_is_not_renamed_to_a_name_that_is_taken_or_is_none()
    {
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        Experiment other = await Store.CreateExperimentAsync("other", null, Cancellation);

        ExperimentExistsException taken = await Assert.ThrowsAsync<ExperimentExistsException>(async () => await Store.RenameExperimentAsync(churn.Id, "other", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.RenameExperimentAsync(churn.Id, "", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.RenameExperimentAsync(churn.Id, new string('n', 501), Cancellation));
        await Assert.ThrowsAsync<ExperimentNotFoundException>(async () => await Store.RenameExperimentAsync(new ExperimentId("77"), "free", Cancellation));

        Assert.Equal("other", taken.Name);
        Assert.Equal([churn, other], [await GetExperimentAsync("churn"), await GetExperimentAsync("other")]);
    }

    [Fact]
    public async Task The_last_value_of_an_experiments_tag_wins_and_its_change_counts_as_one_of_the_experiment()
    {
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(1));

        await Store.SetExperimentTagAsync(churn.Id, "team", "growth", Cancellation);
        await Store.SetExperimentTagAsync(churn.Id, "team", "risk", Cancellation);
        await Store.SetExperimentTagAsync(churn.Id, "note/short", "", Cancellation);
        await ReopenAsync();

        Experiment tagged = await GetExperimentAsync("churn");
        Assert.Equal(new Dictionary<string, string> { ["team"] = "risk", ["note/short"] = "" }, tagged.Tags);
        Assert.Equal((churn.CreatedAt, Clock.GetUtcNow()), (tagged.CreatedAt, tagged.UpdatedAt));
        Assert.Equal(tagged.Tags, (await Store.FindExperimentAsync(churn.Id, Cancellation))!.Tags);
        await foreach (Experiment listed in Store.FindExperimentsAsync(new ExperimentQuery(), Cancellation))
            Assert.Equal(listed.Id == churn.Id ? 2 : 0, listed.Tags.Count);
    }

    [Fact]
    public async Task A_deleted_tag_of_an_experiment_is_gone_and_one_that_is_not_there_is_told()
    {
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        await Store.SetExperimentTagAsync(churn.Id, "team", "growth", Cancellation);
        await Store.SetExperimentTagAsync(churn.Id, "stage", "dev", Cancellation);
        Clock.Advance(TimeSpan.FromMinutes(1));

        Assert.True(await Store.DeleteExperimentTagAsync(churn.Id, "team", Cancellation));
        DateTimeOffset changed = Clock.GetUtcNow();
        Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(await Store.DeleteExperimentTagAsync(churn.Id, "team", Cancellation));
        Assert.False(await Store.DeleteExperimentTagAsync(churn.Id, "never a key", Cancellation));
        await ReopenAsync();

        Experiment kept = await GetExperimentAsync("churn");
        Assert.Equal(new Dictionary<string, string> { ["stage"] = "dev" }, kept.Tags);
        Assert.Equal(changed, kept.UpdatedAt);
    }

    [Fact]
    public async Task A_tag_of_an_experiment_keeps_to_the_limits()
    {
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);

        await Store.SetExperimentTagAsync(churn.Id, new string('k', 250), new string('v', 5000), Cancellation);

        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.SetExperimentTagAsync(churn.Id, "team", new string('v', 5001), Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.SetExperimentTagAsync(churn.Id, new string('k', 251), "", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.SetExperimentTagAsync(churn.Id, "../up", "", Cancellation));
        await Assert.ThrowsAsync<ExperimentNotFoundException>(async () => await Store.SetExperimentTagAsync(new ExperimentId("77"), "team", "", Cancellation));
        await Assert.ThrowsAsync<ExperimentNotFoundException>(async () => await Store.DeleteExperimentTagAsync(new ExperimentId("77"), "team", Cancellation));
        Assert.Single((await GetExperimentAsync("churn")).Tags);
    }

    [Fact]
    public async Task A_deleted_experiment_is_not_changed_and_keeps_its_tags_for_its_restoration()
    {
        Needs(StoreCapabilities.SoftDelete);
        Experiment churn = await Store.CreateExperimentAsync("churn", null, Cancellation);
        await Store.SetExperimentTagAsync(churn.Id, "team", "growth", Cancellation);
        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Deleted, Cancellation);

        await Assert.ThrowsAsync<ExperimentDeletedException>(async () => await Store.RenameExperimentAsync(churn.Id, "free", Cancellation));
        await Assert.ThrowsAsync<ExperimentDeletedException>(async () => await Store.SetExperimentTagAsync(churn.Id, "team", "risk", Cancellation));
        await Assert.ThrowsAsync<ExperimentDeletedException>(async () => await Store.DeleteExperimentTagAsync(churn.Id, "team", Cancellation));

        await Store.SetExperimentLifecycleAsync(churn.Id, Lifecycle.Active, Cancellation);
        Assert.Equal("growth", (await GetExperimentAsync("churn")).Tags["team"]);
    }
}
