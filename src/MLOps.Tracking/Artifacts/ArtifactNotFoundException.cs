namespace MLOps.Tracking.Artifacts;

/// <summary>No such artifact at the location that was asked.</summary>
/// <param name="location">The artifact location.</param>
/// <param name="path">The path below it.</param>
/// <param name="innerException">The cause.</param>
public sealed class ArtifactNotFoundException(Uri location, string path, Exception? innerException = null)
    : MLOpsException($"No artifact '{path}' at {location}. List the artifacts of the run to see what there is.", innerException)
{
    /// <summary>The artifact location.</summary>
    public Uri Location { get; } = location;

    /// <summary>The path below <see cref="Location"/>.</summary>
    public string Path { get; } = path;
}
