namespace MLOps.Tracking;

/// <summary>What a check looks at.</summary>
public sealed record CheckOptions
{
    /// <summary>What the store itself keeps: its file, its references, every point. Default: yes. A store without <see cref="Storage.StoreCapabilities.Maintenance"/> refuses.</summary>
    public bool Store { get; init; } = true;

    /// <summary>Artifacts against the hashes that their uploads wrote down. Every file is read once, from wherever it lies. Default: no.</summary>
    public bool Artifacts { get; init; }

    /// <summary>The runs whose artifacts are looked at; the store is always checked whole. Null, the default: all, softly deleted ones included.</summary>
    public IReadOnlyList<RunId>? Runs { get; init; }
}
