namespace MLOps.Tracking.Artifacts;

/// <summary>How files are uploaded.</summary>
public sealed record ArtifactUploadOptions
{
    /// <summary>Whether a file is left alone that lies there already with the same SHA-256: it is read once and not sent. Default true.</summary>
    public bool SkipUnchanged { get; init; } = true;

    /// <summary>Whether files are put only where there is none; else <see cref="ArtifactExistsException"/>, also for an unchanged one. Asks for <see cref="ArtifactStoreCapabilities.CreateOnly"/>. Default false.</summary>
    public bool CreateOnly { get; init; }
}
