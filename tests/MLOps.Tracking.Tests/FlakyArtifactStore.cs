using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking.Tests;

/// <summary>An artifact store for <c>flaky:</c> locations that can be away.</summary>
internal sealed class FlakyArtifactStore : IArtifactStore
{
    public bool Away { get; set; }

    /// <summary>What happens while an object is being written.</summary>
    public Func<Task> DuringPut { get; set; } = () => Task.CompletedTask;

    /// <summary>What happens before an object is deleted.</summary>
    public Action BeforeDelete { get; set; } = () => { };

    public ConcurrentDictionary<string, byte[]> Objects { get; } = new(StringComparer.Ordinal);

    public bool Serves(Uri location) => location.Scheme == "flaky";

    public async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        using var bytes = new MemoryStream();
        await content.CopyToAsync(bytes, cancellationToken);
        await DuringPut();
        Objects[$"{location}/{path}"] = bytes.ToArray();
        return new ArtifactObject(path, bytes.Length);
    }

    public async ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        ArtifactObject found = await FindAsync(location, path, cancellationToken) ?? throw new ArtifactNotFoundException(location, path);
        (long begin, long end) = range.Within(found.SizeBytes);
        return new ArtifactContent(found, new MemoryStream(Objects[$"{location}/{path}"][(int)begin..(int)end]));
    }

    public ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        return ValueTask.FromResult<ArtifactObject?>(Objects.TryGetValue($"{location}/{path}", out byte[]? bytes) ? new ArtifactObject(path, bytes.Length) : null);
    }

    public async IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ThrowIfAway();
        await Task.CompletedTask;
        foreach ((string name, byte[] bytes) in Objects)
        {
            if (name.StartsWith($"{location}/{prefix}", StringComparison.Ordinal))
                yield return new ArtifactObject(name[(location.ToString().Length + 1)..], bytes.Length);
        }
    }

    public ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        ThrowIfAway();
        BeforeDelete();
        return ValueTask.FromResult(Objects.TryRemove($"{location}/{path}", out _));
    }

    private void ThrowIfAway()
    {
        if (Away)
            throw new ArtifactStoreException("away", isTransient: true);
    }
}
