namespace MLOps.Tracking.Artifacts;

/// <summary>An artifact was to be put only if there was none of that path, and there is one. It was left as it is.</summary>
/// <param name="location">The artifact location.</param>
/// <param name="path">The path below it.</param>
/// <param name="innerException">The cause.</param>
public sealed class ArtifactExistsException(Uri location, string path, Exception? innerException = null)
    : MLOpsException($"There is an artifact '{path}' at {location} already, and it was to be created only. Choose another path, or upload without CreateOnly to replace it.", innerException)
{
    /// <summary>The artifact location.</summary>
    public Uri Location { get; } = location;

    /// <summary>The path below <see cref="Location"/>.</summary>
    public string Path { get; } = path;
}
