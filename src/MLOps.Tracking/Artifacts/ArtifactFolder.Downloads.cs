namespace MLOps.Tracking.Artifacts;

/// <content>Downloads.</content>
public sealed partial class ArtifactFolder
{
    /// <summary>From this size on, what has arrived of a download is kept when it is cut off.</summary>
    internal const long ResumableFrom = 8 << 20;

    /// <summary>Opens an artifact.</summary>
    /// <param name="path">The artifact.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The content, forward only. Where a manifest names the artifact, the read that finds the end raises <see cref="ArtifactCorruptException"/> if the hash differs; a reader that stops before has verified nothing. The caller disposes it.</returns>
    /// <exception cref="ArtifactNotFoundException">There is no such artifact.</exception>
    /// <exception cref="ArtifactCorruptException">A manifest cannot be read.</exception>
    public async Task<Stream> OpenReadAsync(ArtifactPath path, CancellationToken cancellationToken = default)
    {
        ArtifactContent content = await OpenContentAsync(path, range: default, cancellationToken).ConfigureAwait(false);
        return content.Stream;
    }

    /// <summary>Opens an artifact, or a part of it, with what its store knows of it.</summary>
    /// <param name="path">The artifact.</param>
    /// <param name="range">What to read of it; <c>default</c> is all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The content. The whole of an artifact is verified as <see cref="OpenReadAsync"/> does it; a part of one is not. The caller disposes it.</returns>
    /// <exception cref="ArtifactNotFoundException">There is no such artifact.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The range begins past the end.</exception>
    /// <exception cref="ArtifactCorruptException">A manifest cannot be read.</exception>
    public async Task<ArtifactContent> OpenContentAsync(ArtifactPath path, ByteRange range, CancellationToken cancellationToken = default)
    {
        path.ThrowIfDefault(nameof(path));
        ArtifactContent content = await _store.OpenReadAsync(Location, path.Value, range, cancellationToken).ConfigureAwait(false);
        if (!range.IsWhole)
            return content;
        string? expected;
        try
        {
            expected = await HashOfAsync(content.Artifact, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await content.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return expected is null ? content : new ArtifactContent(content.Artifact, new HashedReadStream(content.Stream, leaveOpen: false, ended: read =>
        {
            if (read.Sha256 != expected)
                throw new ArtifactCorruptException(path.Value, expected, read.Sha256!);
        }));
    }

    /// <summary>Downloads an artifact to a local file, which appears under its name whole and verified or not at all.</summary>
    /// <param name="path">The artifact.</param>
    /// <param name="destinationFile">The local file; replaced if it is there. Its folder is made if need be.</param>
    /// <param name="progress">Told after each piece; null when nobody asks.</param>
    /// <param name="cancellationToken">Ends the download; nothing is left of it.</param>
    /// <returns>The artifact as it was downloaded; <see cref="ArtifactFile.Sha256"/> is null when no manifest names it, so that nothing could be verified.</returns>
    /// <exception cref="ArtifactNotFoundException">There is no such artifact.</exception>
    /// <exception cref="ArtifactCorruptException">The content is not what was uploaded, or a manifest cannot be read.</exception>
    /// <exception cref="IOException">The local file cannot be written.</exception>
    /// <remarks>Of an artifact of 8 MiB or more whose hash is known, what has arrived stays beside the local file as <c>.mlops-*.part</c> when the store or this process fails, and the next call takes it up.</remarks>
    public async Task<ArtifactFile> DownloadAsync(ArtifactPath path, string destinationFile, IProgress<ArtifactProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        path.ThrowIfDefault(nameof(path));
        ArgumentException.ThrowIfNullOrEmpty(destinationFile);
        string destination = Path.GetFullPath(destinationFile);
        if (Path.GetDirectoryName(destination) is null || Path.GetFileName(destination).Length == 0)
            throw new ArgumentException($"'{destinationFile}' is a folder; name the file to write.", nameof(destinationFile));
        ManifestIndex index = await ReadManifestsAsync(cancellationToken).ConfigureAwait(false);
        return await DownloadAsync(path, destination, index, size => new TransferMeter(progress, totalFiles: 1, size), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Downloads all artifacts below a folder, up to 16 at a time. Each appears under its name whole and verified or not at all.</summary>
    /// <param name="destinationFolder">The local folder; made if need be. Files that are there are replaced.</param>
    /// <param name="under">The artifact folder to download, whose name is left out of the local ones; null for all artifacts.</param>
    /// <param name="progress">Told after each piece, one report at a time; null when nobody asks.</param>
    /// <param name="cancellationToken">Ends the download; files that are complete by then stay.</param>
    /// <returns>The artifacts in ordinal order of their paths; none when there is nothing below the folder.</returns>
    /// <exception cref="ArtifactCorruptException">The content of one is not what was uploaded, or a manifest cannot be read. Files that are complete by then stay.</exception>
    /// <exception cref="IOException">A local file cannot be written.</exception>
    public async Task<IReadOnlyList<ArtifactFile>> DownloadFolderAsync(string destinationFolder, ArtifactPath? under = null, IProgress<ArtifactProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(destinationFolder);
        under?.ThrowIfDefault(nameof(under));
        string folder = Path.GetFullPath(destinationFolder), prefix = under?.Value ?? "";
        ManifestIndex index = await ReadManifestsAsync(cancellationToken).ConfigureAwait(false);
        List<ArtifactObject> objects = await FindFilesAsync(prefix, cancellationToken).ConfigureAwait(false);
        TransferMeter meter = new(progress, objects.Count, objects.Sum(item => item.SizeBytes));
        ArtifactFile[] files = new ArtifactFile[objects.Count];
        Directory.CreateDirectory(folder);
        await TransferBudget.ForEachAsync(
            objects.Count,
            i => objects[i].SizeBytes,
            async (i, token) =>
            {
                string local = Path.Join(folder, objects[i].Path[(prefix.Length == 0 ? 0 : prefix.Length + 1)..]);
                files[i] = await DownloadAsync(objects[i].Path, local, index, _ => meter, token).ConfigureAwait(false);
            },
            cancellationToken).ConfigureAwait(false);
        return files;
    }

    private async Task<ArtifactFile> DownloadAsync(ArtifactPath path, string destination, ManifestIndex index, Func<long, TransferMeter> measure, CancellationToken cancellationToken)
    {
        string folder = Path.GetDirectoryName(destination)!;
        Directory.CreateDirectory(folder);
        string? known = index.FindNewest(path.Value) is { Sha256: { } sha256, Bytes: >= ResumableFrom } ? sha256 : null;
        if (known is not null && PartialFile.Find(folder, known) is { } earlier)
        {
            try
            {
                return await DownloadAsync(path, destination, earlier, known, index, measure, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ArtifactCorruptException or ArgumentOutOfRangeException)
            {
                // What was left may be the damaged part, or of another content: once more from the beginning.
            }
        }

        return await DownloadAsync(path, destination, earlier: null, known, index, measure, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ArtifactFile> DownloadAsync(
        ArtifactPath path, string destination, PartialFile? earlier, string? known, ManifestIndex index, Func<long, TransferMeter> measure, CancellationToken cancellationToken)
    {
        using PartialFile? disposedEarlier = earlier;
        ArtifactContent content;
        try
        {
            content = await _store.OpenReadAsync(Location, path.Value, new ByteRange(earlier?.Length ?? 0), cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactStoreException) when (earlier is not null)
        {
            // The store is still away, or refuses: what has arrived is for the call that finds it well again.
            earlier.IsKept = true;
            throw;
        }

        await using (content.ConfigureAwait(false))
        {
            long size = content.Artifact.SizeBytes;
            TransferMeter meter = measure(size);
            try
            {
                using PartialFile partial = earlier ?? PartialFile.Create(Path.GetDirectoryName(destination)!, known, size);
                using HashedReadStream hashed = new(content.Stream, leaveOpen: true, read: (_, bytes) => meter.Add(files: 0, bytes));
                await partial.ReplayAsync(hashed, cancellationToken).ConfigureAwait(false);
                meter.Add(files: 0, partial.Length);
                try
                {
                    await new SequentialWriter(partial.Handle, partial.Length).CopyAsync(hashed, size - partial.Length, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception e) when (e is ArtifactStoreException { IsTransient: true } or ContentFailedException)
                {
                    partial.IsKept = known is not null;
                    throw;
                }

                string? expected = await CheckAsync(content.Artifact, hashed.Sha256!, index, cancellationToken).ConfigureAwait(false);
                partial.Complete(destination);
                meter.Add(files: 1, bytes: 0);
                return new() { Path = path, SizeBytes = hashed.SizeBytes, Sha256 = expected, KeyId = content.Artifact.KeyId };
            }
            catch (ContentFailedException e)
            {
                throw new ArtifactStoreException($"Reading '{path}' at {Location} failed: {e.Message}", isTransient: true, e.InnerException);
            }
            catch (IOException e)
            {
                throw new IOException($"Could not write '{destination}', the download of artifact '{path}' ({size} bytes): {e.Message} Nothing was left there. Free space or name another folder, and try again.", e);
            }
        }
    }

    /// <returns>The hash that the upload wrote down; null when no manifest names the object.</returns>
    private async ValueTask<string?> CheckAsync(ArtifactObject item, string actual, ManifestIndex index, CancellationToken cancellationToken)
    {
        if (index.Find(item) is not { } entry || entry.Sha256 == actual)
            return index.Find(item)?.Sha256;

        // Replaced since the manifests were read? Then there is a later one by now.
        entry = (await ReadManifestsAsync(cancellationToken).ConfigureAwait(false)).Find(item);
        return entry is null || entry.Sha256 == actual ? entry?.Sha256 : throw new ArtifactCorruptException(item.Path, entry.Sha256!, actual);
    }
}
