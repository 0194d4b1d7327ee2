using System.Collections.Concurrent;
using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking.Tests.Artifacts.Encryption;

/// <summary>Writes down what an inner store is asked for.</summary>
internal sealed class WatchedStore(IArtifactStore inner) : DelegatingArtifactStore(inner)
{
    public ConcurrentQueue<ByteRange> Reads { get; } = new();

    public ConcurrentQueue<ArtifactPutOptions> Puts { get; } = new();

    public Func<Task> BeforeRead { get; set; } = () => Task.CompletedTask;

    /// <summary>What a put reads of its content, and how: null hands it on.</summary>
    public Func<Stream, byte[]>? Drain { get; set; }

    public override async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
    {
        Puts.Enqueue(options);
        if (Drain is null)
            return await base.PutAsync(location, path, content, options, cancellationToken);
        await using MemoryStream drained = new(Drain(content));
        return await base.PutAsync(location, path, drained, options, cancellationToken);
    }

    public override async ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        Reads.Enqueue(range);
        await BeforeRead();
        return await base.OpenReadAsync(location, path, range, cancellationToken);
    }
}
