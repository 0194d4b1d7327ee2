namespace MLOps.Registry;

/// <summary>What a version was made from, and what was made from it, as it was when it was read. Immutable.</summary>
public sealed record LineageGraph
{
    /// <summary>The most nodes that a graph has.</summary>
    public const int MostNodes = 10_000;

    /// <summary>The version in the middle.</summary>
    public required ModelVersionRef Version { get; init; }

    /// <summary>The nodes, each once: the version in the middle first, then what it was made from, the nearest first, then what was made from it, then its siblings.</summary>
    public required IReadOnlyList<LineageNode> Nodes { get; init; }

    /// <summary>The edges between the nodes, each once.</summary>
    public required IReadOnlyList<LineageEdge> Edges { get; init; }

    /// <summary>Whether nodes were left out because there are more than <see cref="MostNodes"/>. Those beyond the depth that was asked for do not count.</summary>
    public bool IsTruncated { get; init; }

    /// <summary>All that a node was made from, directly or not.</summary>
    /// <param name="of">The node; null for the version in the middle.</param>
    /// <returns>The nodes, the nearest first; without the node itself unless it is in a cycle. None for a node that is not in the graph.</returns>
    public IReadOnlyList<LineageNode> GetAncestors(LineageNode? of = null) => Walk(of ?? Nodes[0], Edges.ToLookup(edge => edge.To, edge => edge.From));

    /// <summary>All that was made from a node, directly or not.</summary>
    /// <param name="of">The node; null for the version in the middle.</param>
    /// <returns>The nodes, the nearest first; without the node itself unless it is in a cycle. None for a node that is not in the graph.</returns>
    public IReadOnlyList<LineageNode> GetDescendants(LineageNode? of = null) => Walk(of ?? Nodes[0], Edges.ToLookup(edge => edge.From, edge => edge.To));

    private static List<LineageNode> Walk(LineageNode start, ILookup<LineageNode, LineageNode> next)
    {
        HashSet<LineageNode> seen = [];
        List<LineageNode> found = [.. next[start].Where(seen.Add)];
        for (int i = 0; i < found.Count; i++)
            found.AddRange(next[found[i]].Where(seen.Add));
        return found;
    }
}
