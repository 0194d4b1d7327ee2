namespace MLOps.Registry;

/// <summary>Something that a version was made from, by or with, or a version. A closed set; two nodes are equal when they name the same thing.</summary>
public abstract record LineageNode
{
    private LineageNode()
    {
    }

    /// <summary>A version.</summary>
    /// <param name="Ref">Its model's name and its number, as they were when they were written down.</param>
    /// <param name="IsMissing">Whether there is no such version now: it was deleted, alone or with its model.</param>
    public sealed record Version(ModelVersionRef Ref, bool IsMissing = false) : LineageNode;

    /// <summary>A run.</summary>
    /// <param name="Id">The run.</param>
    public sealed record Run(RunId Id) : LineageNode;

    /// <summary>A dataset that a run used.</summary>
    /// <param name="Name">Its name.</param>
    /// <param name="Digest">The digest of its content.</param>
    public sealed record Dataset(string Name, string Digest) : LineageNode;

    /// <summary>The code that a run ran.</summary>
    /// <param name="State">The code. The same commit with and without changes are two nodes: other code ran.</param>
    public sealed record Code(CodeState State) : LineageNode;
}
