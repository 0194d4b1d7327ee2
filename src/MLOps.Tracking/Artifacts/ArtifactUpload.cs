namespace MLOps.Tracking.Artifacts;

/// <summary>A local file that is to become an artifact.</summary>
/// <param name="Path">Where it will lie below the run's artifact location.</param>
/// <param name="SourceFile">The local file, absolute or relative to the working directory.</param>
public readonly record struct ArtifactUpload(ArtifactPath Path, string SourceFile)
{
    /// <summary>All files in a folder and its sub-folders, in the order of their paths. Symbolic links are left out.</summary>
    /// <param name="folder">The local folder.</param>
    /// <param name="under">The artifact folder to put them in; null puts them at the top.</param>
    /// <returns>One upload for each file; none when the folder is empty.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="ArgumentException">A file has a name that is no artifact path; the message says why.</exception>
    public static IReadOnlyList<ArtifactUpload> FromFolder(string folder, ArtifactPath? under = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        string prefix = under is { } top ? top.Value + "/" : "";
        return [.. Directory.EnumerateFiles(folder, "*", LocalArtifactStore.EveryFile)
            .Select(file => new ArtifactUpload(prefix + LocalArtifactStore.RelativePath(folder, file), file))
            .OrderBy(upload => upload.Path.Value, StringComparer.Ordinal)];
    }
}
