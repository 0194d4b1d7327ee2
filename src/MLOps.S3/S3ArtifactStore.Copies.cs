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
            // The service refuses to copy an object onto itself.
            string etag = key == toKey ? source.ETag
                : size < _s3.Options.CopyInPartsFrom ? await CopyWholeAsync(key, source.ETag, toKey, cancellationToken).ConfigureAwait(false)
                : await CopyInPartsAsync(key, source.ETag, size, toKey, cancellationToken).ConfigureAwait(false);
            return new ArtifactObject(toPath, size) { ETag = S3Connection.ETagOf(etag) };
        }
        catch (ArtifactStoreException e) when (e.IsNotFound() && !e.IsNoSuchUpload())
        {
            throw new ArtifactNotFoundException(location, path, e.InnerException);
        }
    }

    private async Task<string> CopyWholeAsync(string key, string etag, string toKey, CancellationToken cancellationToken)
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

    private async Task<string> CopyInPartsAsync(string key, string etag, long size, string toKey, CancellationToken cancellationToken)
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
                        ETagToMatch = [etag],
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
