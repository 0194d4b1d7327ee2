using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3;

public sealed partial class S3ArtifactStore
{
    private volatile bool _deletesOneByOne;

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken) =>
        await DeleteKeyAsync(PlaceOf(location, path).KeyOf(path), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<(long Objects, long Bytes)> DeletePrefixAsync(Uri location, string prefix, CancellationToken cancellationToken)
    {
        string folder = FolderOf(location, prefix).FolderOf(prefix);
        (long objects, long bytes) = (0, 0);
        await foreach (IReadOnlyList<S3Object> page in PagesAsync(folder, cancellationToken).ConfigureAwait(false))
        {
            if (page.Count > 0)
                await DeleteAsync(folder, page, cancellationToken).ConfigureAwait(false);
            (objects, bytes) = (objects + page.Count, bytes + page.Sum(item => item.Size ?? 0));
        }

        try
        {
            List<MultipartUpload> unfinished = [];
            await foreach (MultipartUpload upload in _s3.UnfinishedAsync(folder, cancellationToken).ConfigureAwait(false))
                unfinished.Add(upload);
            foreach (MultipartUpload upload in unfinished)
                await _s3.AbortAsync(upload.Key, upload.UploadId, cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactStoreException e) when (e.IsUnknownRequest())
        {
            // A server without a list of them has none that could be ended.
        }

        return (objects, bytes);
    }

    private async Task DeleteAsync(string folder, IReadOnlyList<S3Object> items, CancellationToken cancellationToken)
    {
        if (!_s3.IsGoogle && !_deletesOneByOne)
        {
            var request = new DeleteObjectsRequest { BucketName = _s3.Bucket, Quiet = true, Objects = [.. items.Select(item => new KeyVersion { Key = item.Key })] };
            try
            {
                _ = await _s3.AskAsync("delete", folder, s3 => DeleteManyAsync(s3, request, cancellationToken), cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (ArtifactStoreException e) when (e.IsUnknownRequest() || e.InnerException is AmazonS3Exception { StatusCode: HttpStatusCode.BadRequest, ErrorCode: "InvalidRequest" or "InvalidArgument" or "InvalidDigest" or "MissingContentMD5" or "MalformedXML" })
            {
                _deletesOneByOne = true;
            }
        }

        await Parallel.ForEachAsync(
            items,
            new ParallelOptions { MaxDegreeOfParallelism = _s3.Options.PartsAtOnce, CancellationToken = cancellationToken },
            async (item, stop) => await DeleteKeyAsync(item.Key, stop).ConfigureAwait(false)).ConfigureAwait(false);
    }

    // One that the server refuses is an error in the answer, which the SDK raises without its status.
    private static async Task<DeleteObjectsResponse> DeleteManyAsync(IAmazonS3 s3, DeleteObjectsRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await s3.DeleteObjectsAsync(request, cancellationToken).ConfigureAwait(false);
        }
        catch (DeleteObjectsException e) when (e.Response.DeleteErrors is [DeleteError first, ..])
        {
            HttpStatusCode status = first.Code switch
            {
                "AccessDenied" => HttpStatusCode.Forbidden,
                "InternalError" => HttpStatusCode.InternalServerError,
                "SlowDown" or "ServiceUnavailable" => HttpStatusCode.ServiceUnavailable,
                _ => HttpStatusCode.BadRequest,
            };
            throw new AmazonS3Exception($"{first.Message} ({e.Response.DeleteErrors.Count} were not deleted, the first is '{first.Key}')", e, Amazon.Runtime.ErrorType.Unknown, first.Code, "", status);
        }
    }

    private async Task<bool> DeleteKeyAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            // Most servers answer alike whether there was one or not.
            _ = await _s3.AskAsync("delete", key, s3 => s3.DeleteObjectAsync(new DeleteObjectRequest { BucketName = _s3.Bucket, Key = key }, cancellationToken), cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (ArtifactStoreException e) when (e.IsNotFound())
        {
            return false;
        }
    }
}
