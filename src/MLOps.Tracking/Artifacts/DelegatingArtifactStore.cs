namespace MLOps.Tracking.Artifacts;

/// <summary>An artifact store around another: each member asks the inner store, and a derived class overrides what it changes.</summary>
/// <param name="inner">The store to ask; not disposed.</param>
public abstract class DelegatingArtifactStore(IArtifactStore inner) : IArtifactStore
{
    /// <inheritdoc/>
    public virtual ArtifactStoreCapabilities Capabilities => Inner.Capabilities;

    /// <summary>The store that this one is around.</summary>
    protected IArtifactStore Inner { get; } = inner ?? throw new ArgumentNullException(nameof(inner));

    /// <inheritdoc/>
    public virtual bool Serves(Uri location) => Inner.Serves(location);

    /// <inheritdoc/>
    public virtual ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken) =>
        Inner.PutAsync(location, path, content, options, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken) =>
        Inner.OpenReadAsync(location, path, range, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken) => Inner.FindAsync(location, path, cancellationToken);

    /// <inheritdoc/>
    public virtual IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, CancellationToken cancellationToken) => Inner.ListAsync(location, prefix, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken) => Inner.DeleteAsync(location, path, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<(long Objects, long Bytes)> DeletePrefixAsync(Uri location, string prefix, CancellationToken cancellationToken) =>
        Inner.DeletePrefixAsync(location, prefix, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<ArtifactObject> CopyAsync(Uri location, string path, Uri toLocation, string toPath, CancellationToken cancellationToken) =>
        Inner.CopyAsync(location, path, toLocation, toPath, cancellationToken);

    /// <inheritdoc/>
    public virtual ValueTask<Uri> GetDownloadLinkAsync(Uri location, string path, TimeSpan validFor, CancellationToken cancellationToken) =>
        Inner.GetDownloadLinkAsync(location, path, validFor, cancellationToken);
}
