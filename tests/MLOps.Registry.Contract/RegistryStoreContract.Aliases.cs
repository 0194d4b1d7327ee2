using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class RegistryStoreContract
{
    [Fact]
    public async Task An_alias_leads_to_its_version_and_the_version_names_it()
    {
        Guid key = await MakeModelAsync("fraud", Version(1), Version(2));
        await CommitAsync(key, Moved("champion", null, 1), Moved("Zebra", null, 1), Moved("b-2_\u00e9", null, 2));

        RegisteredModel model = await GetModelAsync();
        Assert.Equal(["Zebra", "b-2_\u00e9", "champion"], model.Aliases.Select(alias => alias.Name));
        Assert.Equal(["Zebra", "champion"], (await GetVersionAsync(1)).Aliases);
        Assert.Equal(Describe(await GetVersionAsync(2)), Describe((await Store.FindVersionAsync("fraud", "b-2_\u00e9", Cancellation))!));
        Assert.Null(await Store.FindVersionAsync("fraud", "challenger", Cancellation));
        Assert.Equal(["Zebra", "champion"], (await Store.FindVersionsAsync(ModelVersionQuery.Parse("version_number = 1"), new(), Cancellation)).Items.Single().Aliases);
    }

    [Fact]
    public async Task An_alias_says_who_moved_it_when_and_why_and_what_was_there_before()
    {
        Guid key = await MakeModelAsync("fraud", Version(1), Version(2), Version(3));
        await CommitAsync(key, Moved("champion", null, 1));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await CommitAsync(key, new RegistryEvent.AliasMoved("champion", 1, 2, AliasCause.Set, LongText, Promotion: null));
        await CommitAsync(key, new RegistryEvent.AliasMoved("champion", 2, 3, AliasCause.Promotion, "better", Guid.NewGuid()));
        await CommitAsync(key, Moved("champion", 3, 1));
        await ReopenAsync();
        Assert.Equal($"champion->1 after [1,2,3] by ann at {Now:O} for (null)", Describe((await GetModelAsync()).FindAlias("champion")!));

        await CommitAsync(key, Moved("champion", 1, 3, AliasCause.Rollback));
        Assert.Equal((3, "1,2"), await AliasAsync("champion"));
        await CommitAsync(key, Moved("champion", 3, 1, AliasCause.Rollback));
        Assert.Equal((1, ""), await AliasAsync("champion"));
    }

    [Fact]
    public async Task A_removed_alias_forgets_what_was_there_before()
    {
        Guid key = await MakeModelAsync("fraud", Version(1), Version(2), Moved("champion", null, 1), Moved("champion", 1, 2), Moved("other", null, 1));
        await CommitAsync(key, new RegistryEvent.AliasRemoved("champion", 2, "no longer"));
        Assert.Null(await Store.FindVersionAsync("fraud", "champion", Cancellation));
        Assert.Equal(["other"], (await GetModelAsync()).Aliases.Select(alias => alias.Name));
        Assert.Empty((await GetVersionAsync(2)).Aliases);

        await CommitAsync(key, Moved("champion", null, 2));
        Assert.Equal((2, ""), await AliasAsync("champion"));
    }

    [Fact]
    public async Task An_alias_remembers_the_last_hundred_versions()
    {
        Guid key = await MakeModelAsync("fraud", [.. Enumerable.Range(1, 130).Select(number => Version(number))]);
        await CommitAsync(key, [.. Enumerable.Range(1, 130).Select(number => Moved("champion", number == 1 ? null : number - 1, number))]);
        await ReopenAsync();

        Assert.Equal((130, string.Join(',', Enumerable.Range(30, 100))), await AliasAsync("champion"));
    }

    [Fact]
    public async Task Aliases_of_different_models_do_not_know_of_each_other()
    {
        await MakeModelAsync("a", Version(1), Moved("champion", null, 1));
        Guid b = await MakeModelAsync("b", Version(1), Version(2), Moved("champion", null, 2));
        await CommitAsync(b, new RegistryEvent.AliasRemoved("champion", 2, Reason: null));

        Assert.Equal(1, (await Store.FindVersionAsync("a", "champion", Cancellation))!.Number);
        Assert.Null(await Store.FindVersionAsync("b", "champion", Cancellation));
    }

    private async Task<(int Version, string Earlier)> AliasAsync(string name)
    {
        ModelAlias alias = (await GetModelAsync()).FindAlias(name)!;
        return (alias.Version, string.Join(',', alias.Earlier));
    }
}
