using System.Runtime.CompilerServices;
using Amazon.S3.Model;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3;

/// <summary>Keeps artifacts in a bucket of S3, of a server that speaks its protocol, or of Google Cloud Storage: locations are <c>s3://bucket/prefix</c> and <c>gs://bucket/prefix</c>.</summary>
/// <remarks>
/// Safe for use from any thread and from several processes at once; disposing it ends its connections and is for when nobody uses it any more.
/// An object's key is the location's path, URL-decoded once, a slash and the artifact's path, so that any other tool finds it. Objects beyond one part go up in parts and appear when the last is there;
/// what a killed process left of them is removed by the bucket's lifecycle rule for unfinished uploads. A store serves one bucket; put several side by side.
/// <para>Google Cloud Storage is spoken to at its interoperability endpoint with HMAC keys. That is written from documentation, not run.</para>
/// </remarks>
public sealed partial class S3ArtifactStore : IArtifactStore, IDisposable
{
    private readonly S3Connection _s3;
    private readonly string _scheme;

    /// <summary>Makes a store of a bucket; nothing is asked of the server yet.</summary>
    /// <param name="location">A location in the bucket, with a prefix or without.</param>
    /// <param name="options">How to reach it; null takes the defaults. Copied.</param>
    /// <param name="time">The clock of download links and messages; the system's when null.</param>
    /// <exception cref="ArgumentException">The location is none of S3 or Google Cloud Storage, or an option is out of range.</exception>
    public S3ArtifactStore(Uri location, S3Options? options = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(location);
        if (!S3Place.IsLocation(location))
            throw S3Place.NoLocation(nameof(location));
        _scheme = location.Scheme;
        _s3 = new S3Connection(location, options ?? new S3Options(), time ?? TimeProvider.System);
        Capabilities = ArtifactStoreCapabilities.Copy | ArtifactStoreCapabilities.DownloadLinks
            | (_s3.KnowsConditionalWrites ? ArtifactStoreCapabilities.CreateOnly : ArtifactStoreCapabilities.None)
            | (_s3.PartsHaveHashes ? ArtifactStoreCapabilities.ResumableUploads : ArtifactStoreCapabilities.None);
    }

    /// <inheritdoc/>
    public ArtifactStoreCapabilities Capabilities { get; }

    /// <inheritdoc/>
    public bool Serves(Uri location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return S3Place.IsLocation(location) && location.Scheme == _scheme && location.Host == _s3.Bucket;
    }

    /// <inheritdoc/>
    public async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        S3Place place = PlaceOf(location, path);
        if (options.CreateOnly && !_s3.KnowsConditionalWrites)
            throw new NotSupportedException($"{nameof(S3ArtifactStore)} lacks the capability {nameof(ArtifactStoreCapabilities)}.{nameof(ArtifactStoreCapabilities.CreateOnly)} here. Ask Capabilities before, or use a store that has it.");
        return await new S3Upload(_s3, place, path, options).RunAsync(content, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        GetObjectMetadataResponse? found = await _s3.HeadAsync(PlaceOf(location, path).KeyOf(path), cancellationToken).ConfigureAwait(false);
        return found is null ? null : new ArtifactObject(path, found.ContentLength) { ETag = S3Connection.ETagOf(found.ETag) };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        S3Place place = FolderOf(location, prefix);
        await foreach (IReadOnlyList<S3Object> page in PagesAsync(place.FolderOf(prefix), cancellationToken).ConfigureAwait(false))
        {
            foreach (S3Object item in page)
            {
                // Consoles mark a folder by an empty object of that name.
                if (!item.Key.EndsWith('/'))
                    yield return new ArtifactObject(place.PathOf(item.Key), item.Size ?? 0) { ETag = S3Connection.ETagOf(item.ETag) };
            }
        }
    }

    /// <summary>Makes a link as <see cref="IArtifactStore.GetDownloadLinkAsync"/> says, signed with the store's credentials; nothing is asked of the server. With temporary credentials it ends when they do.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="validFor">How long the link works, 1 second to 7 days.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The link. Whoever sees it can use it: keep it out of logs.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="validFor"/> is out of range.</exception>
    /// <exception cref="ArtifactStoreException">There are no credentials.</exception>
    public async ValueTask<Uri> GetDownloadLinkAsync(Uri location, string path, TimeSpan validFor, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(validFor, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validFor, TimeSpan.FromDays(7));
        return await _s3.LinkAsync(PlaceOf(location, path).KeyOf(path), validFor, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Ends the connections.</summary>
    public void Dispose() => _s3.Dispose();

    private S3Place PlaceOf(Uri location, string path)
    {
        S3Place place = PlaceOf(location);
        ArtifactPath.CheckObjectPath(path);
        return place;
    }

    private S3Place PlaceOf(Uri location) => Serves(location)
        ? S3Place.Of(location)
        : throw new ArgumentException($"'{location.Scheme}://{location.Host}' is not served here. This store serves {_scheme}://{_s3.Bucket} without user, port, query and fragment.", nameof(location));

    private S3Place FolderOf(Uri location, string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        S3Place place = PlaceOf(location);
        if (prefix.Length > 0)
            ArtifactPath.CheckObjectPath(prefix, nameof(prefix));
        return place;
    }

    private async IAsyncEnumerable<IReadOnlyList<S3Object>> PagesAsync(string folder, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListObjectsV2Request { BucketName = _s3.Bucket, Prefix = folder, MaxKeys = _s3.Options.NamesAtOnce };
        ListObjectsV2Response page;
        do
        {
            page = await _s3.AskAsync("list", folder, s3 => s3.ListObjectsV2Async(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            yield return page.S3Objects ?? [];
            request.ContinuationToken = page.NextContinuationToken;
        }
        while (page.IsTruncated == true);
    }
}
