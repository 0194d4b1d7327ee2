using MLOps.Registry.Storage;

namespace MLOps.Registry;

/// <summary>Walks from a version both ways and gathers what it meets: one read a version on the way up, one on the way down.</summary>
internal sealed class LineageWalk(IRegistryStore store, int depth, int mostNodes)
{
    private readonly List<LineageNode> _nodes = [];
    private readonly HashSet<LineageNode> _known = [];
    private readonly Dictionary<ModelVersionRef, ModelVersion?> _versions = [];
    private readonly Dictionary<ModelVersionRef, IReadOnlyList<(ModelVersionRef Version, bool IsGone)>> _parents = [];
    private readonly Dictionary<Guid, string?> _names = [];
    private bool _isTruncated;

    public async Task<LineageGraph> RunAsync(ModelVersion middle, bool siblings, CancellationToken cancellationToken)
    {
        Add(middle.Ref, middle);
        AddSources(middle.Facts);
        await WalkUpAsync(middle, cancellationToken).ConfigureAwait(false);
        await WalkDownAsync(middle, cancellationToken).ConfigureAwait(false);
        if (siblings)
            await FindSiblingsAsync(middle.Facts, cancellationToken).ConfigureAwait(false);
        foreach (ModelVersion version in _versions.Values.OfType<ModelVersion>())
            await ParentsOfAsync(version, cancellationToken).ConfigureAwait(false);
        return new LineageGraph { Version = middle.Ref, Nodes = _nodes, Edges = Edges(), IsTruncated = _isTruncated };
    }

    /// <summary>The parents of a version by the names that their models have now; by the old ones where the models are gone.</summary>
    private async ValueTask<IReadOnlyList<(ModelVersionRef Version, bool IsGone)>> ParentsOfAsync(ModelVersion version, CancellationToken cancellationToken)
    {
        if (_parents.TryGetValue(version.Ref, out IReadOnlyList<(ModelVersionRef Version, bool IsGone)>? known))
            return known;
        List<(ModelVersionRef Version, bool IsGone)> parents = [];
        for (int i = 0; i < version.Facts.Parents.Count; i++)
        {
            ModelVersionRef parent = version.Facts.Parents[i];
            if (i < version.Facts.ParentKeys.Count)
            {
                Guid key = version.Facts.ParentKeys[i];
                if (!_names.TryGetValue(key, out string? name))
                    _names.Add(key, name = (await store.FindModelAsync(key, cancellationToken).ConfigureAwait(false))?.Name);
                parents.Add((parent with { Model = name ?? parent.Model }, name is null));
            }
            else
            {
                parents.Add((parent, false));
            }
        }

        _parents.Add(version.Ref, parents);
        return parents;
    }

    private async Task WalkUpAsync(ModelVersion middle, CancellationToken cancellationToken)
    {
        Queue<(ModelVersion Version, int Level)> queue = new([(middle, 0)]);
        while (queue.TryDequeue(out (ModelVersion Version, int Level) next))
        {
            if (next.Level == depth)
                continue;
            foreach ((ModelVersionRef parent, bool isGone) in await ParentsOfAsync(next.Version, cancellationToken).ConfigureAwait(false))
            {
                if (_versions.ContainsKey(parent))
                    continue;
                if (_nodes.Count >= mostNodes)
                {
                    _isTruncated = true;
                    return;
                }

                ModelVersion? found = isGone ? null : await store.FindVersionAsync(parent.Model, parent.Number, cancellationToken).ConfigureAwait(false);
                Add(parent, found);
                if (found is null)
                    continue;
                AddSources(found.Facts);
                queue.Enqueue((found, next.Level + 1));
            }
        }
    }

    private async Task WalkDownAsync(ModelVersion middle, CancellationToken cancellationToken)
    {
        Queue<(ModelVersion Version, int Level)> queue = new([(middle, 0)]);
        HashSet<ModelVersionRef> asked = [middle.Ref];
        while (queue.TryDequeue(out (ModelVersion Version, int Level) next))
        {
            if (next.Level == depth)
                continue;
            foreach (ModelVersion child in await store.FindVersionsAsync(new LineageLink { Parent = next.Version.Ref, ParentKey = next.Version.ModelKey }, cancellationToken).ConfigureAwait(false))
            {
                if (!Add(child.Ref, child))
                    return;
                if (asked.Add(child.Ref))
                    queue.Enqueue((child, next.Level + 1));
            }
        }
    }

    private async Task FindSiblingsAsync(VersionFacts facts, CancellationToken cancellationToken)
    {
        List<LineageLink> links = [.. facts.Datasets.Select(dataset => dataset.Digest).Distinct(StringComparer.Ordinal).Select(digest => new LineageLink { DatasetDigest = digest })];
        if (facts.RunId is { } run)
            links.Insert(0, new LineageLink { RunId = run });
        foreach (LineageLink link in links)
        {
            foreach (ModelVersion sibling in await store.FindVersionsAsync(link, cancellationToken).ConfigureAwait(false))
            {
                if (!Add(sibling.Ref, sibling) || (sibling.Facts.RunId is { } its && !Add(new LineageNode.Run(its))))
                    return;

                // One content under two names is two nodes, and both have to be there to show the way.
                foreach (DatasetInput dataset in sibling.Facts.Datasets.Where(dataset => dataset.Digest == link.DatasetDigest))
                    Add(NodeOf(dataset));
            }
        }
    }

    private void AddSources(VersionFacts facts)
    {
        if (facts.RunId is { } run)
            Add(new LineageNode.Run(run));
        foreach (DatasetInput dataset in facts.Datasets)
            Add(NodeOf(dataset));
        if (facts.Code is { } code)
            Add(new LineageNode.Code(code));
    }

    private bool Add(ModelVersionRef version, ModelVersion? found)
    {
        if (_versions.ContainsKey(version))
            return true;
        if (!Add(new LineageNode.Version(version, found is null)))
            return false;
        _versions.Add(version, found);
        return true;
    }

    /// <returns>Whether the node is in the graph; otherwise there is no room for it.</returns>
    private bool Add(LineageNode node)
    {
        if (_known.Contains(node))
            return true;
        if (_nodes.Count >= mostNodes)
        {
            _isTruncated = true;
            return false;
        }

        _known.Add(node);
        _nodes.Add(node);
        return true;
    }

    /// <summary>Every edge that the versions tell of and whose ends are both in the graph: also between those that were found on different ways.</summary>
    private List<LineageEdge> Edges()
    {
        HashSet<LineageEdge> seen = [];
        List<LineageEdge> edges = [];
        foreach ((ModelVersionRef reference, ModelVersion? version) in _versions)
        {
            if (version is null)
                continue;
            LineageNode made = new LineageNode.Version(reference);
            LineageNode? run = version.Facts.RunId is { } id ? new LineageNode.Run(id) : null;
            bool hasRun = run is not null && _known.Contains(run);
            if (hasRun)
                Connect(run!, made);
            foreach (DatasetInput dataset in version.Facts.Datasets)
                Connect(NodeOf(dataset), hasRun ? run! : made);
            if (version.Facts.Code is { } code)
                Connect(new LineageNode.Code(code), hasRun ? run! : made);
            foreach ((ModelVersionRef parent, _) in _parents[version.Ref])
            {
                if (_versions.TryGetValue(parent, out ModelVersion? there))
                    Connect(new LineageNode.Version(parent, there is null), made);
            }
        }

        return edges;

        void Connect(LineageNode from, LineageNode to)
        {
            LineageEdge edge = new(from, to);
            if (_known.Contains(from) && seen.Add(edge))
                edges.Add(edge);
        }
    }

    private static LineageNode.Dataset NodeOf(DatasetInput dataset) => new(dataset.Name, dataset.Digest);
}
