using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;
using MLOps.Registry.Serving;
using MLOps.Registry.Serving.Cache;
using MLOps.Registry.Storage;
using MLOps.Registry.Telemetry;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;

namespace MLOps.Registry;

/// <content>Models in use.</content>
public sealed partial class ModelRegistry
{
    private readonly RegistryTelemetry _telemetry;
    private readonly ModelCache _cache;
    private readonly KnownAnswers _known;
    private readonly ModelWatcher _watcher;

    /// <summary>Whether those who watch cannot ask the store at the moment.</summary>
    internal bool IsStoreAway => _watcher.IsStoreAway;

    /// <summary>Resolves a URI to local files that were found to have the hashes which the version was registered with.</summary>
    /// <param name="uri">What to resolve; text is taken as it is written: <c>"fraud@champion"</c>.</param>
    /// <param name="progress">Told after each piece of a download; null when nobody asks.</param>
    /// <param name="cancellationToken">Ends the wait or the download; nothing half is left of it.</param>
    /// <returns>The files, in the download cache of this machine. Dispose them when nobody reads them any more.</returns>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelVersionNotFoundException">It has no such version, none at all, or none in the stage.</exception>
    /// <exception cref="AliasNotFoundException">It has no such alias.</exception>
    /// <exception cref="RunNotFoundException">There is no such run.</exception>
    /// <exception cref="ArtifactNotFoundException">A file is not where it should lie.</exception>
    /// <exception cref="ArtifactCorruptException">A file is not what was registered.</exception>
    /// <exception cref="ArtifactStoreException">The files cannot be reached, or no artifact store here serves their location.</exception>
    /// <exception cref="RegistryStoreException">The store cannot be read, and the cache does not have what the URI last named.</exception>
    /// <exception cref="InvalidOperationException">A run is named, and the registry works with no tracker.</exception>
    /// <exception cref="IOException">The cache cannot be filled; the message says what to do.</exception>
    /// <remarks>
    /// A version that was never verified is downloaded, hashed and from then on known by these hashes. While the store or the place of the files is away, what the URI last named on this machine is given, if it is cached
    /// (<see cref="ModelFiles.IsOffline"/>). Several calls for the same files share one download. Once the files are cached a call costs a read of the store and one look at each file.
    /// </remarks>
    public Task<ModelFiles> ResolveAsync(ModelUri uri, IProgress<ArtifactProgress>? progress = null, CancellationToken cancellationToken = default) =>
        ResolveAsync(uri, allowOffline: true, progress, cancellationToken);

    internal async Task<ModelFiles> ResolveAsync(ModelUri uri, bool allowOffline, IProgress<ArtifactProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(uri);
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        long start = Clock.GetTimestamp();
        using Activity? activity = RegistryTelemetry.StartResolve(uri);
        ModelFiles files;
        try
        {
            files = uri.RunId is { } run
                ? await ResolveRunAsync(uri, run, new ArtifactPath(uri.Path!), progress, cancellationToken).ConfigureAwait(false)
                : await ResolveVersionAsync(uri, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (allowOffline && (e is RegistryStoreException or TrackingStoreException or ArtifactStoreException { IsTransient: true }))
        {
            if (_known.Find(uri) is not { } answer || await _cache.FindAsync(answer.Manifest, cancellationToken).ConfigureAwait(false) is not { } entry)
                throw;
            if (_known.TurnedOffline(uri, answer))
                LogOffline(_logger, uri, answer.Version?.Number, e);
            files = FilesOf(uri, answer.Version, entry, isOffline: true);
        }

        _telemetry.Resolved(Clock.GetElapsedTime(start));
        return files;
    }

    /// <summary>Gives a token that changes when a URI may name another version than it did when this process last resolved it. Take the token first and resolve then, so that nothing is missed.</summary>
    /// <param name="uri">What to watch.</param>
    /// <returns>The token; take another one after it has changed. It never changes for a version by its number or a run (<see cref="ModelUri.IsFixed"/>).</returns>
    /// <remarks>Changes by this registry are seen at once, those by others within <see cref="RegistryOptions.WatchInterval"/>; one loop asks for all tokens. While the store is away nothing changes. A token for a URI that was never resolved here changes once without need.</remarks>
    public IChangeToken Watch(ModelUri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return Watch(uri, _known.FindLast(uri));
    }

    /// <summary>Loads a model, and loads another one when the alias moves. Without a container; with one, see <c>AddModel</c>.</summary>
    /// <typeparam name="T">The loaded model; disposed when nobody holds it any more, if it can be.</typeparam>
    /// <param name="uri">Which model.</param>
    /// <param name="load">Makes a model from its files, a new one at each call; where it also tries the model out, one that is not fit for use never serves: what it raises keeps the model before. The files stay as long as the model is in use. The token is cancelled when the alias has moved on meanwhile, or the source is closed.</param>
    /// <param name="options">How to load and watch; null for the defaults.</param>
    /// <param name="cancellationToken">Ends the first load.</param>
    /// <returns>The source. Dispose it before the registry.</returns>
    /// <remarks>Raises what <see cref="ResolveAsync(ModelUri, IProgress{ArtifactProgress}?, CancellationToken)"/> and <paramref name="load"/> raise, unless <see cref="ModelSourceOptions.AllowNone"/> is set.</remarks>
    public async Task<ModelSource<T>> OpenModelAsync<T>(ModelUri uri, Func<ModelFiles, CancellationToken, ValueTask<T>> load, ModelSourceOptions? options = null, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentNullException.ThrowIfNull(load);
        var source = new ModelSource<T>(this, uri, load, options ?? new());
        try
        {
            await source.StartAsync(cancellationToken).ConfigureAwait(true);
            return source;
        }
        catch
        {
            await source.DisposeAsync().ConfigureAwait(true);
            throw;
        }
    }

    internal bool IsDisposed => Volatile.Read(ref _disposed) != 0;

    internal RegistryTelemetry Telemetry => _telemetry;

    internal ILogger Logger => _logger;

    /// <param name="uri">What to watch.</param>
    /// <param name="baseline">What the caller believes it to name; null when it does not know.</param>
    internal IChangeToken Watch(ModelUri uri, ModelIdentity? baseline)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return uri.IsFixed ? new CancellationChangeToken(CancellationToken.None) : _watcher.Watch(uri, baseline);
    }

    /// <summary>Asks the store which version a URI of a registered model names.</summary>
    internal async Task<ModelVersion> GetVersionAsync(ModelUri uri, CancellationToken cancellationToken)
    {
        string model = uri.Model!;
        if (uri.Alias is { } alias)
            return await GetVersionAsync(model, alias, cancellationToken).ConfigureAwait(false);
        if (uri.Number is { } number)
            return await GetVersionAsync(model, number, cancellationToken).ConfigureAwait(false);
        if (uri.IsLatest)
            return await GetVersionAsync(model, "latest", cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ModelVersion> latest = await Store.FindLatestVersionsAsync(model, cancellationToken).ConfigureAwait(false);
        return latest.FirstOrDefault(version => version.Stage == uri.Stage) ?? throw (await Store.FindModelAsync(model, cancellationToken).ConfigureAwait(false) is null
            ? new ModelNotFoundException(model)
            : new ModelVersionNotFoundException(model, uri.Stage!.Value));
    }

    private async Task<ModelFiles> ResolveVersionAsync(ModelUri uri, IProgress<ArtifactProgress>? progress, CancellationToken cancellationToken)
    {
        ModelVersion version = await GetVersionAsync(uri, cancellationToken).ConfigureAwait(false);
        CacheEntry? entry = ExpectedOf(version) is { } manifest ? await _cache.FindAsync(manifest, cancellationToken).ConfigureAwait(false) : null;
        if (entry is null)
        {
            Uri location = LocationOf(version);
            entry = await _cache.GetAsync(
                version.Facts.Manifest?.Digest ?? location.AbsoluteUri,
                async token => ExpectedOf(version = version.IsVerified ? version : await GetVersionAsync(version.Model, version.Number, token).ConfigureAwait(false)),
                async (folder, token) =>
                {
                    ModelManifest found = await DownloadAsync(location, path: null, folder, progress, token).ConfigureAwait(false);
                    if (version.Facts.Manifest is { } registered)
                        found = Match(registered, found, folder, location);
                    if (!version.IsVerified)
                        version = await KeepVerifiedAsync(version, found, token).ConfigureAwait(false);
                    return found;
                },
                cancellationToken).ConfigureAwait(false);
        }

        return Keep(uri, version, entry);
    }

    /// <summary>What a version must consist of; null for one whose files nobody has read, even if it says what they are.</summary>
    private static ModelManifest? ExpectedOf(ModelVersion version) => version.IsVerified ? version.Facts.Manifest : null;

    private ModelFiles Keep(ModelUri uri, ModelVersion? version, CacheEntry entry)
    {
        try
        {
            _known.Keep(uri, version, entry.Manifest);
            return FilesOf(uri, version, entry, isOffline: false);
        }
        catch
        {
            _cache.Release(entry);
            throw;
        }
    }

    private async Task<ModelFiles> ResolveRunAsync(ModelUri uri, RunId run, ArtifactPath path, IProgress<ArtifactProgress>? progress, CancellationToken cancellationToken)
    {
        Tracker tracker = _tracker ?? throw new InvalidOperationException($"{uri} names a run, and this registry works with no tracker. Call UseTracker(tracker) where it is opened, or AddMLOpsTracking beside AddMLOpsRegistry.");
        Uri location = new((await tracker.GetRunAsync(run, cancellationToken).ConfigureAwait(false)).Info.ArtifactLocation);
        IReadOnlyList<ArtifactFile> listed = await _artifacts.Open(location).ListAsync(cancellationToken).ConfigureAwait(false);
        ModelFile?[] files = [.. listed
            .Select(file => (Relative: RelativeTo(path, file.Path), File: file))
            .Where(item => item.Relative is not null)
            .Select(item => item.File.Sha256 is { } sha256 ? new ModelFile(item.Relative!, item.File.SizeBytes, sha256) : null)];
        if (files.Length == 0)
            throw new ArtifactNotFoundException(location, path.Value);

        // What another tool has put there has no hash that could be looked up: it is read each time.
        ModelManifest? expected = Array.TrueForAll(files, file => file is not null) ? ManifestOf(files!) : null;
        CacheEntry? entry = expected is null ? null : await _cache.FindAsync(expected, cancellationToken).ConfigureAwait(false);
        entry ??= await _cache.GetAsync(
            expected?.Digest ?? uri.ToString(), _ => ValueTask.FromResult(expected), (folder, token) => DownloadAsync(location, path, folder, progress, token), cancellationToken).ConfigureAwait(false);
        return Keep(uri, version: null, entry);
    }

    private ModelFiles FilesOf(ModelUri uri, ModelVersion? version, CacheEntry entry, bool isOffline) => new(uri, version, entry.Files, entry.Manifest, isOffline, () => _cache.Release(entry));

    private static Uri LocationOf(ModelVersion version) => Uri.TryCreate(version.Facts.Location, UriKind.Absolute, out Uri? location)
        ? location
        : throw new ArtifactStoreException($"The files of {version.Ref} lie at '{version.Facts.Location}', which is no absolute URI that an artifact store here could serve. Register them from where they can be reached.", isTransient: false);

    /// <summary>Downloads a folder, or the one file that a location or a path names, and hashes what no upload has written down.</summary>
    private async Task<ModelManifest> DownloadAsync(Uri location, ArtifactPath? path, string folder, IProgress<ArtifactProgress>? progress, CancellationToken cancellationToken)
    {
        IReadOnlyList<ArtifactFile> artifacts = await _artifacts.Open(location).DownloadFolderAsync(folder, path, progress, cancellationToken).ConfigureAwait(false);
        if (artifacts.Count == 0)
        {
            (Uri parent, ArtifactPath file) = path is { } named ? (location, named) : SplitFile(location);
            ArtifactFile single = await _artifacts.Open(parent).DownloadAsync(file, Path.Join(folder, NameOf(file)), progress, cancellationToken).ConfigureAwait(false);
            (artifacts, path) = ([single], file);
        }

        List<ModelFile> files = [];
        foreach (ArtifactFile artifact in artifacts)
        {
            string relative = path is { } under ? RelativeTo(under, artifact.Path)! : artifact.Path.Value, local = Path.Join(folder, relative);
            files.Add(new ModelFile(relative, new FileInfo(local).Length, artifact.Sha256 ?? await FileHash.ComputeAsync(local, cancellationToken).ConfigureAwait(false)));
        }

        return ManifestOf(files);
    }

    /// <summary>Keeps of what was downloaded the files of the version, which must be as they were registered.</summary>
    private static ModelManifest Match(ModelManifest expected, ModelManifest found, string folder, Uri location)
    {
        Dictionary<string, ModelFile> others = found.Files.ToDictionary(file => file.Path, StringComparer.Ordinal);
        foreach (ModelFile file in expected.Files)
        {
            if (!others.Remove(file.Path, out ModelFile? actual))
                throw new ArtifactNotFoundException(location, file.Path);
            if (actual.Sha256 != file.Sha256)
                throw new ArtifactCorruptException(file.Path, file.Sha256, actual.Sha256);
        }

        // They came to the folder later, and are not what was registered.
        foreach (string path in others.Keys)
            File.Delete(Path.Join(folder, path));
        return expected;
    }

    private async ValueTask<ModelVersion> KeepVerifiedAsync(ModelVersion version, ModelManifest manifest, CancellationToken cancellationToken)
    {
        ModelVersion kept = version;
        await ChangeAsync(
            version.Model,
            async _ =>
            {
                kept = await GetVersionAsync(version.Model, version.Number, cancellationToken).ConfigureAwait(false);
                if (kept.Facts.Manifest is { } other && other.Digest != manifest.Digest)
                    throw Difference(other, manifest);
                return kept.IsVerified ? [] : [new RegistryEvent.VersionVerified(version.Number, manifest)];
            },
            cancellationToken).ConfigureAwait(false);
        return kept with { IsVerified = true, Facts = kept.Facts with { Manifest = manifest } };
    }

    private static ArtifactCorruptException Difference(ModelManifest expected, ModelManifest actual)
    {
        string path = expected.Files.Except(actual.Files).Concat(actual.Files.Except(expected.Files)).First().Path;
        return new ArtifactCorruptException(path, HashIn(expected), HashIn(actual));

        string HashIn(ModelManifest manifest) => manifest.Files.FirstOrDefault(file => file.Path == path)?.Sha256 ?? "missing";
    }

    private static ModelManifest ManifestOf(IEnumerable<ModelFile> files) => new() { Files = [.. files.OrderBy(file => file.Path, StringComparer.Ordinal)] };

    /// <returns>The path below a folder; for the path itself its name; null for what lies elsewhere.</returns>
    private static string? RelativeTo(ArtifactPath under, ArtifactPath path) =>
        path == under ? NameOf(path)
        : path.Value.StartsWith(under.Value, StringComparison.Ordinal) && path.Value[under.Value.Length] == '/' ? path.Value[(under.Value.Length + 1)..] : null;

    private static string NameOf(ArtifactPath path) => path.Value[(path.Value.LastIndexOf('/') + 1)..];

    private static (Uri Folder, ArtifactPath File) SplitFile(Uri location)
    {
        string text = location.AbsoluteUri.TrimEnd('/');
        int slash = text.LastIndexOf('/');
        return ArtifactPath.TryParse(Uri.UnescapeDataString(text[(slash + 1)..]), out ArtifactPath file) && !file.Value.Contains('/', StringComparison.Ordinal)
            ? (new Uri(text[..slash]), file)
            : throw new ArtifactNotFoundException(location, "");
    }

    [LoggerMessage(2410, LogLevel.Warning, "{Uri} was answered from the cache of this machine, with version {Version} that it last named: the registry or the place of its files is away")]
    private static partial void LogOffline(ILogger logger, ModelUri uri, int? version, Exception exception);
}
