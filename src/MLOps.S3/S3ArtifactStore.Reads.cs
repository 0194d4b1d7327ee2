using System.Globalization;
using Amazon.S3.Model;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Transfers;
using S3ByteRange = Amazon.S3.Model.ByteRange;

namespace MLOps.S3;

public sealed partial class S3ArtifactStore
{
    /// <inheritdoc/>
    public async ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, Tracking.Artifacts.ByteRange range, CancellationToken cancellationToken)
    {
        S3Place place = PlaceOf(location, path);
        string key = place.KeyOf(path);
        while (true)
        {
            // The first range of any object, so that a small one takes one request.
            long asked = Math.Min(range.Length ?? long.MaxValue, _s3.Options.PartSizeBytes);
            GetObjectResponse answer;
            try
            {
                answer = await GetAsync(key, range.Offset, asked, etag: null, cancellationToken).ConfigureAwait(false);
            }
            catch (ArtifactStoreException e) when (e.IsNotFound())
            {
                throw new ArtifactNotFoundException(location, path, e.InnerException);
            }
            catch (ArtifactStoreException e) when (e.IsRangePastEnd())
            {
                GetObjectMetadataResponse found = await _s3.HeadAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new ArtifactNotFoundException(location, path, e.InnerException);
                if (range.Within(found.ContentLength) is { Begin: var begin, End: var end } && begin < end)
                    continue; // It was replaced by a longer one in between.
                return new ArtifactContent(new ArtifactObject(path, found.ContentLength) { ETag = S3Connection.ETagOf(found.ETag) }, Stream.Null);
            }

            try
            {
                return Open(place, path, range, answer);
            }
            catch
            {
                answer.Dispose();
                throw;
            }
        }
    }

    private ArtifactContent Open(S3Place place, string path, Tracking.Artifacts.ByteRange range, GetObjectResponse answer)
    {
        long size = SizeOf(answer, out bool isRange);
        if (!isRange && range.Offset > 0)
            throw new ArtifactStoreException($"The server of {place.Location} does not know ranges, which reading '{path}' from byte {range.Offset} on needs.", isTransient: false);
        (long begin, long end) = range.Within(size);
        string etag = S3Connection.ETagOf(answer.ETag), key = place.KeyOf(path);
        TimeSpan patience = TimeSpan.FromSeconds(60);
        Stream content = ContentRanges.Open(
            $"{path}' at '{place.Location}",
            begin,
            end,
            new AnswerStream(answer),
            Math.Min(answer.ContentLength, end - begin),
            async (offset, length, cancellationToken) => new AnswerStream(await GetAgainAsync(place, path, key, offset, length, etag, cancellationToken).ConfigureAwait(false)),
            _s3.Options.PartSizeBytes,
            _s3.Options.PartsAtOnce,
            _s3.Options.Timeout < patience ? _s3.Options.Timeout : patience);
        return new ArtifactContent(new ArtifactObject(path, size) { ETag = etag }, content);
    }

    private async Task<GetObjectResponse> GetAgainAsync(S3Place place, string path, string key, long offset, long length, string etag, CancellationToken cancellationToken)
    {
        try
        {
            GetObjectResponse answer = await GetAsync(key, offset, length, etag, cancellationToken).ConfigureAwait(false);
            // Not every server knows If-Match.
            if (S3Connection.ETagOf(answer.ETag) == etag)
                return answer;
            answer.Dispose();
        }
        catch (ArtifactStoreException e) when (e.IsConflict() || e.IsNotFound() || e.IsRangePastEnd())
        {
            throw Replaced(e.InnerException);
        }

        throw Replaced(cause: null);

        ArtifactStoreException Replaced(Exception? cause) =>
            new($"'{path}' at {place.Location} was replaced or deleted while it was read. Read it again.", isTransient: true, cause);
    }

    private Task<GetObjectResponse> GetAsync(string key, long offset, long length, string? etag, CancellationToken cancellationToken)
    {
        var request = new GetObjectRequest
        {
            BucketName = _s3.Bucket,
            Key = key,
            ByteRange = new S3ByteRange(offset, length > long.MaxValue - offset ? long.MaxValue : offset + length - 1),
            EtagToMatch = etag is null ? null : S3Connection.Quoted(etag),
        };
        return _s3.AskAsync("read", key, s3 => s3.GetObjectAsync(request, cancellationToken), cancellationToken);
    }

    private static long SizeOf(GetObjectResponse answer, out bool isRange)
    {
        isRange = answer.ContentRange is { Length: > 0 };
        return isRange && long.TryParse(answer.ContentRange.AsSpan(answer.ContentRange.LastIndexOf('/') + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long size)
            ? size
            : answer.ContentLength;
    }
}
