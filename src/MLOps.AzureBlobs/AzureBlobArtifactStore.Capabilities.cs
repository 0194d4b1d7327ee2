using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs;

/// <content>Copies and links.</content>
public sealed partial class AzureBlobArtifactStore
{
    private const long MostCopiedAtOnce = 256L << 20;

    /// <summary>From which size on a copy is made of blocks. Tests lower it.</summary>
    internal long CopiedAtOnce { get; init; } = MostCopiedAtOnce;

    /// <summary>How large those blocks are, unless the limit of 50,000 asks for larger ones.</summary>
    internal long CopiedBlockBytes { get; init; } = 128L << 20;

    /// <inheritdoc/>
    /// <remarks>One request up to 256 MiB, else blocks that the service reads from the source: its asynchronous copy would replace the earlier object before it is complete.</remarks>
    public async ValueTask<ArtifactObject> CopyAsync(Uri location, string path, Uri toLocation, string toPath, CancellationToken cancellationToken)
    {
        (BlobContainerClient fromContainer, string fromName) = Resolve(location, path);
        (BlobContainerClient toContainer, string toName) = Resolve(toLocation, toPath, nameof(toPath));
        cancellationToken.ThrowIfCancellationRequested();
        BlobClient from = fromContainer.GetBlobClient(fromName);
        BlockBlobClient to = toContainer.GetBlockBlobClient(toName);
        string act = $"copy '{path}' at {location} to '{toPath}' at {toLocation}";
        BlobProperties? source = await _requests.FindAsync(from, act, cancellationToken).ConfigureAwait(false);
        if (source is null || IsFolder(source.Metadata))
            throw new ArtifactNotFoundException(location, path);
        (Uri uri, HttpAuthorization? authorization) = await _requests.AskAsync(act, () => _account.AuthorizeSourceAsync(from, cancellationToken), judge: null, cancellationToken).ConfigureAwait(false);
        BlobRequestConditions pinned = new() { IfMatch = source.ETag };
        ETag copy = source.ContentLength <= CopiedAtOnce ? await CopyWholeAsync().ConfigureAwait(false) : await CopyBlocksAsync().ConfigureAwait(false);
        return new ArtifactObject(toPath, source.ContentLength) { ETag = Text(copy) };

        async Task<ETag> CopyWholeAsync()
        {
            BlobCopyFromUriOptions options = new() { SourceConditions = pinned, SourceAuthentication = authorization, AccessTier = _tier };
            BlobCopyInfo info = await _requests.AskAsync(act, async () => (await to.SyncCopyFromUriAsync(uri, options, cancellationToken).ConfigureAwait(false)).Value, Judge, cancellationToken).ConfigureAwait(false);
            return info.ETag;
        }

        async Task<ETag> CopyBlocksAsync()
        {
            long size = source.ContentLength, block = Math.Max(CopiedBlockBytes, size / PartSizes.MostParts + 1);
            string[] ids = BlockId.Unique((int)((size + block - 1) / block));
            await Parallel.ForEachAsync(
                ids.Index(),
                new ParallelOptions { MaxDegreeOfParallelism = _partsAtOnce, CancellationToken = cancellationToken },
                async (part, token) =>
                {
                    long begin = part.Index * block;
                    StageBlockFromUriOptions options = new() { SourceRange = new HttpRange(begin, Math.Min(block, size - begin)), SourceConditions = pinned, SourceAuthentication = authorization };
                    await _requests.AskAsync(act, () => to.StageBlockFromUriAsync(uri, part.Item, options, token), Judge, token).ConfigureAwait(false);
                }).ConfigureAwait(false);
            CommitBlockListOptions commit = new() { AccessTier = _tier };
            return await _requests.AskAsync(act, async () => (await to.CommitBlockListAsync(ids, commit, cancellationToken).ConfigureAwait(false)).Value.ETag, judge: null, cancellationToken).ConfigureAwait(false);
        }

        Exception? Judge(RequestFailedException refusal) => refusal.Status == 412 && refusal.ErrorCode?.StartsWith("Lease", StringComparison.Ordinal) != true ? Replaced(act, refusal) : null;
    }

    /// <inheritdoc/>
    /// <remarks>Signed here with a shared key. With a credential of Microsoft Entra ID the service gives a key for it, which takes a request an hour and the role Storage Blob Delegator.</remarks>
    public async ValueTask<Uri> GetDownloadLinkAsync(Uri location, string path, TimeSpan validFor, CancellationToken cancellationToken)
    {
        (BlobContainerClient container, string name) = Resolve(location, path);
        ArgumentOutOfRangeException.ThrowIfLessThan(validFor, TimeSpan.FromSeconds(1));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(validFor, TimeSpan.FromDays(7));
        cancellationToken.ThrowIfCancellationRequested();
        if (!_account.CanLink)
            throw new NotSupportedException($"{nameof(AzureBlobArtifactStore)} lacks the capability {nameof(ArtifactStoreCapabilities)}.{nameof(ArtifactStoreCapabilities.DownloadLinks)}, for it has only a shared access signature. Give it a key or a credential of Microsoft Entra ID.");
        return await _requests.AskAsync($"make a link to '{path}' at {location}", () => _account.LinkAsync(container.GetBlobClient(name), validFor, cancellationToken), judge: null, cancellationToken).ConfigureAwait(false);
    }
}
