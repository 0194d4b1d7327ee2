using Amazon.S3;
using Amazon.S3.Model;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3;

public sealed partial class S3ArtifactStore
{
    /// <inheritdoc/>
    public async ValueTask<ArtifactObject> CopyAsync(Uri location, string path, Uri toLocation, string toPath, CancellationToken cancellationToken)
    {
        string key = PlaceOf(location, path).KeyOf(path), toKey = PlaceOf(toLocation, toPath).KeyOf(toPath);
        GetObjectMetadataResponse source = await _s3.HeadAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new ArtifactNotFoundException(location, path);
        long size = source.ContentLength;
        try
        {
            string etag;
            try
            {
                // The service refuses to copy an object onto itself.
                etag = key == toKey ? source.ETag : await CopyAsync(key, source.ETag, size, toKey, cancellationToken).ConfigureAwait(false);
            }
            catch (ArtifactStoreException e) when (e.IsConflict())
            {
                // Swift compares with another ETag than it shows when the source went up in parts.
                if (await _s3.HeadAsync(key, cancellationToken).ConfigureAwait(false) is not { } still || still.ETag != source.ETag)
                    throw;
                etag = await CopyAsync(key, etag: null, size, toKey, cancellationToken).ConfigureAwait(false);
            }

            return new ArtifactObject(toPath, size) { ETag = S3Connection.ETagOf(etag) };
        }
        catch (ArtifactStoreException e) when (e.IsNotFound() && !e.IsNoSuchUpload())
        {
            throw new ArtifactNotFoundException(location, path, e.InnerException);
        }
    }

    private Task<string> CopyAsync(string key, string? etag, long size, string toKey, CancellationToken cancellationToken) => size < _s3.Options.CopyInPartsFrom
        ? CopyWholeAsync(key, etag, toKey, cancellationToken)
        : CopyInPartsAsync(key, etag, size, toKey, cancellationToken);

    private async Task<string> CopyWholeAsync(string key, string? etag, string toKey, CancellationToken cancellationToken)
    {
        var request = new CopyObjectRequest
        {
            SourceBucket = _s3.Bucket,
            SourceKey = key,
            ETagToMatch = etag,
            DestinationBucket = _s3.Bucket,
            DestinationKey = toKey,
            StorageClass = _s3.Options.StorageClass,
            ServerSideEncryptionMethod = _s3.Encryption,
            ServerSideEncryptionKeyManagementServiceKeyId = _s3.Options.KmsKeyId,
        };
        if (_s3.Options.Tags.Count > 0)
            (request.TaggingDirective, request.TagSet) = (TaggingDirective.REPLACE, _s3.Tags());
        return (await _s3.AskAsync("copy", key, s3 => s3.CopyObjectAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false)).ETag;
    }

    private async Task<string> CopyInPartsAsync(string key, string? etag, long size, string toKey, CancellationToken cancellationToken)
    {
        long partSize = Math.Max(_s3.Options.CopyPartBytes, (size / PartSizes.MaxParts) + 1);
        string[] etags = new string[(size + partSize - 1) / partSize];
        string uploadId = await _s3.InitiateAsync(toKey, putName: null, cancellationToken).ConfigureAwait(false);
        try
        {
            await Parallel.ForAsync(
                0,
                etags.Length,
                new ParallelOptions { MaxDegreeOfParallelism = _s3.Options.PartsAtOnce, CancellationToken = cancellationToken },
                async (number, stop) =>
                {
                    var request = new CopyPartRequest
                    {
                        SourceBucket = _s3.Bucket,
                        SourceKey = key,
                        ETagToMatch = etag is null ? null : [etag],
                        DestinationBucket = _s3.Bucket,
                        DestinationKey = toKey,
                        UploadId = uploadId,
                        PartNumber = number + 1,
                        FirstByte = number * partSize,
                        LastByte = Math.Min((number + 1) * partSize, size) - 1,
                    };
                    etags[number] = S3Connection.ETagOf((await _s3.AskAsync("copy", key, s3 => s3.CopyPartAsync(request, stop), stop).ConfigureAwait(false)).ETag);
                }).ConfigureAwait(false);
            return await _s3.CompleteAsync(toKey, uploadId, etags, createOnly: false, putName: null, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            await _s3.AbortQuietlyAsync(toKey, uploadId).ConfigureAwait(false);
            throw;
        }
    }
}
