using System.Globalization;
using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Transfers;

namespace MLOps.AzureBlobs;

/// <summary>Keeps artifacts as block blobs in one account of Azure Blob Storage.</summary>
/// <remarks>
/// <para>
/// Locations are <c>wasbs://container@account.blob.core.windows.net/prefix</c>, <c>abfss://container@account.dfs.core.windows.net/prefix</c>, <c>https://account.blob.core.windows.net/container/prefix</c> and, for an emulator,
/// <c>http://127.0.0.1:10000/account/container/prefix</c>; the suffixes of other clouds are as good. All forms of one account and container name the same place. The container must exist.
/// </para>
/// <para>
/// Safe for use from any thread and from several processes at once. Content of more than one part goes up as blocks and appears with the last request; of two writers of one name the first to finish wins, and the other
/// gets a transient <see cref="ArtifactStoreException"/>. Requests are repeated as the Azure SDK does it (<see cref="AzureBlobOptions.ConfigureClient"/>). Blocks of an upload that was cut or cancelled are removed by the
/// service a week later, or by <see cref="DeletePrefixAsync"/>.
/// </para>
/// </remarks>
public sealed partial class AzureBlobArtifactStore : IArtifactStore
{
    private const int DeletesAtOnce = 16;
    private readonly BlobAccount _account;
    private readonly BlobRequests _requests;
    private readonly AccessTier? _tier;
    private readonly int _partSize;
    private readonly int _partsAtOnce;
    private readonly TimeProvider _time;

    /// <summary>Makes a store; nothing is asked yet.</summary>
    /// <param name="location">A location in the account, with a container. All of the account is served.</param>
    /// <param name="options">How to authenticate and what else is to differ from the defaults; null takes the connection string of the environment variable <c>AZURE_STORAGE_CONNECTION_STRING</c>.</param>
    /// <param name="time">The clock of the links' ends; the system's when null.</param>
    /// <exception cref="ArgumentException">The location is none of Azure Blob Storage, or an option is wrong, or nothing says how to authenticate.</exception>
    public AzureBlobArtifactStore(Uri location, AzureBlobOptions? options = null, TimeProvider? time = null)
    {
        options ??= new();
        _time = time ?? TimeProvider.System;
        _account = new(BlobPlace.Of(location), options, _time);
        _requests = new(_account, _time);
        (_tier, _partSize, _partsAtOnce) = (options.AccessTier, options.PartSizeBytes, options.PartsAtOnce);
    }

    /// <summary>What this store can do: all, but links when it has only a SAS.</summary>
    public ArtifactStoreCapabilities Capabilities =>
        ArtifactStoreCapabilities.CreateOnly | ArtifactStoreCapabilities.Copy | ArtifactStoreCapabilities.ResumableUploads | (_account.CanLink ? ArtifactStoreCapabilities.DownloadLinks : ArtifactStoreCapabilities.None);

    /// <inheritdoc/>
    public bool Serves(Uri location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return BlobPlace.TryParse(location, out BlobPlace? place) && _account.Accounts.Contains(place.Account);
    }

    /// <inheritdoc/>
    public async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        (BlobContainerClient container, string name) = Resolve(location, path);
        cancellationToken.ThrowIfCancellationRequested();
        BlobUpload upload = new(_requests, container.GetBlockBlobClient(name), location, path, _tier, options);
        long size = await ContentParts.ForEachAsync(content, PartSizes.For(options.SizeBytes, _partSize), _partsAtOnce, options.SizeBytes, upload.SendAsync, cancellationToken).ConfigureAwait(false);
        return new ArtifactObject(path, size) { ETag = Text(await upload.FinishAsync(cancellationToken).ConfigureAwait(false)) };
    }

    /// <inheritdoc/>
    public async ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        (BlobContainerClient container, string name) = Resolve(location, path);
        cancellationToken.ThrowIfCancellationRequested();
        BlobClient blob = container.GetBlobClient(name);
        string act = $"read '{path}' at {location}";
        bool isPastEnd = false;
        BlobDownloadStreamingResult? first = await _requests.AskAsync(
            act,
            async () =>
            {
                try
                {
                    return await DownloadAsync(blob, range.Offset, Math.Min(range.Length ?? long.MaxValue, _partSize), pinned: null, cancellationToken).ConfigureAwait(false);
                }
                catch (RequestFailedException e) when (e.Status == 416)
                {
                    isPastEnd = true;
                    return null;
                }
            },
            refusal => BlobRequests.IsBlobMissing(refusal) ? new ArtifactNotFoundException(location, path, refusal) : null,
            cancellationToken).ConfigureAwait(false);
        if (isPastEnd)
            return await OpenAtEndAsync(blob, location, path, range, cancellationToken).ConfigureAwait(false);
        BlobDownloadDetails details = first!.Details;
        if (IsFolder(details.Metadata))
        {
            first.Dispose();
            throw new ArtifactNotFoundException(location, path);
        }

        ETag etag = details.ETag;
        ArtifactObject found = new(path, SizeOf(details)) { ETag = Text(etag) };
        return new ArtifactContent(
            found,
            ContentRanges.Open(
                $"{path} at {location}",
                range.Offset,
                range.Within(found.SizeBytes).End,
                new BlobBody(first.Content, Judge),
                details.ContentLength,
                async (begin, length, token) =>
                {
                    BlobDownloadStreamingResult next = await _requests.AskAsync(act, () => DownloadAsync(blob, begin, length, etag, token), JudgeRefusal, token).ConfigureAwait(false);
                    return new BlobBody(next.Content, Judge);
                },
                _partSize,
                _partsAtOnce,
                time: _time));

        Exception Judge(Exception exception) => (exception is RequestFailedException refusal ? JudgeRefusal(refusal) : null) ?? _requests.FailureOf(exception, act);

        Exception? JudgeRefusal(RequestFailedException refusal) => refusal.Status is 412 or 416 || BlobRequests.IsBlobMissing(refusal) ? Replaced(act, refusal) : null;
    }

    /// <inheritdoc/>
    public async ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        (BlobContainerClient container, string name) = Resolve(location, path);
        cancellationToken.ThrowIfCancellationRequested();
        BlobProperties? found = await _requests.FindAsync(container.GetBlobClient(name), $"look up '{path}' at {location}", cancellationToken).ConfigureAwait(false);
        return found is null || IsFolder(found.Metadata) ? null : new ArtifactObject(path, found.ContentLength) { ETag = Text(found.ETag) };
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        (BlobContainerClient container, string folder) = ResolveFolder(location, prefix);
        int root = PlaceOf(location).Prefix.Length;
        await foreach (Page<BlobItem> page in PagesAsync(container, folder, BlobStates.None, $"list '{prefix}' at {location}", cancellationToken).ConfigureAwait(false))
        {
            foreach (BlobItem item in page.Values)
            {
                if (!IsFolder(item))
                    yield return new ArtifactObject(item.Name[root..], item.Properties.ContentLength ?? 0) { ETag = item.Properties.ETag is { } etag ? Text(etag) : null };
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>Snapshots go with it; versions, where the account keeps them, stay.</remarks>
    public ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        (BlobContainerClient container, string name) = Resolve(location, path);
        cancellationToken.ThrowIfCancellationRequested();
        return new(DeleteAsync(container, name, $"delete '{path}' at {location}", cancellationToken));
    }

    /// <inheritdoc/>
    /// <remarks>Where the account has a hierarchical namespace, the directories go, too. Blocks of unfinished uploads go with an empty blob of their name, which is there for a moment.</remarks>
    public async ValueTask<(long Objects, long Bytes)> DeletePrefixAsync(Uri location, string prefix, CancellationToken cancellationToken)
    {
        (BlobContainerClient container, string folder) = ResolveFolder(location, prefix);
        cancellationToken.ThrowIfCancellationRequested();
        string act = $"delete '{prefix}' at {location}";
        (long objects, long bytes) = (0, 0);
        List<string> folders = [];
        await foreach (Page<BlobItem> page in PagesAsync(container, folder, BlobStates.Uncommitted, act, cancellationToken).ConfigureAwait(false))
        {
            folders.AddRange(page.Values.Where(IsFolder).Select(item => item.Name));
            await Parallel.ForEachAsync(
                page.Values.Where(item => !IsFolder(item)),
                new ParallelOptions { MaxDegreeOfParallelism = DeletesAtOnce, CancellationToken = cancellationToken },
                async (item, token) =>
                {
                    CheckName(item.Name, act);
                    if (await DeleteAsync(container, item.Name, act, token).ConfigureAwait(false))
                    {
                        Interlocked.Increment(ref objects);
                        Interlocked.Add(ref bytes, item.Properties.ContentLength ?? 0);
                    }
                    else
                    {
                        await DiscardBlocksAsync(container.GetBlockBlobClient(item.Name), act, token).ConfigureAwait(false);
                    }
                }).ConfigureAwait(false);
        }

        if (folder.Length > 0 && await _requests.FindAsync(container.GetBlobClient(folder[..^1]), act, cancellationToken).ConfigureAwait(false) is { } own && IsFolder(own.Metadata))
            folders.Add(folder[..^1]);
        foreach (string name in folders.OrderByDescending(name => name.Length))
        {
            CheckName(name, act);
            await DeleteAsync(container, name, act, cancellationToken).ConfigureAwait(false);
        }

        return (objects, bytes);
    }

    private static async Task<BlobDownloadStreamingResult> DownloadAsync(BlobClient blob, long begin, long length, ETag? pinned, CancellationToken cancellationToken)
    {
        BlobDownloadOptions download = new() { Range = new HttpRange(begin, length), Conditions = pinned is { } etag ? new BlobRequestConditions { IfMatch = etag } : null };
        return (await blob.DownloadStreamingAsync(download, cancellationToken).ConfigureAwait(false)).Value;
    }

    private static ArtifactStoreException Replaced(string act, Exception cause) =>
        new($"Could not {act}: it was replaced or deleted meanwhile. Try again.", isTransient: true, cause);

    private static string Text(ETag etag) => etag.ToString().Trim('"');

    private static long SizeOf(BlobDownloadDetails details) => details.ContentRange is { } range && long.TryParse(range.AsSpan(range.LastIndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long size) ? size : details.ContentLength;

    /// <summary>Whether it is a directory of a hierarchical namespace, which listings show as a blob, or what other programs put for one.</summary>
    private static bool IsFolder(BlobItem item) => item.Name.EndsWith('/') || IsFolder(item.Metadata);

    private static bool IsFolder(IDictionary<string, string>? metadata) => metadata is not null && metadata.Any(pair => pair.Key.Equals("hdi_isfolder", StringComparison.OrdinalIgnoreCase) && pair.Value.Equals("true", StringComparison.OrdinalIgnoreCase));

    // A URL with such parts means another blob.
    private static void CheckName(string name, string act)
    {
        if (name.Split('/').Any(part => part is "." or ".."))
            throw new ArtifactStoreException($"Could not {act}: '{name}' has a name that no URL can say; another program put it there. Delete it with that program, and delete the rest then.", isTransient: false);
    }

    private async ValueTask<ArtifactContent> OpenAtEndAsync(BlobClient blob, Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        ArtifactObject found = await FindAsync(location, path, cancellationToken).ConfigureAwait(false) ?? throw new ArtifactNotFoundException(location, path);
        (long begin, long end) = range.Within(found.SizeBytes);
        return begin == end ? new ArtifactContent(found, Stream.Null) : throw Replaced($"read '{path}' at {location}", new InvalidOperationException($"{blob.Name} has grown while it was opened."));
    }

    private async Task<bool> DeleteAsync(BlobContainerClient container, string name, string act, CancellationToken cancellationToken) => await _requests.AskAsync(
        act,
        async () =>
        {
            try
            {
                await container.GetBlobClient(name).DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, conditions: null, cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException e) when (BlobRequests.IsBlobMissing(e) || e.ErrorCode == "DirectoryIsNotEmpty")
            {
                return false;
            }
        },
        judge: null,
        cancellationToken).ConfigureAwait(false);

    /// <summary>Removes the blocks of an unfinished upload: the only way is a blob of that name.</summary>
    private Task<bool> DiscardBlocksAsync(BlockBlobClient blob, string act, CancellationToken cancellationToken) => _requests.AskAsync(
        act,
        async () =>
        {
            try
            {
                BlobUploadOptions create = new() { Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All } };
                BlobContentInfo empty = await blob.UploadAsync(Stream.Null, create, cancellationToken).ConfigureAwait(false);
                await blob.DeleteAsync(DeleteSnapshotsOption.None, new BlobRequestConditions { IfMatch = empty.ETag }, CancellationToken.None).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 || BlobRequests.IsBlobMissing(e))
            {
                // Another writer has finished it, or put another one there.
                return false;
            }
        },
        judge: null,
        cancellationToken);

    private async IAsyncEnumerable<Page<BlobItem>> PagesAsync(BlobContainerClient container, string folder, BlobStates states, string act, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        GetBlobsOptions list = new() { Traits = BlobTraits.Metadata, States = states, Prefix = folder };
        IAsyncEnumerator<Page<BlobItem>> pages = container.GetBlobsAsync(list, cancellationToken).AsPages().GetAsyncEnumerator(cancellationToken);
        await using (pages.ConfigureAwait(false))
        {
            while (await _requests.AskAsync(act, () => pages.MoveNextAsync().AsTask(), judge: null, cancellationToken).ConfigureAwait(false))
                yield return pages.Current;
        }
    }

    private BlobPlace PlaceOf(Uri location)
    {
        BlobPlace place = BlobPlace.Of(location);
        return _account.Accounts.Contains(place.Account)
            ? place
            : throw new ArgumentException($"'{location}' is in another account; this store serves '{_account.Accounts[0].Name}'. Add the other one with AddAzureBlobArtifacts.", nameof(location));
    }

    private (BlobContainerClient Container, string Name) Resolve(Uri location, string path, string parameterName = "path")
    {
        BlobPlace place = PlaceOf(location);
        ArtifactPath.CheckObjectPath(path, parameterName);
        return (_account.Client.GetBlobContainerClient(place.Container), place.Prefix + path);
    }

    /// <returns>The beginning of the names below a folder, with its slash.</returns>
    private (BlobContainerClient Container, string Folder) ResolveFolder(Uri location, string prefix)
    {
        BlobPlace place = PlaceOf(location);
        ArgumentNullException.ThrowIfNull(prefix);
        if (prefix.Length == 0)
            return (_account.Client.GetBlobContainerClient(place.Container), place.Prefix);
        ArtifactPath.CheckObjectPath(prefix, nameof(prefix));
        return (_account.Client.GetBlobContainerClient(place.Container), $"{place.Prefix}{prefix}/");
    }
}
