namespace MLOps.Tracking.Artifacts;

/// <summary>The content of an artifact, or of a manifest, is not what was uploaded.</summary>
public sealed class ArtifactCorruptException : MLOpsException
{
    /// <summary>An artifact whose hash differs from the one in its manifest.</summary>
    /// <param name="path">The path below the artifact location.</param>
    /// <param name="expected">The SHA-256 that the upload wrote down, in hex.</param>
    /// <param name="actual">The SHA-256 of what was read, in hex.</param>
    public ArtifactCorruptException(string path, string expected, string actual)
        : base($"Artifact '{path}' is not what was uploaded: its SHA-256 is {actual}, its manifest says {expected}. It was changed behind the store's back, or an upload that replaced it was cut short; upload it again.")
    {
        Path = path;
        Expected = expected;
        Actual = actual;
    }

    /// <summary>A manifest that cannot be read.</summary>
    /// <param name="path">The manifest's path below the artifact location.</param>
    /// <param name="reason">What is wrong with it.</param>
    /// <param name="innerException">The cause.</param>
    public ArtifactCorruptException(string path, string reason, Exception? innerException)
        : base($"Manifest '{path}' cannot be read: {reason} Restore it, or delete it: the files that it names are then served unverified.", innerException) => Path = path;

    /// <summary>An object that is not what was put, as its store or who keeps a list of its hashes found out.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The path below it.</param>
    /// <param name="reason">What is wrong with it, as a sentence.</param>
    /// <param name="innerException">The cause.</param>
    public ArtifactCorruptException(Uri location, string path, string reason, Exception? innerException)
        : base($"Artifact '{path}' at {location} is not what was uploaded: {reason} It was damaged or changed behind the store's back; upload it again, or restore it.", innerException) => Path = path;

    /// <summary>The path of the artifact or manifest below the artifact location.</summary>
    public string Path { get; }

    /// <summary>The SHA-256 that the upload wrote down, in hex; null for a manifest, and where no hash told it.</summary>
    public string? Expected { get; }

    /// <summary>The SHA-256 of what was read, in hex; null for a manifest, and where no hash told it.</summary>
    public string? Actual { get; }
}
