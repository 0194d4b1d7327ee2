namespace MLOps.Tracking.Artifacts;

/// <summary>An artifact store could not do what was asked for its own reasons. Nothing is left under the final name of an object that was being put.</summary>
/// <param name="message">What happened, and what to do next.</param>
/// <param name="isTransient">Whether trying again may help.</param>
/// <param name="innerException">The cause.</param>
public sealed class ArtifactStoreException(string message, bool isTransient, Exception? innerException = null)
    : MLOpsException(message, innerException)
{
    /// <summary>Whether trying again may help: a full disk, a connection that broke. False for refusals: credentials, a missing bucket, a read-only folder.</summary>
    public bool IsTransient { get; } = isTransient;

    /// <summary>Whether the path that was asked for is what stands in the way: a file lies where it needs a folder, a folder or a link has its name, or its name is too long there. Another path may do.</summary>
    public bool IsPathAtFault { get; init; }
}
