namespace MLOps.Tracking.Artifacts;

/// <summary>An artifact of a run: where it lies, how large it is, and the hash that its upload wrote down.</summary>
public sealed record ArtifactFile
{
    /// <summary>The path below the run's artifact location.</summary>
    public required ArtifactPath Path { get; init; }

    /// <summary>The size in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The SHA-256 of the content as 64 lower-case hex digits, as it was when uploaded; null when no manifest names the file (another tool put it there), so that its content cannot be verified.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The key that encrypts the file where its store encrypts; null when it lies in the plain or no manifest names it.</summary>
    public string? KeyId { get; init; }
}
