namespace MLOps.Tracking.Artifacts;

/// <summary>The artifacts of one run: uploads that write down their hashes, and downloads that check them.</summary>
/// <remarks>
/// Each upload call writes last one manifest, <c>.mlops/manifests/&lt;UUIDv7&gt;.json</c> (path, bytes, SHA-256, key id, ETag); for a path the newest manifest that names it counts, and of two uploads of one path at the same time the one whose object is there.
/// Files that other tools put there are listed and served as well, unverified. All members may be called from any thread at once, and by several processes on one location.
/// Content is streamed, never whole in memory: a transfer takes at most 32 MiB for its files and parts, whatever their sizes. What the store raises (<see cref="ArtifactStoreException"/>) every member raises.
/// </remarks>
public sealed partial class ArtifactFolder
{
    private readonly IArtifactStore _store;
    private readonly TimeProvider _time;

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

    /// <summary>Lists the artifacts, without <c>.mlops/</c>.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The artifacts in ordinal order of their paths. Files that other tools put there have no hash; those whose names are no artifact paths are left out.</returns>
    /// <exception cref="ArtifactCorruptException">A manifest cannot be read.</exception>
    public async Task<IReadOnlyList<ArtifactFile>> ListAsync(CancellationToken cancellationToken = default)
    {
        ManifestIndex index = await ReadManifestsAsync(cancellationToken).ConfigureAwait(false);
        return [.. (await FindFilesAsync("", cancellationToken).ConfigureAwait(false)).Select(item => FileOf(item, index.Find(item)))];
    }

    /// <summary>Deletes an artifact, or all below a folder.</summary>
    /// <param name="path">The artifact or the folder.</param>
    /// <param name="cancellationToken">Ends the deletion; the next one goes on with it.</param>
    /// <returns>How many artifacts were deleted; 0 when there were none.</returns>
    public async Task<int> DeleteAsync(ArtifactPath path, CancellationToken cancellationToken = default)
    {
        path.ThrowIfDefault(nameof(path));
        List<ArtifactObject> files = await FindFilesAsync(path.Value, cancellationToken).ConfigureAwait(false);
        if (await _store.FindAsync(Location, path.Value, cancellationToken).ConfigureAwait(false) is { } file)
            files.Add(file);
        if (files.Count == 0)
            return 0;

        // Said first: what is half deleted must not read as missing.
        await WriteManifestAsync([.. files.Select(gone => new ArtifactManifest.Entry { Path = gone.Path, Bytes = gone.SizeBytes, Sha256 = null })]).ConfigureAwait(false);
        await _store.DeleteAsync(Location, path.Value, cancellationToken).ConfigureAwait(false);
        await _store.DeletePrefixAsync(Location, path.Value, cancellationToken).ConfigureAwait(false);
        return files.Count;
    }

    /// <summary>Copies an artifact inside its store; the content does not pass through this program, its hash is carried over.</summary>
    /// <param name="path">The artifact.</param>
    /// <param name="to">Where the copy will lie; what lies there is replaced.</param>
    /// <param name="folder">The folder of the copy, which the same store serves; null for this one.</param>
    /// <param name="cancellationToken">Ends the copying; nothing is left of it.</param>
    /// <returns>The copy.</returns>
    /// <exception cref="ArgumentException">Another store serves <paramref name="folder"/>. Download and upload instead.</exception>
    /// <exception cref="ArtifactNotFoundException">There is no such artifact.</exception>
    /// <exception cref="NotSupportedException">The store lacks <see cref="ArtifactStoreCapabilities.Copy"/>.</exception>
    public async Task<ArtifactFile> CopyAsync(ArtifactPath path, ArtifactPath to, ArtifactFolder? folder = null, CancellationToken cancellationToken = default)
    {
        path.ThrowIfDefault(nameof(path));
        to.ThrowIfDefault(nameof(to));
        folder ??= this;
        if (!ReferenceEquals(folder._store, _store))
            throw new ArgumentException($"'{folder.Location}' is served by another store than '{Location}'; an artifact is copied inside one store. Download it and upload it there.", nameof(folder));
        ArtifactObject source = await _store.FindAsync(Location, path.Value, cancellationToken).ConfigureAwait(false) ?? throw new ArtifactNotFoundException(Location, path.Value);
        ArtifactManifest.Entry? entry = (await ReadManifestsAsync(cancellationToken).ConfigureAwait(false)).Find(source);
        ArtifactObject copy = await _store.CopyAsync(Location, path.Value, folder.Location, to.Value, cancellationToken).ConfigureAwait(false);
        if (entry is not null)
            await folder.WriteManifestAsync([entry with { Path = to.Value, ETag = copy.ETag }]).ConfigureAwait(false);
        else if ((await folder.ReadManifestsAsync(CancellationToken.None).ConfigureAwait(false)).FindNewest(to.Value) is not null)
            await folder.WriteManifestAsync([new ArtifactManifest.Entry { Path = to.Value, Bytes = 0, Sha256 = null }]).ConfigureAwait(false);
        return FileOf(new ArtifactObject(to.Value, copy.SizeBytes), entry);
    }

    /// <summary>Makes a link by which anybody who has it can download one artifact with a plain GET, for example to show it in a browser. What it gives is not verified.</summary>
    /// <param name="path">The artifact; whether it is there is not asked.</param>
    /// <param name="validFor">How long the link works, 1 second to 7 days.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The link. Whoever sees it can use it: keep it out of logs.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="validFor"/> is out of range.</exception>
    /// <exception cref="NotSupportedException">The store, or the credentials it was given, lack <see cref="ArtifactStoreCapabilities.DownloadLinks"/>.</exception>
    public async Task<Uri> GetDownloadLinkAsync(ArtifactPath path, TimeSpan validFor, CancellationToken cancellationToken = default)
    {
        path.ThrowIfDefault(nameof(path));
        ArgumentOutOfRangeException.ThrowIfLessThan(validFor, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validFor, TimeSpan.FromDays(7));
        return await _store.GetDownloadLinkAsync(Location, path.Value, validFor, cancellationToken).ConfigureAwait(false);
    }

    private static ArtifactFile FileOf(ArtifactObject item, ArtifactManifest.Entry? entry) =>
        new() { Path = item.Path, SizeBytes = item.SizeBytes, Sha256 = entry?.Sha256, KeyId = entry?.KeyId };

    /// <summary>The artifacts below a folder, in the order of their paths, without <c>.mlops/</c> and what has no artifact's name.</summary>
    private async ValueTask<List<ArtifactObject>> FindFilesAsync(string prefix, CancellationToken cancellationToken)
    {
        List<ArtifactObject> files = [];
        await foreach (ArtifactObject item in _store.ListAsync(Location, prefix, cancellationToken).ConfigureAwait(false))
        {
            if (ArtifactPath.TryParse(item.Path, out _))
                files.Add(item);
        }

        files.Sort(static (a, b) => string.CompareOrdinal(a.Path, b.Path));
        return files;
    }
}
