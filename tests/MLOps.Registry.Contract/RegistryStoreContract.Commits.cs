using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class RegistryStoreContract
{
    [Fact]
    public async Task What_was_committed_survives_a_reopening()
    {
        Guid key = await MakeModelAsync("fraud", Version(1, RichFacts()), Moved("champion", null, 1));
        await CommitAsync(key, new RegistryEvent.ModelTagSet("team", "risk"), new RegistryEvent.VersionStageChanged(1, ModelStage.None, ModelStage.Staging, "on trial"));
        string before = await ReadAllAsync();

        await ReopenAsync();

        Assert.Equal(before, await ReadAllAsync());
    }

    [Fact]
    public async Task Each_commit_is_one_revision_however_many_changes_it_has()
    {
        Guid key = await MakeModelAsync("fraud", Version(1), Version(2), Moved("champion", null, 1));
        Assert.Equal(1, (await GetModelAsync(key)).Revision);

        await CommitAsync(key, new RegistryEvent.ModelDescribed("a"), new RegistryEvent.ModelDescribed("b"), new RegistryEvent.ModelTagSet("k", "v"));

        RegisteredModel model = await GetModelAsync(key);
        Assert.Equal((2, "b"), (model.Revision, model.Description));
    }

    [Fact]
    public async Task A_commit_on_another_revision_changes_nothing()
    {
        Needs(RegistryCapabilities.AtomicCommit);
        Guid key = await MakeModelAsync("fraud", Version(1));
        await CommitAsync(key, new RegistryEvent.ModelDescribed("by somebody else"));
        string before = await ReadAllAsync();

        foreach (long revision in (long[])[0, 1, 3, long.MaxValue, -1])
            Assert.Equal(CommitOutcome.RevisionChanged, await TryCommitAsync(key, revision, new RegistryEvent.ModelDescribed("stale"), Moved("champion", null, 1)));
        Assert.Equal(CommitOutcome.RevisionChanged, await TryCommitAsync(key, 0, Created("other")));

        Assert.Equal(before, await ReadAllAsync());
    }

    [Fact]
    public async Task A_commit_on_a_model_that_is_not_there_changes_nothing()
    {
        Needs(RegistryCapabilities.AtomicCommit);
        Guid gone = await MakeModelAsync("gone");
        await CommitAsync(gone, new RegistryEvent.ModelDeleted("gone", Reason: null));
        string before = await ReadAllAsync();

        foreach (Guid key in (Guid[])[gone, Guid.NewGuid()])
        {
            foreach (long revision in (long[])[0, 1, 2])
                Assert.Equal(CommitOutcome.RevisionChanged, await TryCommitAsync(key, revision, new RegistryEvent.ModelDescribed("x")));
        }

        Assert.Equal(before, await ReadAllAsync());
    }

    [Fact]
    public async Task A_name_that_another_model_has_is_refused_with_the_whole_commit()
    {
        await MakeModelAsync("taken");
        Guid key = await MakeModelAsync("fraud", Version(1));
        string before = await ReadAllAsync();

        Assert.Equal(CommitOutcome.NameTaken, await TryCommitAsync(Guid.NewGuid(), 0, Created("taken"), Version(1), Moved("champion", null, 1)));
        Assert.Equal(CommitOutcome.NameTaken, await TryCommitAsync(key, 1, new RegistryEvent.ModelTagSet("k", "v"), new RegistryEvent.ModelRenamed("fraud", "taken"), new RegistryEvent.VersionDeleted(1, Reason: null)));

        Assert.Equal(before, await ReadAllAsync());
    }

    [Fact]
    public async Task A_commit_that_is_stale_and_takes_a_taken_name_is_told_that_it_is_stale()
    {
        Needs(RegistryCapabilities.AtomicCommit);
        await MakeModelAsync("taken");
        Guid key = await MakeModelAsync();
        await CommitAsync(key, new RegistryEvent.ModelDescribed("x"));

        Assert.Equal(CommitOutcome.RevisionChanged, await TryCommitAsync(key, 1, new RegistryEvent.ModelRenamed("fraud", "taken")));
    }

    [Fact]
    public async Task A_rename_frees_the_old_name_and_keeps_all_else()
    {
        Guid key = await MakeModelAsync("old", Version(1), Moved("champion", null, 1));
        await CommitAsync(key, new RegistryEvent.ModelRenamed("old", "new"));

        Assert.Null(await Store.FindModelAsync("old", Cancellation));
        Assert.Null(await Store.FindVersionAsync("old", 1, Cancellation));
        Assert.Null(await Store.FindVersionAsync("old", "champion", Cancellation));
        Assert.Equal(key, (await GetModelAsync("new")).Key);
        Assert.Equal(new ModelVersionRef("new", 1), (await GetVersionAsync(1, "new")).Ref);
        Assert.Equal(new ModelVersionRef("new", 1), (await Store.FindVersionAsync("new", "champion", Cancellation))!.Ref);

        Guid second = await MakeModelAsync("old");
        Assert.Equal(second, (await GetModelAsync("old")).Key);
        Assert.Equal(0, (await GetModelAsync("old")).LastNumber);
    }

    [Fact]
    public async Task A_deleted_model_is_gone_with_all_that_it_had_and_its_name_is_free()
    {
        RunId run = new("r1");
        Guid key = await MakeModelAsync("fraud", Version(1, Facts() with { RunId = run }), Moved("champion", null, 1));
        await CommitAsync(key, new RegistryEvent.VersionStageChanged(1, ModelStage.None, ModelStage.Production, Reason: null));
        await CommitAsync(key, new RegistryEvent.ModelDeleted("fraud", "no longer"));

        Assert.Null(await Store.FindModelAsync("fraud", Cancellation));
        Assert.Null(await Store.FindModelAsync(key, Cancellation));
        Assert.Null(await Store.FindVersionAsync("fraud", 1, Cancellation));
        Assert.Null(await Store.FindVersionAsync("fraud", "champion", Cancellation));
        Assert.Empty(await Store.FindLatestVersionsAsync("fraud", Cancellation));
        Assert.Empty(await Store.FindVersionsInStageAsync("fraud", ModelStage.Production, Cancellation));
        Assert.Empty(await Store.FindVersionsAsync(new LineageLink { RunId = run }, Cancellation));

        Guid second = await MakeModelAsync("fraud", Version(1));
        RegisteredModel model = await GetModelAsync("fraud");
        Assert.Equal((second, 1, 1L), (model.Key, model.LastNumber, model.Revision));
        Assert.Empty(model.Aliases);
        Assert.Equal(ModelStage.None, (await GetVersionAsync(1)).Stage);
    }

    [Fact]
    public async Task Of_many_who_commit_on_one_revision_one_wins()
    {
        Needs(RegistryCapabilities.AtomicCommit);
        Guid key = await MakeModelAsync();
        IRegistryStore other = await OpenAnotherAsync();
        for (int round = 1; round <= TestLength.Of(10, 100); round++)
        {
            string tag = $"{round}";
            CommitOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () => await (writer % 2 == 0 ? Store : other).CommitAsync(
                new RegistryCommit { ModelKey = key, Revision = round, Changes = [new RegistryEvent.ModelTagSet(tag, $"{writer}")], Actor = Ann, At = Now }, Cancellation))));

            int winner = Assert.Single(Enumerable.Range(0, 8), writer => outcomes[writer] == CommitOutcome.Committed);
            Assert.Equal(7, outcomes.Count(outcome => outcome == CommitOutcome.RevisionChanged));
            Assert.Equal($"{winner}", (await GetModelAsync(key)).Tags[tag]);
        }
    }

    [Fact]
    public async Task Of_many_who_take_one_name_one_gets_it()
    {
        IRegistryStore other = await OpenAnotherAsync();
        CommitOutcome[] outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () => await (writer % 2 == 0 ? Store : other).CommitAsync(
            new RegistryCommit { ModelKey = Guid.NewGuid(), Revision = 0, Changes = [Created("fraud", $"{writer}")], Actor = Ann, At = Now }, Cancellation))));

        int winner = Assert.Single(Enumerable.Range(0, 8), writer => outcomes[writer] == CommitOutcome.Committed);
        Assert.Equal(7, outcomes.Count(outcome => outcome == CommitOutcome.NameTaken));
        Assert.Equal($"{winner}", (await GetModelAsync()).Description);
    }
}
