namespace MLOps.Tracking.Artifacts;

/// <summary>A local file changed while it was being uploaded, so that what was read is no state that it ever had. The artifact was not written; an earlier one of that path is still there.</summary>
/// <param name="path">The artifact's path.</param>
/// <param name="sourceFile">The local file.</param>
public sealed class ArtifactChangedException(string path, string sourceFile)
    : MLOpsException($"'{sourceFile}' changed while it was uploaded as artifact '{path}'; nothing was kept of it. Upload it when its writer has closed it, or upload a copy.")
{
    /// <summary>The artifact's path.</summary>
    public string Path { get; } = path;

    /// <summary>The local file.</summary>
    public string SourceFile { get; } = sourceFile;
}
