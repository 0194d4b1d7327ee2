namespace MLOps.Tracking.Storage;

/// <summary>Where a store wants its journals and artifacts, unless the options say otherwise.</summary>
public sealed record StorePlaces
{
    /// <summary>The folder of the store's journals, on a local disk.</summary>
    public required string JournalFolder { get; init; }

    /// <summary>The root of the artifacts: a folder or a URI.</summary>
    public required string ArtifactRoot { get; init; }
}
