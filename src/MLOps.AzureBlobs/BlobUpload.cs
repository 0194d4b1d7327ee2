using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Transfers;

namespace MLOps.AzureBlobs;

/// <summary>One object on its way up: content of one part by one request, else by blocks that become the object with the last request.</summary>
/// <remarks>
/// A cut or cancelled upload leaves blocks that nobody sees and the service removes a week later. They are not removed here: that takes an object of the final name, if only for a moment,
/// and takes the blocks of others that write to it now.
/// </remarks>
internal sealed class BlobUpload(BlobRequests requests, BlockBlobClient blob, Uri location, string path, AccessTier? tier, ArtifactPutOptions options)
{
    private const string MarkName = "mlops_put";
    private readonly ConcurrentDictionary<int, string> _ids = new();

    // Told apart by this, an object that our own first try has created is no conflict when its answer was lost and the SDK asks again.
    private readonly Dictionary<string, string>? _mark = options.CreateOnly ? new(StringComparer.Ordinal) { [MarkName] = Guid.NewGuid().ToString("N") } : null;
    private readonly string _act = $"write '{path}' at {location}";
    private Task<Dictionary<string, long>>? _begun;
    private ETag? _written;

    private BlobRequestConditions? Conditions => options.CreateOnly ? new() { IfNoneMatch = ETag.All } : null;

    /// <summary>Sends a part.</summary>
    public Task SendAsync(ContentPart part, CancellationToken cancellationToken) => part is { Number: 0, IsLast: true } ? PutAsync(part, cancellationToken) : StageAsync(part, cancellationToken);

    /// <summary>Makes the parts the object, unless that is done.</summary>
    public async Task<ETag> FinishAsync(CancellationToken cancellationToken)
    {
        if (_written is null)
        {
            string[] ids = [.. Enumerable.Range(0, _ids.Count).Select(number => _ids[number])];
            CommitBlockListOptions commit = new() { Conditions = Conditions, Metadata = _mark, AccessTier = tier };
            await WriteAsync(async () => (await blob.CommitBlockListAsync(ids, commit, cancellationToken).ConfigureAwait(false)).Value.ETag, cancellationToken).ConfigureAwait(false);
        }

        return _written!.Value;
    }

    private static MemoryStream StreamOf(ReadOnlyMemory<byte> bytes) => MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment)
        ? new(segment.Array!, segment.Offset, segment.Count, writable: false)
        : new(bytes.ToArray(), writable: false);

    private async Task PutAsync(ContentPart part, CancellationToken cancellationToken)
    {
        // No checksum of the transfer beside that of TLS: the SHA-256 of the manifest covers the way here and back. ConfigureClient can set one.
        BlobUploadOptions put = new()
        {
            Conditions = Conditions,
            Metadata = _mark,
            AccessTier = tier,
            // Content that is shorter than this goes by one request; what is as long would go as blocks.
            TransferOptions = new StorageTransferOptions { InitialTransferSize = part.Bytes.Length + 1L, MaximumConcurrency = 1 },
        };
        using MemoryStream body = StreamOf(part.Bytes);
        await WriteAsync(async () => (await blob.UploadAsync(body, put, cancellationToken).ConfigureAwait(false)).Value.ETag, cancellationToken).ConfigureAwait(false);
    }

    private async Task StageAsync(ContentPart part, CancellationToken cancellationToken)
    {
        // The first part comes first and alone to here.
        Task<Dictionary<string, long>> begun = _begun ??= BeginAsync(cancellationToken);
        if (part.Number >= PartSizes.MostParts)
            throw new ArtifactStoreException($"Could not {_act}: it has more than {PartSizes.MostParts} parts, which is what the service takes. Raise AzureBlobOptions.PartSizeBytes.", isTransient: false);
        Dictionary<string, long> there = await begun.ConfigureAwait(false);
        await Task.Yield();
        string id = BlockId.Of(part.Number, part.Bytes.Span);
        _ids[part.Number] = id;
        if (there.TryGetValue(id, out long size) && size == part.Bytes.Length)
            return;
        using MemoryStream body = StreamOf(part.Bytes);
        await requests.AskAsync(_act, () => blob.StageBlockAsync(id, body, options: null, cancellationToken), judge: null, cancellationToken).ConfigureAwait(false);
    }

    /// <returns>The blocks that an earlier upload has left, with their sizes.</returns>
    private async Task<Dictionary<string, long>> BeginAsync(CancellationToken cancellationToken)
    {
        // Before all is sent in vain.
        if (options.CreateOnly && await FindAsync(cancellationToken).ConfigureAwait(false) is not null)
            throw new ArtifactExistsException(location, path);
        if (!options.Resume)
            return [];
        BlockList? list = await requests.AskAsync(
            _act,
            async () =>
            {
                try
                {
                    return (await blob.GetBlockListAsync(BlockListTypes.Uncommitted, snapshot: null, conditions: null, cancellationToken).ConfigureAwait(false)).Value;
                }
                catch (RequestFailedException e) when (BlobRequests.IsBlobMissing(e))
                {
                    return null;
                }
            },
            judge: null,
            cancellationToken).ConfigureAwait(false);
        Dictionary<string, long> blocks = new(StringComparer.Ordinal);
        foreach (BlobBlock block in list?.UncommittedBlocks ?? [])
            blocks[block.Name] = block.SizeLong;
        return blocks;
    }

    private async Task WriteAsync(Func<Task<ETag>> write, CancellationToken cancellationToken)
    {
        bool isConflict = false;
        try
        {
            _written = await requests.AskAsync(
                _act,
                write,
                refusal =>
                {
                    // One that was created in between takes the blocks of this one with it.
                    isConflict = options.CreateOnly && (refusal.ErrorCode == BlobErrorCode.BlobAlreadyExists || refusal.ErrorCode == BlobErrorCode.ConditionNotMet || refusal.ErrorCode == BlobErrorCode.InvalidBlockList);
                    return null;
                },
                cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactStoreException e) when (isConflict)
        {
            BlobProperties? there = await FindAsync(cancellationToken).ConfigureAwait(false);
            if (there is not null && there.Metadata.TryGetValue(MarkName, out string? mark) && mark == _mark![MarkName])
                _written = there.ETag;
            else if (there is not null || e.InnerException is RequestFailedException { Status: 409 })
                throw new ArtifactExistsException(location, path, e.InnerException);
            else
                throw;
        }
    }

    private Task<BlobProperties?> FindAsync(CancellationToken cancellationToken) => requests.FindAsync(blob, _act, cancellationToken);
}
