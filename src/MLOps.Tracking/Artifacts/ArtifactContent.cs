namespace MLOps.Tracking.Artifacts;

/// <summary>An object that a store has opened: what it is, and its content. Disposing it disposes the content.</summary>
/// <param name="artifact">The object; its size is the whole object's, also when a range of it was asked for.</param>
/// <param name="stream">The content, forward only.</param>
public sealed class ArtifactContent(ArtifactObject artifact, Stream stream) : IDisposable, IAsyncDisposable
{
    /// <summary>What was opened, as it was at that time.</summary>
    public ArtifactObject Artifact { get; } = artifact;

    /// <summary>The content of what was asked for.</summary>
    public Stream Stream { get; } = stream;

    /// <summary>Disposes the content.</summary>
    public void Dispose() => Stream.Dispose();

    /// <summary>Disposes the content.</summary>
    /// <returns>A task that ends when that is done.</returns>
    public ValueTask DisposeAsync() => Stream.DisposeAsync();
}
