using System.Runtime.CompilerServices;
using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Artifacts;

/// <summary>Keeps what lies at the locations that this server serves below one place of another store, so that tracker, registry and upkeep reach it in this process without a request to it.</summary>
/// <param name="inner">The store of the destination; not disposed.</param>
/// <param name="destination">The place that stands for the root of all locations.</param>
internal sealed class ProxyArtifactStore(IArtifactStore inner, Uri destination) : IArtifactStore
{
    private readonly string _destination = destination.AbsoluteUri.TrimEnd('/');

    public ArtifactStoreCapabilities Capabilities => inner.Capabilities;

    public bool Serves(Uri location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return ProxyLocation.Is(location);
    }

    public async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await inner.PutAsync(PlaceOf(location), path, content, options, cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactExistsException exists)
        {
            throw new ArtifactExistsException(location, exists.Path, exists);
        }
    }

    public async ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        try
        {
            return await inner.OpenReadAsync(PlaceOf(location), path, range, cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactNotFoundException missing)
        {
            throw new ArtifactNotFoundException(location, missing.Path, missing);
        }
    }

    public ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken) => inner.FindAsync(PlaceOf(location), path, cancellationToken);

    public async IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (ArtifactObject item in inner.ListAsync(PlaceOf(location), prefix, cancellationToken).ConfigureAwait(false))
            yield return item;
    }

    public ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken) => inner.DeleteAsync(PlaceOf(location), path, cancellationToken);

    public ValueTask<(long Objects, long Bytes)> DeletePrefixAsync(Uri location, string prefix, CancellationToken cancellationToken) =>
        inner.DeletePrefixAsync(PlaceOf(location), prefix, cancellationToken);

    public async ValueTask<ArtifactObject> CopyAsync(Uri location, string path, Uri toLocation, string toPath, CancellationToken cancellationToken)
    {
        try
        {
            return await inner.CopyAsync(PlaceOf(location), path, PlaceOf(toLocation), toPath, cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactNotFoundException missing)
        {
            throw new ArtifactNotFoundException(location, missing.Path, missing);
        }
    }

    public ValueTask<Uri> GetDownloadLinkAsync(Uri location, string path, TimeSpan validFor, CancellationToken cancellationToken) =>
        inner.GetDownloadLinkAsync(PlaceOf(location), path, validFor, cancellationToken);

    private Uri PlaceOf(Uri location)
    {
        string folder = ProxyLocation.FolderOf(location);
        return folder.Length == 0 ? destination : new Uri($"{_destination}/{ProxyLocation.Escape(folder)}");
    }
}
