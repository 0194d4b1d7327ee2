using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using MLOps.S3;
using MLOps.Tracking.Artifacts;
using S3ByteRange = Amazon.S3.Model.ByteRange;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>A bucket on a server that is not Amazon's: plain bodies and no checksums, as the compatible mode of our store without its Content-MD5.</summary>
internal sealed class ArtifactsS3Client : IArtifactsClient
{
    public const string Bucket = "bench";
    private readonly AmazonS3Client _s3;
    private readonly S3ArtifactStore _store;

    public ArtifactsS3Client(Uri endpoint, string accessKey, string secretKey)
    {
        Arguments = ["s3", endpoint.AbsoluteUri, accessKey, secretKey];
        BasicAWSCredentials credentials = new(accessKey, secretKey);
        _s3 = new AmazonS3Client(credentials, new AmazonS3Config
        {
            ServiceURL = endpoint.AbsoluteUri,
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
        _store = new S3ArtifactStore(LocationOf(""), new S3Options
        {
            Endpoint = endpoint,
            Credentials = credentials,
            PartSizeBytes = IArtifactsClient.PartSize,
            PartsAtOnce = IArtifactsClient.PartsAtOnce,
        });
    }

    public IReadOnlyList<string> Arguments { get; }

    public IArtifactStore Store => _store;

    public Uri LocationOf(string name) => new($"s3://{Bucket}/{name}");

    public Task CreateBucketAsync() => _s3.PutBucketAsync(new PutBucketRequest { BucketName = Bucket });

    public async Task UploadAsync(string key, string file)
    {
        string id = (await _s3.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = Bucket, Key = key })).UploadId;
        PartETag[] parts = await ArtifactsParts.SendAsync(file, async (part, content) =>
        {
            UploadPartResponse sent = await _s3.UploadPartAsync(new UploadPartRequest
            {
                BucketName = Bucket,
                Key = key,
                UploadId = id,
                PartNumber = part + 1,
                PartSize = content.Length,
                InputStream = content,
                UseChunkEncoding = false,
            });
            return new PartETag(part + 1, sent.ETag);
        });
        await _s3.CompleteMultipartUploadAsync(new CompleteMultipartUploadRequest { BucketName = Bucket, Key = key, UploadId = id, PartETags = [.. parts] });
    }

    public async Task DownloadAsync(string key, string file)
    {
        long size = (await _s3.GetObjectMetadataAsync(Bucket, key)).ContentLength;
        await ArtifactsParts.GetAsync(file, size, async (offset, length) =>
        {
            GetObjectResponse answer = await _s3.GetObjectAsync(new GetObjectRequest { BucketName = Bucket, Key = key, ByteRange = new S3ByteRange(offset, offset + length - 1) });
            return (answer.ResponseStream, answer);
        });
    }

    public async Task PutAsync(string key, string file)
    {
        await using FileStream content = File.OpenRead(file);
        await _s3.PutObjectAsync(new PutObjectRequest { BucketName = Bucket, Key = key, InputStream = content, UseChunkEncoding = false });
    }

    public async Task GetAsync(string key, string file)
    {
        using GetObjectResponse answer = await _s3.GetObjectAsync(Bucket, key);
        await using FileStream target = new(file, FileMode.Create, FileAccess.Write, FileShare.None);
        await answer.ResponseStream.CopyToAsync(target);
    }

    public void Dispose()
    {
        _store.Dispose();
        _s3.Dispose();
    }
}
