namespace MLOps.Tracking.Storage;

/// <summary>What sort of damage a check found.</summary>
public enum StoreFindingKind
{
    /// <summary>The store's own file or server says that it is damaged.</summary>
    Storage,

    /// <summary>Something refers to what is not there.</summary>
    Reference,

    /// <summary>Points cannot be decoded, or their header or checksum contradicts them.</summary>
    Points,

    /// <summary>What is kept beside a series (latest, smallest, largest, first, last) contradicts its points.</summary>
    Summary,

    /// <summary>An artifact that a manifest names is not there.</summary>
    ArtifactMissing,

    /// <summary>An artifact is not what its manifest says: other bytes.</summary>
    ArtifactCorrupt,
}
