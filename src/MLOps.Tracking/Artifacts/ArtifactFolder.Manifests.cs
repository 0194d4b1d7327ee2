using System.Collections.Concurrent;

namespace MLOps.Tracking.Artifacts;

/// <content>Manifests.</content>
public sealed partial class ArtifactFolder
{
    private const int ManifestsAtOnce = 16;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, ArtifactManifest> _manifests = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Path, string ETag), string> _hashes = new();
    private long _newest = -1;

    // Never cancelled: the files are under their names, and without their manifest they would fail against an earlier one.
    private async ValueTask WriteManifestAsync(IReadOnlyList<ArtifactManifest.Entry> files)
    {
        if (files.Count == 0)
            return;
        ArtifactManifest manifest = new() { Version = ArtifactManifest.CurrentVersion, Files = files };
        string path = await NextManifestAsync().ConfigureAwait(false);
        using MemoryStream json = new(manifest.ToJson());
        await _store.PutAsync(Location, path, json, new() { SizeBytes = json.Length }, CancellationToken.None).ConfigureAwait(false);
        Keep(path, manifest);
    }

    private void Keep(string path, ArtifactManifest manifest)
    {
        _manifests[path] = manifest;
        foreach (ArtifactManifest.Entry file in manifest.Files)
        {
            if (file is { ETag: { } etag, Sha256: { } sha256 })
                _hashes[(file.Path, etag)] = sha256;
        }
    }

    /// <summary>The hash that the manifests tell of an object. One that names its very ETag needs no look at those that others may have written since.</summary>
    private async ValueTask<string?> HashOfAsync(ArtifactObject item, CancellationToken cancellationToken) =>
        item.ETag is { } etag && _hashes.TryGetValue((item.Path, etag), out string? known) ? known : (await ReadManifestsAsync(cancellationToken).ConfigureAwait(false)).Find(item)?.Sha256;

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

    /// <summary>Reads all manifests.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <param name="unreadable">Told of manifests that cannot be read; null raises.</param>
    private async ValueTask<ManifestIndex> ReadManifestsAsync(CancellationToken cancellationToken, Action<string, ArtifactCorruptException>? unreadable = null)
    {
        string[] paths = await FindManifestsAsync(cancellationToken).ConfigureAwait(false);
        ConcurrentDictionary<string, ArtifactCorruptException> damaged = new(StringComparer.Ordinal);
        ParallelOptions options = new() { MaxDegreeOfParallelism = ManifestsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            paths.Where(path => !_manifests.ContainsKey(path)),
            options,
            async (path, token) =>
            {
                try
                {
                    ArtifactContent json = await _store.OpenReadAsync(Location, path, default, token).ConfigureAwait(false);
                    await using (json.ConfigureAwait(false))
                        Keep(path, await ArtifactManifest.ReadAsync(json.Stream, path, token).ConfigureAwait(false));
                }
                catch (ArtifactCorruptException error) when (unreadable is not null)
                {
                    damaged[path] = error;
                }
            }).ConfigureAwait(false);
        ManifestIndex index = new();
        foreach (string path in paths)
        {
            if (damaged.TryGetValue(path, out ArtifactCorruptException? error))
                unreadable!(path, error);
            else
                index.Add(_manifests[path]);
        }

        return index;
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
}
