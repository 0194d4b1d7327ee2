using MLOps.Registry.Storage;

namespace MLOps.Registry.Contract;

public abstract partial class RegistryStoreContract
{
    [Fact]
    public async Task Versions_are_found_by_what_led_to_them_in_the_order_of_their_registration()
    {
        VersionFacts facts = RichFacts();
        Guid z = await MakeModelAsync("z", Version(1, facts), Version(2, facts), Version(3));
        await MakeModelAsync("a", Version(1, facts), Version(2, facts with { RunId = new RunId("R1"), Datasets = [], Code = null, Parents = [] }));
        await CommitAsync(z, Version(4, facts));

        LineageLink[] links = [new() { RunId = facts.RunId }, new() { Parent = new ModelVersionRef("base", 3) }, new() { DatasetDigest = "d1" }, new() { Commit = "c0ffee" }];
        foreach (LineageLink link in links)
            Assert.Equal((link, "z1 z2 a1 z4"), (link, await FindAsync(link)));
        LineageLink[] nothing = [new() { RunId = new RunId("r2") }, new() { Parent = new ModelVersionRef("base", 2) }, new() { Parent = new ModelVersionRef("Base", 3) }, new() { DatasetDigest = "D1" }, new() { Commit = "c0ff" }];
        foreach (LineageLink link in nothing)
            Assert.Equal((link, ""), (link, await FindAsync(link)));

        await CommitAsync(z, new RegistryEvent.VersionDeleted(2, Reason: null), new RegistryEvent.ModelRenamed("z", "y"));
        foreach (LineageLink link in links)
            Assert.Equal((link, "y1 a1 y4"), (link, await FindAsync(link)));
    }

    [Fact]
    public async Task A_version_with_a_link_twice_is_found_once()
    {
        VersionFacts facts = RichFacts();
        await MakeModelAsync("a", Version(1, facts with { Datasets = [.. facts.Datasets, facts.Datasets[0] with { Role = "test" }, facts.Datasets[0] with { Digest = "d2" }], Parents = [.. facts.Parents, .. facts.Parents] }));

        Assert.Equal("a1", await FindAsync(new LineageLink { DatasetDigest = "d1" }));
        Assert.Equal("a1", await FindAsync(new LineageLink { DatasetDigest = "d2" }));
        Assert.Equal("a1", await FindAsync(new LineageLink { Parent = facts.Parents[0] }));
    }

    private async Task<string> FindAsync(LineageLink link) => string.Join(' ', (await Store.FindVersionsAsync(link, Cancellation)).Select(version => $"{version.Model}{version.Number}"));
}
