namespace MLOps.Registry.Storage;

/// <summary>What a version was made from or by, as a store finds versions by it. Exactly one is given.</summary>
public sealed record LineageLink
{
    /// <summary>The run that made it.</summary>
    public RunId? RunId { get; init; }

    /// <summary>The version that it was made from, by the name that its model had then, unless <see cref="ParentKey"/> is given.</summary>
    public ModelVersionRef? Parent { get; init; }

    /// <summary>Beside <see cref="Parent"/>: the <see cref="RegisteredModel.Key"/> of its model, which counts in place of the name.</summary>
    public Guid? ParentKey { get; init; }

    /// <summary>The digest of a dataset that the run used.</summary>
    public string? DatasetDigest { get; init; }

    /// <summary>The commit of the code that the run ran.</summary>
    public string? Commit { get; init; }
}
