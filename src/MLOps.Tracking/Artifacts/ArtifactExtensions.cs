using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking;

/// <summary>Logs files and folders as artifacts.</summary>
public static class ArtifactExtensions
{
    /// <summary>Logs a file.</summary>
    /// <param name="run">The run.</param>
    /// <param name="file">The file on this machine.</param>
    /// <param name="path">Where it goes; null takes the file's name.</param>
    /// <param name="cancellationToken">Gives up; no half file is left under the final name.</param>
    /// <returns>The artifact with its size and hash.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="ArtifactChangedException">The file changed while it was read; nothing was logged.</exception>
    /// <exception cref="ArtifactStoreException">The store refuses for good.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static async ValueTask<ArtifactFile> LogArtifactAsync(this Run run, string file, ArtifactPath? path = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentException.ThrowIfNullOrEmpty(file);
        var upload = new ArtifactUpload(path ?? new ArtifactPath(Path.GetFileName(file)), file);
        run.ThrowIfEnded();
        return await run.Tracker.UploadAsync(run, upload, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Logs all files of a folder and its subfolders, in one upload with one manifest. Files that lie there already with the same hash are not sent again; files that an artifact store that is away does not take are staged, and the tracker uploads them later.</summary>
    /// <param name="run">The run.</param>
    /// <param name="folder">The folder on this machine.</param>
    /// <param name="under">The folder that they go to; null takes the root.</param>
    /// <param name="progress">Told after each part of a file.</param>
    /// <param name="cancellationToken">Gives up; files that are whole stay, no half file does.</param>
    /// <returns>The artifacts with their sizes and hashes.</returns>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="ArtifactChangedException">A file changed while it was read.</exception>
    /// <exception cref="ArtifactStoreException">The store refuses for good.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static async ValueTask<IReadOnlyList<ArtifactFile>> LogArtifactsAsync(
        this Run run, string folder, ArtifactPath? under = null, IProgress<ArtifactProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        run.ThrowIfEnded();
        return await run.Tracker.UploadAsync(run, ArtifactUpload.FromFolder(folder, under), progress, cancellationToken).ConfigureAwait(false);
    }
}
