using System.Diagnostics.CodeAnalysis;
using MLOps.Registry.Storage;
using static MLOps.Registry.Tests.Lineage.StoredVersions;

namespace MLOps.Registry.Tests.Lineage;

[SuppressMessage("Performance", "CA1859:Use concrete types when possible", Justification = "Graphs speak of nodes.")]
public sealed class LineageTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly ModelRegistry _registry;

    public LineageTests() => _registry = ModelRegistry.Open(r => r.UseInMemory(_folder.Path));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_version_leads_to_its_run_datasets_code_and_parents_and_to_what_was_made_from_it()
    {
        ModelVersion root = await Store("base", From("run-0", ["crawl"], "c0"));
        ModelVersion middle = await Store("fraud", From("run-1", ["train", "test"], "c1", root.Ref));
        ModelVersion child = await Store("fraud", From("run-2", parents: middle.Ref));
        ModelVersion grandchild = await Store("small", From(parents: child.Ref));
        await Store("other", From("run-3", ["train"]));

        LineageGraph graph = await _registry.GetLineageAsync("fraud", 1, cancellationToken: Cancel);

        Assert.Equal(middle.Ref, graph.Version);
        Assert.False(graph.IsTruncated);
        Assert.Equal(
            [
                Node(middle), Run("run-1"), Dataset("train"), Dataset("test"), Code("c1"), Node(root), Run("run-0"), Dataset("crawl"), Code("c0"), Node(child), Node(grandchild),
            ],
            graph.Nodes);
        Assert.Equal(
            [
                new(Run("run-1"), Node(middle)), new(Dataset("train"), Run("run-1")), new(Dataset("test"), Run("run-1")), new(Code("c1"), Run("run-1")), new(Node(root), Node(middle)),
                new(Run("run-0"), Node(root)), new(Dataset("crawl"), Run("run-0")), new(Code("c0"), Run("run-0")), new(Node(middle), Node(child)), new(Node(child), Node(grandchild)),
            ],
            graph.Edges);
        Assert.Equal([Node(child), Node(grandchild)], graph.GetDescendants());
        Assert.Equal(8, graph.GetAncestors().Count);
        Assert.Equal(graph.GetAncestors().Append(Node(middle)).ToHashSet(), graph.GetAncestors(Node(child)).ToHashSet());
        Assert.Equal([Node(root), Node(middle), Node(child), Node(grandchild)], graph.GetDescendants(Run("run-0")));
        Assert.Empty(graph.GetAncestors(Dataset("crawl")));
        Assert.Empty(graph.GetDescendants(Run("run-3")));
    }

    [Fact]
    public async Task A_parent_whose_model_was_renamed_is_followed_and_not_mistaken_for_the_model_that_took_its_name()
    {
        ModelVersion parent = await Store("base", From());
        ModelVersion child = await Store("fraud", From(parents: parent.Ref));
        await _registry.RenameModelAsync("base", "foundation", Cancel);
        await Store("base", From());

        LineageNode renamed = new LineageNode.Version(new ModelVersionRef("foundation", 1));
        Assert.Equal([renamed], (await _registry.GetLineageAsync("fraud", 1, cancellationToken: Cancel)).GetAncestors());
        Assert.Equal([Node(child)], (await _registry.GetLineageAsync("foundation", 1, cancellationToken: Cancel)).GetDescendants());
        Assert.Empty((await _registry.GetLineageAsync("base", 1, cancellationToken: Cancel)).GetDescendants());
        Assert.Equal([child.Ref], (await _registry.FindVersionsAsync(new LineageLink { Parent = new ModelVersionRef("foundation", 1) }, Cancel)).Select(version => version.Ref));
        Assert.Empty(await _registry.FindVersionsAsync(new LineageLink { Parent = parent.Ref }, Cancel));
    }

    [Fact]
    public async Task A_deleted_parent_is_shown_as_missing()
    {
        ModelVersion parent = await Store("fraud", From());
        ModelVersion child = await Store("fraud", From(parents: [parent.Ref, new("gone", 7)]));
        await _registry.DeleteVersionAsync("fraud", 1, cancellationToken: Cancel);

        LineageGraph graph = await _registry.GetLineageAsync("fraud", 2, cancellationToken: Cancel);

        Assert.Equal([Node(child), new LineageNode.Version(parent.Ref, IsMissing: true), new LineageNode.Version(new("gone", 7), IsMissing: true)], graph.Nodes);
        Assert.Equal(graph.Nodes.Skip(1), graph.GetAncestors());
    }

    [Fact]
    public async Task Cycles_come_to_an_end_and_every_edge_is_there_once()
    {
        // Our registration makes none; a foreign store may.
        ModelVersionRef one = new("m", 1), two = new("m", 2), three = new("m", 3);
        await Store("m", From(parents: [three, one]));
        await Store("m", From(parents: one));
        await Store("m", From(parents: [two, one]));

        LineageGraph graph = await _registry.GetLineageAsync("m", 1, depth: 1_000, cancellationToken: Cancel);

        Assert.Equal(3, graph.Nodes.Count);
        Assert.Equal(
            new HashSet<(LineageNode, LineageNode)> { (At(three), At(one)), (At(one), At(one)), (At(one), At(two)), (At(two), At(three)), (At(one), At(three)) },
            graph.Edges.Select(edge => (edge.From, edge.To)).ToHashSet());
        Assert.Equal(5, graph.Edges.Count);
        Assert.Equal(3, graph.GetAncestors().Count);
        Assert.Equal(3, graph.GetDescendants().Count);
    }

    [Fact]
    public async Task Versions_beyond_the_depth_are_left_out()
    {
        for (int number = 1; number <= 7; number++)
            await Store("m", From($"run-{number}", parents: number == 1 ? [] : [new("m", number - 1)]));

        LineageGraph graph = await _registry.GetLineageAsync("m", 4, depth: 2, cancellationToken: Cancel);
        LineageGraph own = await _registry.GetLineageAsync("m", 4, depth: 0, cancellationToken: Cancel);

        Assert.Equal([4, 3, 2, 5, 6], graph.Nodes.OfType<LineageNode.Version>().Select(node => node.Ref.Number));
        Assert.False(graph.IsTruncated);
        Assert.Equal([At(new("m", 4)), Run("run-4")], own.Nodes);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _registry.GetLineageAsync("m", 4, depth: -1, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _registry.GetLineageAsync("m", 4, depth: 1_001, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ModelVersionNotFoundException>(() => _registry.GetLineageAsync("m", 8, cancellationToken: Cancel));
        await Assert.ThrowsAsync<ModelNotFoundException>(() => _registry.GetLineageAsync("n", 1, cancellationToken: Cancel));
    }

    [Fact]
    public async Task Siblings_of_the_same_run_and_data_are_found_on_request()
    {
        ModelVersion middle = await Store("a", From("run-1", ["train"]));
        ModelVersion sameRun = await Store("b", From("run-1", ["train"]));
        ModelVersion sameData = await Store("c", From("run-2", ["train", "more"]));
        await Store("d", From("run-3", ["else"]));

        LineageGraph graph = await _registry.GetLineageAsync("a", 1, siblings: true, cancellationToken: Cancel);

        Assert.Equal([Node(middle), Run("run-1"), Dataset("train"), Node(sameRun), Node(sameData), Run("run-2")], graph.Nodes);
        Assert.Equal([Run("run-1"), Run("run-2"), Node(middle), Node(sameRun), Node(sameData)], graph.GetDescendants(Dataset("train")));
        Assert.Equal(3, (await _registry.GetLineageAsync("a", 1, cancellationToken: Cancel)).Nodes.Count);
    }

    [Fact]
    public async Task A_graph_that_is_too_large_is_cut_and_says_so()
    {
        ModelVersion middle = await Store("m", From("run-1", ["train"]));
        for (int i = 0; i < 20; i++)
            await Store("m", From($"run-{i + 2}", ["train"], null, i % 2 == 0 ? [middle.Ref] : []));

        for (int most = 1; most <= 45; most++)
        {
            LineageGraph graph = await new LineageWalk(_registry.Store, depth: 5, most).RunAsync(middle, siblings: true, Cancel);
            Assert.InRange(graph.Nodes.Count, 1, most);
            Assert.Equal(most < 43, graph.IsTruncated);
            Assert.All(graph.Edges, edge => Assert.Subset(graph.Nodes.ToHashSet(), new HashSet<LineageNode> { edge.From, edge.To }));
        }
    }

    [Fact]
    public async Task Versions_are_found_by_run_dataset_commit_and_parent()
    {
        ModelVersion first = await Store("a", From("run-1", ["train"], "c1"));
        ModelVersion second = await Store("b", From("run-2", ["train"], "c1", first.Ref));

        Assert.Equal([first.Ref], await Find(new() { RunId = new RunId("run-1") }));
        Assert.Equal([first.Ref, second.Ref], await Find(new() { DatasetDigest = "digest-train" }));
        Assert.Equal([first.Ref, second.Ref], await Find(new() { Commit = "c1" }));
        Assert.Equal([second.Ref], await Find(new() { Parent = first.Ref }));
        Assert.Empty(await Find(new() { Commit = "c2" }));
        await Assert.ThrowsAsync<ArgumentException>(() => _registry.FindVersionsAsync(new LineageLink(), Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => _registry.FindVersionsAsync(new LineageLink { Commit = "c1", DatasetDigest = "d" }, Cancel));

        async Task<IEnumerable<ModelVersionRef>> Find(LineageLink link) => (await _registry.FindVersionsAsync(link, Cancel)).Select(version => version.Ref);
    }

    private Task<ModelVersion> Store(string model, VersionFacts facts) => _registry.StoreAsync(model, facts, Cancel);

    private static LineageNode Node(ModelVersion version) => At(version.Ref);

    private static LineageNode At(ModelVersionRef version) => new LineageNode.Version(version);

    private static LineageNode Run(string id) => new LineageNode.Run(new RunId(id));

    private static LineageNode Dataset(string name) => new LineageNode.Dataset(name, $"digest-{name}");

    private static LineageNode Code(string commit) => new LineageNode.Code(new CodeState(commit, null, null, false, null));
}
