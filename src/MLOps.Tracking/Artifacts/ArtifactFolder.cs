using System.Collections.Concurrent;

namespace MLOps.Tracking.Artifacts;

/// <summary>The artifacts of one run: uploads that write down their hashes, and downloads that check them.</summary>
/// <remarks>
/// Each upload call writes last one manifest, <c>.mlops/manifests/&lt;UUIDv7&gt;.json</c> (path, bytes, SHA-256); for a path the newest manifest that names it counts.
/// Files that other tools put there are listed and served as well, unverified. All members may be called from any thread at once, and by several processes on one location;
/// of two uploads of one path at the same time either may win, and the hash of the other may stay: then a download says that the artifact is corrupt, until it is uploaded again.
/// Content is streamed, never whole in memory. What the store raises (<see cref="ArtifactStoreException"/>) every member raises.
/// </remarks>
public sealed partial class ArtifactFolder
{
    private const int Parallelism = 4;
    private const int BufferSize = 128 * 1024;
    private readonly IArtifactStore _store;
    private readonly TimeProvider _time;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, ArtifactManifest> _manifests = new(StringComparer.Ordinal);
    private long _newest = -1;

    /// <summary>Opens the artifacts at a location; nothing is read or made yet.</summary>
    /// <param name="store">The store that keeps them.</param>
    /// <param name="location">The run's artifact location.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="ArgumentException"><paramref name="store"/> does not serve <paramref name="location"/>.</exception>
    public ArtifactFolder(IArtifactStore store, Uri location, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(location);
        ArgumentNullException.ThrowIfNull(time);
        if (!store.Serves(location))
            throw new ArgumentException($"{store.GetType().Name} does not serve '{location}'. Use the store of its scheme.", nameof(location));
        (_store, Location, _time) = (store, location, time);
    }

    /// <summary>The run's artifact location.</summary>
    public Uri Location { get; }

    /// <summary>Uploads what a stream holds.</summary>
    /// <param name="path">Where it will lie; what lies there is replaced.</param>
    /// <param name="content">Read once from where it stands to its end; not disposed. An exception of its reading reaches the caller as it is.</param>
    /// <param name="cancellationToken">Ends the upload; nothing is left of it.</param>
    /// <returns>The artifact with its hash, when it is under its name and in a manifest.</returns>
    public async Task<ArtifactFile> UploadAsync(ArtifactPath path, Stream content, CancellationToken cancellationToken = default)
    {
        path.ThrowIfDefault(nameof(path));
        ArgumentNullException.ThrowIfNull(content);
        using HashedReadStream hashed = new(content, leaveOpen: true);
        ArtifactFile file = await PutAsync(path, hashed, cancellationToken).ConfigureAwait(false);
        await WriteManifestAsync([file]).ConfigureAwait(false);
        return file;
    }

    /// <summary>Uploads local files, four at a time, and writes one manifest for all.</summary>
    /// <param name="files">The files; their paths differ. <see cref="ArtifactUpload.FromFolder"/> lists those of a folder.</param>
    /// <param name="progress">Told after each piece, one report at a time; null when nobody asks.</param>
    /// <param name="cancellationToken">Ends the upload; files that are complete by then stay and are in a manifest.</param>
    /// <returns>The artifacts with their hashes in the order of <paramref name="files"/>; an empty list for an empty one, and then nothing is written.</returns>
    /// <exception cref="ArgumentException">Two files have one path.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; looked up before anything is uploaded.</exception>
    /// <exception cref="ArtifactChangedException">A file changed while it was read. The other files that are complete by then stay and are in a manifest.</exception>
    public async Task<IReadOnlyList<ArtifactFile>> UploadFilesAsync(IReadOnlyList<ArtifactUpload> files, IProgress<ArtifactProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.Count == 0)
            return [];
        UploadMeter meter = new(progress, files.Count, Check(files));
        ArtifactFile?[] uploaded = new ArtifactFile?[files.Count];
        try
        {
            ParallelOptions options = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
            await Parallel.ForEachAsync(
                Enumerable.Range(0, files.Count),
                options,
                async (i, token) => uploaded[i] = await UploadAsync(files[i], meter, token).ConfigureAwait(false)).ConfigureAwait(false);
        }
        catch
        {
            // What is complete may have replaced earlier files, whose hashes in earlier manifests no longer hold.
            try
            {
                await WriteManifestAsync([.. uploaded.OfType<ArtifactFile>()]).ConfigureAwait(false);
            }
            catch (ArtifactStoreException)
            {
                // A store that fails again; the first failure is the one to tell.
            }

            throw;
        }

        await WriteManifestAsync(uploaded!).ConfigureAwait(false);
        return uploaded!;
    }

    /// <summary>Lists the artifacts, without <c>.mlops/</c>.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The artifacts in ordinal order of their paths. Files that other tools put there have no hash; those whose names are no artifact paths are left out.</returns>
    /// <exception cref="ArtifactCorruptException">A manifest cannot be read.</exception>
    public async Task<IReadOnlyList<ArtifactFile>> ListAsync(CancellationToken cancellationToken = default)
    {
        Dictionary<string, string> hashes = new(StringComparer.Ordinal);
        string[] manifests = await FindManifestsAsync(cancellationToken).ConfigureAwait(false);
        ParallelOptions options = new() { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(manifests, options, async (path, token) => _ = await GetManifestAsync(path, token).ConfigureAwait(false)).ConfigureAwait(false);
        foreach (string manifest in manifests)
        {
            foreach (ArtifactManifest.Entry entry in _manifests[manifest].Files)
                hashes[entry.Path] = entry.Sha256;
        }

        List<ArtifactFile> files = [];
        await foreach (ArtifactObject item in _store.ListAsync(Location, "", cancellationToken).ConfigureAwait(false))
        {
            if (ArtifactPath.TryParse(item.Path, out ArtifactPath path))
                files.Add(new() { Path = path, SizeBytes = item.SizeBytes, Sha256 = hashes.GetValueOrDefault(item.Path) });
        }

        files.Sort((a, b) => string.CompareOrdinal(a.Path.Value, b.Path.Value));
        return files;
    }

    /// <summary>Opens an artifact.</summary>
    /// <param name="path">The artifact.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The content, forward only. Where a manifest names the artifact, the read that finds the end raises <see cref="ArtifactCorruptException"/> if the hash differs; a reader that stops before has verified nothing. The caller disposes it.</returns>
    /// <exception cref="ArtifactNotFoundException">There is no such artifact.</exception>
    /// <exception cref="ArtifactCorruptException">A manifest cannot be read.</exception>
    public async Task<Stream> OpenReadAsync(ArtifactPath path, CancellationToken cancellationToken = default)
    {
        path.ThrowIfDefault(nameof(path));
        string? expected = await FindHashAsync(path, cancellationToken).ConfigureAwait(false);
        Stream content = await _store.OpenReadAsync(Location, path.Value, cancellationToken).ConfigureAwait(false);
        return new HashedReadStream(content, leaveOpen: false, ended: read =>
        {
            if (expected is not null && read.Sha256 != expected)
                throw new ArtifactCorruptException(path.Value, expected, read.Sha256!);
        });
    }

    /// <summary>Downloads an artifact to a local file, which appears under its name whole and verified or not at all.</summary>
    /// <param name="path">The artifact.</param>
    /// <param name="destinationFile">The local file; replaced if it is there. Its folder is made if need be.</param>
    /// <param name="cancellationToken">Ends the download; nothing is left of it.</param>
    /// <returns>The artifact as it was downloaded; <see cref="ArtifactFile.Sha256"/> is null when no manifest names it, so that nothing could be verified.</returns>
    /// <exception cref="ArtifactNotFoundException">There is no such artifact.</exception>
    /// <exception cref="ArtifactCorruptException">The content is not what was uploaded, or a manifest cannot be read.</exception>
    /// <exception cref="IOException">The local file cannot be written.</exception>
    public async Task<ArtifactFile> DownloadAsync(ArtifactPath path, string destinationFile, CancellationToken cancellationToken = default)
    {
        path.ThrowIfDefault(nameof(path));
        ArgumentException.ThrowIfNullOrEmpty(destinationFile);
        string destination = Path.GetFullPath(destinationFile);
        string? expected = await FindHashAsync(path, cancellationToken).ConfigureAwait(false);
        using HashedReadStream content = new(await _store.OpenReadAsync(Location, path.Value, cancellationToken).ConfigureAwait(false), leaveOpen: false);
        string folder = Path.GetDirectoryName(destination) ?? throw new ArgumentException($"'{destinationFile}' is a folder; name the file to write.", nameof(destinationFile));
        Directory.CreateDirectory(folder);
        string temp = Path.Join(folder, $".{Guid.NewGuid():N}.tmp");
        try
        {
            using (FileStream file = new(temp, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
                await content.CopyToAsync(file, BufferSize, cancellationToken).ConfigureAwait(false);
            string actual = content.Sha256!;
            if (expected is not null && expected != actual)
            {
                // Replaced between the look at the manifests and the opening of the file? Then its new manifest is there by now, or will be.
                expected = await FindHashAsync(path, cancellationToken).ConfigureAwait(false);
                if (expected != actual)
                    throw new ArtifactCorruptException(path.Value, expected ?? "", actual);
            }

            File.Move(temp, destination, overwrite: true);
            return new() { Path = path, SizeBytes = content.SizeBytes, Sha256 = expected };
        }
        finally
        {
            File.Delete(temp);
        }
    }

    private static long Check(IReadOnlyList<ArtifactUpload> files)
    {
        HashSet<ArtifactPath> paths = [];
        long bytes = 0;
        foreach (ArtifactUpload file in files)
        {
            file.Path.ThrowIfDefault(nameof(files));
            if (!paths.Add(file.Path))
                throw new ArgumentException($"Two files of this upload are to become artifact '{file.Path}'. Give each its own path.", nameof(files));
            bytes += new FileInfo(file.SourceFile).Length;
        }

        return bytes;
    }

    private async ValueTask<ArtifactFile> UploadAsync(ArtifactUpload file, UploadMeter meter, CancellationToken cancellationToken)
    {
        using FileStream source = new(file.SourceFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        (long Length, DateTime Written) State() => (RandomAccess.GetLength(source.SafeFileHandle), File.GetLastWriteTimeUtc(source.SafeFileHandle));
        (long Length, DateTime Written) before = State();

        // Judged while the store still reads, so that a store never gives its final name to a file that changed.
        using HashedReadStream content = new(
            source,
            leaveOpen: true,
            read: (read, bytes) =>
            {
                if (read.SizeBytes > before.Length)
                    throw new ArtifactChangedException(file.Path.Value, file.SourceFile);
                meter.Add(files: 0, bytes);
            },
            ended: read =>
            {
                if (read.SizeBytes != before.Length || State() != before)
                    throw new ArtifactChangedException(file.Path.Value, file.SourceFile);
            });
        ArtifactFile uploaded = await PutAsync(file.Path, content, cancellationToken).ConfigureAwait(false);
        meter.Add(files: 1, bytes: 0);
        return uploaded;
    }

    private async ValueTask<ArtifactFile> PutAsync(ArtifactPath path, HashedReadStream content, CancellationToken cancellationToken)
    {
        await _store.PutAsync(Location, path.Value, content, cancellationToken).ConfigureAwait(false);
        return content.Sha256 is { } sha256
            ? new() { Path = path, SizeBytes = content.SizeBytes, Sha256 = sha256 }
            : throw new ArtifactStoreException($"{_store.GetType().Name} did not read artifact '{path}' to its end. Report it to the maker of that store: IArtifactStore.PutAsync reads until a read gives 0.", isTransient: false);
    }

    // Never cancelled: the files are under their names, and without their manifest they would fail against an earlier one.
    private async ValueTask WriteManifestAsync(ArtifactFile[] files)
    {
        if (files.Length == 0)
            return;
        ArtifactManifest manifest = new()
        {
            Version = ArtifactManifest.CurrentVersion,
            Files = [.. files.Select(file => new ArtifactManifest.Entry { Path = file.Path.Value, Bytes = file.SizeBytes, Sha256 = file.Sha256! })],
        };
        string path = await NextManifestAsync().ConfigureAwait(false);
        using MemoryStream json = new(manifest.ToJson());
        await _store.PutAsync(Location, path, json, CancellationToken.None).ConfigureAwait(false);
    }

    // A clock that stands still or was set back, here or on the machine that wrote before, must not let an earlier manifest win.
    private async ValueTask<string> NextManifestAsync()
    {
        long last = Interlocked.Read(ref _newest);
        if (last < 0 && await FindManifestsAsync(CancellationToken.None).ConfigureAwait(false) is [.., string newest])
            last = ArtifactManifest.TimeOf(newest)!.Value;
        lock (_gate)
        {
            _newest = Math.Max(_time.GetUtcNow().ToUnixTimeMilliseconds(), Math.Max(last, _newest) + 1);
            return ArtifactManifest.PathAt(_newest);
        }
    }

    private async ValueTask<string?> FindHashAsync(ArtifactPath path, CancellationToken cancellationToken)
    {
        string[] manifests = await FindManifestsAsync(cancellationToken).ConfigureAwait(false);
        for (int i = manifests.Length - 1; i >= 0; i--)
        {
            ArtifactManifest manifest = await GetManifestAsync(manifests[i], cancellationToken).ConfigureAwait(false);
            if (manifest.Files.LastOrDefault(entry => entry.Path == path.Value) is { } entry)
                return entry.Sha256;
        }

        return null;
    }

    private async ValueTask<string[]> FindManifestsAsync(CancellationToken cancellationToken)
    {
        List<string> paths = [];
        await foreach (ArtifactObject item in _store.ListAsync(Location, ArtifactManifest.Folder, cancellationToken).ConfigureAwait(false))
        {
            if (ArtifactManifest.TimeOf(item.Path) is not null)
                paths.Add(item.Path);
        }

        // The digits of a version 7 UUID begin with its time.
        paths.Sort(StringComparer.OrdinalIgnoreCase);
        return [.. paths];
    }

    private async ValueTask<ArtifactManifest> GetManifestAsync(string path, CancellationToken cancellationToken)
    {
        if (_manifests.TryGetValue(path, out ArtifactManifest? known))
            return known;
        using Stream json = await _store.OpenReadAsync(Location, path, cancellationToken).ConfigureAwait(false);
        return _manifests[path] = await ArtifactManifest.ReadAsync(json, path, cancellationToken).ConfigureAwait(false);
    }
}
