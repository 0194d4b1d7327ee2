using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Amazon.S3.Model;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Transfers;

namespace MLOps.S3;

/// <summary>One object on its way up: by one request, or in parts.</summary>
internal sealed class S3Upload(S3Connection s3, S3Place place, string path, ArtifactPutOptions options)
{
    // More unfinished uploads of one name than these come from writers that fail again and again; the newest have most.
    private const int Candidates = 8;

    private readonly string _key = place.KeyOf(path);
    private readonly string? _putName = options.CreateOnly ? Guid.NewGuid().ToString("N") : null;
    private readonly ConcurrentDictionary<int, string> _etags = new();
    private Task<Unfinished>? _opening;
    private string? _etag;

    public async Task<ArtifactObject> RunAsync(Stream content, CancellationToken cancellationToken)
    {
        try
        {
            var sizes = new PartSizes(s3.Options.PartSizeBytes, options.SizeBytes);
            long size = await ContentParts.ForEachAsync(content, sizes.SizeOf, s3.Options.PartsAtOnce, options.SizeBytes, PutPartAsync, cancellationToken).ConfigureAwait(false);
            _etag ??= await CompleteAsync(cancellationToken).ConfigureAwait(false);
            return new ArtifactObject(path, size) { ETag = _etag };
        }
        catch (Exception e)
        {
            bool isKept = options.Resume && s3.PartsHaveHashes && e is ArtifactStoreException { IsTransient: true } && !cancellationToken.IsCancellationRequested;
            if (!isKept && _opening is { IsCompletedSuccessfully: true })
                await s3.AbortQuietlyAsync(_key, (await _opening.ConfigureAwait(false)).Id).ConfigureAwait(false);
            throw;
        }
    }

    private static string HashOf(ReadOnlySpan<byte> bytes)
    {
#pragma warning disable CA5351 // The ETag of a part, against which an unfinished upload is compared; the manifest's SHA-256 is what content is trusted by.
        return Convert.ToHexStringLower(MD5.HashData(bytes));
#pragma warning restore CA5351
    }

    private static MemoryStream StreamOf(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> array) ? new(array.Array!, array.Offset, array.Count, writable: false) : new(bytes.ToArray(), writable: false);

    private async Task PutPartAsync(ContentPart part, CancellationToken cancellationToken)
    {
        // Part 0 comes first, so that all others find the upload that it opens.
        if (part is { Number: 0, IsLast: false })
            _opening = OpenAsync(part, cancellationToken);
        // Hashing is the pool's work, not that of the loop that reads the content.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (_opening is null)
        {
            _etag = await PutWholeAsync(part.Bytes, cancellationToken).ConfigureAwait(false);
            return;
        }

        Unfinished upload = await _opening.ConfigureAwait(false);
        if (part.Number >= PartSizes.MaxParts)
            throw new ArtifactStoreException(string.Create(CultureInfo.InvariantCulture, $"'{path}' at {place.Location} is larger than {PartSizes.MaxParts} parts hold. Set S3Options.PartSizeBytes higher, or give the content's size beforehand."), isTransient: false);
        if (upload.Parts.TryGetValue(part.Number + 1, out PartDetail? there) && there.Size == part.Bytes.Length && S3Connection.ETagOf(there.ETag) == HashOf(part.Bytes.Span))
        {
            _etags[part.Number] = S3Connection.ETagOf(there.ETag);
            return;
        }

        using MemoryStream bytes = StreamOf(part.Bytes);
        UploadPartRequest request = s3.PutPart(_key, upload.Id, part.Number + 1, bytes, part.Bytes.Span);
        UploadPartResponse answer = await s3.AskAsync("write", _key, client => client.UploadPartAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
        _etags[part.Number] = S3Connection.ETagOf(answer.ETag);
    }

    private async Task<string> PutWholeAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        using MemoryStream bytes = StreamOf(content);
        PutObjectRequest request = s3.Put(_key, bytes, content.Span, _putName);
        try
        {
            return S3Connection.ETagOf((await s3.AskAsync("write", _key, client => client.PutObjectAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false)).ETag);
        }
        catch (ArtifactStoreException e) when (_putName is not null && e.IsConflict())
        {
            // The object may be ours: the answer to the first request was lost, and the SDK asked again.
            GetObjectMetadataResponse? found = await s3.HeadAsync(_key, cancellationToken).ConfigureAwait(false);
            if (found is null)
                throw Raced(e);
            return S3Connection.IsOf(found, _putName) ? S3Connection.ETagOf(found.ETag) : throw new ArtifactExistsException(place.Location, path, e.InnerException);
        }
    }

    private async Task<string> CompleteAsync(CancellationToken cancellationToken)
    {
        Unfinished upload = await _opening!.ConfigureAwait(false);
        string[] etags = [.. Enumerable.Range(0, _etags.Count).Select(number => _etags[number])];
        try
        {
            return await s3.CompleteAsync(_key, upload.Id, etags, options.CreateOnly, upload.IsResumed ? null : _putName, cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactStoreException e) when (options.CreateOnly && e.IsConflict())
        {
            throw await s3.HeadAsync(_key, cancellationToken).ConfigureAwait(false) is null ? Raced(e) : new ArtifactExistsException(place.Location, path, e.InnerException);
        }
    }

    private ArtifactStoreException Raced(ArtifactStoreException cause) =>
        new($"Could not create '{path}' at {place.Location}: another writer or a deletion was at it at the same moment. Try again.", isTransient: true, cause.InnerException);

    private async Task<Unfinished> OpenAsync(ContentPart first, CancellationToken cancellationToken)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        if (options.Resume && s3.PartsHaveHashes && await FindUnfinishedAsync(first, cancellationToken).ConfigureAwait(false) is { } found)
            return found;
        return new Unfinished(await s3.InitiateAsync(_key, _putName, cancellationToken).ConfigureAwait(false), new Dictionary<int, PartDetail>(), IsResumed: false);
    }

    private async Task<Unfinished?> FindUnfinishedAsync(ContentPart first, CancellationToken cancellationToken)
    {
        List<MultipartUpload> uploads = [];
        try
        {
            // What begins with this key comes in the order of keys: this key's own come first.
            await foreach (MultipartUpload upload in s3.UnfinishedAsync(_key, cancellationToken).ConfigureAwait(false))
            {
                if (upload.Key != _key)
                    break;
                uploads.Add(upload);
            }
        }
        catch (ArtifactStoreException e) when (e.IsDenied() || e.IsUnknownRequest())
        {
            // Beginning anew is always right.
            return null;
        }

        if (uploads.Count == 0)
            return null;
        string hash = HashOf(first.Bytes.Span);
        foreach (MultipartUpload upload in uploads.OrderByDescending(upload => upload.Initiated).Take(Candidates))
        {
            try
            {
                if (await FindPartsAsync(upload.UploadId, first.Bytes.Length, hash, cancellationToken).ConfigureAwait(false) is { } parts)
                    return new Unfinished(upload.UploadId, parts, IsResumed: true);
            }
            catch (ArtifactStoreException e) when (e.IsNotFound() || e.IsDenied() || e.IsUnknownRequest())
            {
                // It has ended since.
            }
        }

        return null;
    }

    /// <summary>The parts of an upload; null when the first that is there is not ours.</summary>
    private async Task<Dictionary<int, PartDetail>?> FindPartsAsync(string uploadId, int size, string hash, CancellationToken cancellationToken)
    {
        Dictionary<int, PartDetail> parts = [];
        var request = new ListPartsRequest { BucketName = s3.Bucket, Key = _key, UploadId = uploadId };
        ListPartsResponse page;
        do
        {
            page = await s3.AskAsync("list the parts of", _key, client => client.ListPartsAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (PartDetail part in page.Parts ?? [])
            {
                if (parts.Count == 0 && (part.PartNumber != 1 || part.Size != size || S3Connection.ETagOf(part.ETag) != hash))
                    return null;
                parts[part.PartNumber!.Value] = part;
            }

            request.PartNumberMarker = page.NextPartNumberMarker?.ToString(CultureInfo.InvariantCulture);
        }
        while (page.IsTruncated == true);
        return parts.Count == 0 ? null : parts;
    }

    private sealed record Unfinished(string Id, IReadOnlyDictionary<int, PartDetail> Parts, bool IsResumed);
}
