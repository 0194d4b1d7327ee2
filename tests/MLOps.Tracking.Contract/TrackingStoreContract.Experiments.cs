using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Contract;

public abstract partial class TrackingStoreContract
{
    [Fact]
    public async Task An_experiment_is_made_with_its_tags_or_not_at_all()
    {
        Dictionary<string, string> tags = new() { ["team"] = "risk", ["empty"] = "" };
        Experiment made = await Store.CreateExperimentAsync("tagged", artifactLocation: null, tags, Cancellation);
        Assert.Equal(tags.OrderBy(tag => tag.Key, StringComparer.Ordinal), made.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal));
        Assert.Equal(tags.OrderBy(tag => tag.Key, StringComparer.Ordinal), (await Store.FindExperimentAsync("tagged", Cancellation))!.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CreateExperimentAsync("bad", artifactLocation: null, new Dictionary<string, string> { ["fine"] = "x", ["/bad"] = "x" }, Cancellation).AsTask());
        await Assert.ThrowsAsync<ArgumentException>(() => Store.CreateExperimentAsync("bad", artifactLocation: null, new Dictionary<string, string> { ["long"] = new('a', Limits.ExperimentTagValueLength + 1) }, Cancellation).AsTask());
        Assert.Null(await Store.FindExperimentAsync("bad", Cancellation));
    }

    [Fact]
    public async Task A_new_store_has_the_experiment_Default_with_id_0()
    {
        Experiment? byId = await Store.FindExperimentAsync(ExperimentId.Default, Cancellation);

        Assert.NotNull(byId);
        Assert.Equal((new ExperimentId("0"), "Default", Lifecycle.Active), (byId.Id, byId.Name, byId.Lifecycle));
        Assert.Equal(byId, await Store.FindExperimentAsync("Default", Cancellation));
        Assert.Equal(["Default"], await FindExperimentNamesAsync(lifecycle: null));
    }

    [Fact]
    public async Task Ids_of_experiments_count_from_1_also_after_reopening()
    {
        Experiment first = await Store.CreateExperimentAsync("first", null, Cancellation);
        await ReopenAsync();
        await StartRunAsync("second");
        Experiment third = await Store.CreateExperimentAsync("third", null, Cancellation);

        Assert.Equal(["1", "2", "3"], [first.Id.Value, (await GetExperimentAsync("second")).Id.Value, third.Id.Value]);
    }

    [Fact]
    public async Task An_experiment_is_found_as_it_was_made()
    {
        Clock.Advance(TimeSpan.FromMinutes(5));
        Experiment made = await Store.CreateExperimentAsync("churn", "file:///data/churn", Cancellation);
        await ReopenAsync();

        Assert.Equal(("churn", "file:///data/churn", Lifecycle.Active), (made.Name, made.ArtifactLocation, made.Lifecycle));
        Assert.Equal((Clock.GetUtcNow(), Clock.GetUtcNow()), (made.CreatedAt, made.UpdatedAt));
        Assert.Equal(made, await Store.FindExperimentAsync(made.Id, Cancellation));
        Assert.Equal(made, await Store.FindExperimentAsync("churn", Cancellation));
    }

    [Fact]
    public async Task The_store_decides_where_artifacts_go_when_nothing_is_said()
    {
        Experiment one = await Store.CreateExperimentAsync("one", null, Cancellation);
        Experiment two = await Store.CreateExperimentAsync("two", null, Cancellation);

        Assert.EndsWith("/1", one.ArtifactLocation, StringComparison.Ordinal);
        Assert.EndsWith("/2", two.ArtifactLocation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_exist_is_not_found()
    {
        Assert.Null(await Store.FindExperimentAsync("none", Cancellation));
        Assert.Null(await Store.FindExperimentAsync(new ExperimentId("77"), Cancellation));
        Assert.Null(await Store.FindExperimentAsync(new ExperimentId("not a number"), Cancellation));
        Assert.Null(await Store.FindRunAsync(RunId.New(), Cancellation));
        Assert.Empty(await GetPointsAsync(RunId.New()));
    }

    [Fact]
    public async Task A_taken_name_is_refused()
    {
        await Store.CreateExperimentAsync("churn", null, Cancellation);

        ExperimentExistsException refused = await Assert.ThrowsAsync<ExperimentExistsException>(async () => await Store.CreateExperimentAsync("churn", null, Cancellation));

        Assert.Equal("churn", refused.Name);
    }

    [Fact]
    public async Task Names_of_experiments_differ_by_case_and_keep_every_letter()
    {
        string[] names = ["churn", "Churn", "Отток", "churn ", "o'clock; --", "\U0001F600"];
        foreach (string name in names)
            await Store.CreateExperimentAsync(name, null, Cancellation);
        await ReopenAsync();

        foreach (string name in names)
            Assert.Equal(name, (await GetExperimentAsync(name)).Name);
    }

    [Fact]
    public async Task A_name_has_1_to_500_characters()
    {
        await Store.CreateExperimentAsync(new string('n', 500), null, Cancellation);

        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.CreateExperimentAsync("", null, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.CreateExperimentAsync(new string('m', 501), null, Cancellation));
        await AssertRefusedAsync(RejectionReason.Invalid, Started(RunId.New(), ""));
        await AssertRefusedAsync(RejectionReason.Invalid, Started(RunId.New(), new string('m', 501)));
    }

    [Fact]
    public async Task Experiments_are_listed_newest_first()
    {
        foreach (string name in (string[])["b", "c", "a"])
        {
            Clock.Advance(TimeSpan.FromSeconds(1));
            await Store.CreateExperimentAsync(name, null, Cancellation);
        }

        Assert.Equal(["a", "c", "b", "Default"], await FindExperimentNamesAsync(lifecycle: null));
        Assert.Equal(["a", "c", "b", "Default"], await FindExperimentNamesAsync(Lifecycle.Active));
        Assert.Empty(await FindExperimentNamesAsync(Lifecycle.Deleted));
    }
}
