using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using MLOps.Tracking.Artifacts;

namespace Snippets;

// <own-store>
/// <summary>Keeps artifacts in the memory of this process, at <c>memory://name/path</c>: the shortest store there is.</summary>
public sealed class MemoryArtifactStore : IArtifactStore
{
    private readonly ConcurrentDictionary<string, (byte[] Bytes, string ETag)> _objects = new(StringComparer.Ordinal);

    public ArtifactStoreCapabilities Capabilities => ArtifactStoreCapabilities.CreateOnly;

    public bool Serves(Uri location) => location is { IsAbsoluteUri: true, Scheme: "memory", Query: "", Fragment: "" };

    public async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
    {
        string key = KeyOf(location, path);
        using MemoryStream copy = new();
        await content.CopyToAsync(copy, cancellationToken);
        (byte[], string ETag) value = (copy.ToArray(), Guid.NewGuid().ToString("N"));
        if (!options.CreateOnly)
            _objects[key] = value;
        else if (!_objects.TryAdd(key, value))
            throw new ArtifactExistsException(location, path);
        return new ArtifactObject(path, copy.Length) { ETag = value.ETag };
    }

    public ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!_objects.TryGetValue(KeyOf(location, path), out (byte[] Bytes, string ETag) found))
            throw new ArtifactNotFoundException(location, path);
        (long begin, long end) = range.Within(found.Bytes.Length);
        MemoryStream content = new(found.Bytes, (int)begin, (int)(end - begin), writable: false);
        return new(new ArtifactContent(new ArtifactObject(path, found.Bytes.Length) { ETag = found.ETag }, content));
    }

    public ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(_objects.TryGetValue(KeyOf(location, path), out (byte[] Bytes, string ETag) found) ? new ArtifactObject(path, found.Bytes.Length) { ETag = found.ETag } : null);
    }

    public async IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string root = RootOf(location), folder = prefix.Length == 0 ? root : KeyOf(location, prefix) + "/";
        await Task.CompletedTask;
        foreach ((string key, (byte[] bytes, string etag)) in _objects)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (key.StartsWith(folder, StringComparison.Ordinal))
                yield return new ArtifactObject(key[root.Length..], bytes.Length) { ETag = etag };
        }
    }

    public ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(_objects.TryRemove(KeyOf(location, path), out _));
    }

    private static string KeyOf(Uri location, string path)
    {
        string root = RootOf(location);
        ArtifactPath.CheckObjectPath(path);
        return root + path;
    }

    private static string RootOf(Uri location) => location.Scheme == "memory"
        ? $"{location.Host}{location.AbsolutePath.TrimEnd('/')}/"
        : throw new ArgumentException($"'{location}' is no memory: location.", nameof(location));
}
// </own-store>
