using System.Security.Cryptography;
using Amazon;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3;

/// <summary>The client of one bucket, and what every request to it has in common.</summary>
internal sealed class S3Connection : IDisposable
{
    // Names the put that wrote an object, so that a writer whose answer was lost knows its own object again.
    private const string PutName = "mlops-put";

    private readonly TimeProvider _time;
    private readonly Lazy<S3Client> _client;
    private readonly bool _isPlainHttp;
    private volatile bool _bucketWasSeen;

    public S3Connection(Uri location, S3Options options, TimeProvider time)
    {
        Bucket = location.Host;
        IsGoogle = location.Scheme == S3Place.GoogleScheme;
        Options = options.Checked(IsGoogle, nameof(options));
        _time = time;
        Endpoint = Options.Endpoint ?? (IsGoogle ? new Uri("https://storage.googleapis.com") : ConfiguredEndpoint(nameof(options)));
        bool isAws = Endpoint is null || IsAwsHost(Endpoint.Host);
        IsCompatible = (Options.Checksums ?? (isAws ? S3ChecksumMode.Standard : S3ChecksumMode.Compatible)) == S3ChecksumMode.Compatible;
        _isPlainHttp = Endpoint?.Scheme == Uri.UriSchemeHttp;
        // The client looks for its region and credentials when it is made, over the network if need be: not before somebody asks.
        _client = new(() => MakeClient(isAws));
    }

    public string Bucket { get; }

    public bool IsGoogle { get; }

    public bool IsCompatible { get; }

    public Uri? Endpoint { get; }

    public S3Options Options { get; }

    public bool KnowsConditionalWrites => Options.ConditionalWrites ?? !IsGoogle;

    /// <summary>Whether an ETag of a part is the MD5 of what was sent, by which a part is known again: not where a key of KMS encrypts it.</summary>
    public bool PartsHaveHashes => Options.KmsKeyId is null && (Options.ServerSideEncryption is not { } method || !S3Options.IsKms(method));

    public TimeSpan ClockSkew => _client.IsValueCreated ? _client.Value.ClockSkew : TimeSpan.Zero;

    public static string ETagOf(string etag) => etag.Trim('"');

    public static string Quoted(string etag) => $"\"{etag}\"";

    /// <summary>Asks the server, as often as its failures call for, and translates what it says in the end.</summary>
    /// <param name="act">What is done with the object, for messages: "write".</param>
    /// <param name="item">The object or folder, for messages.</param>
    /// <param name="ask">Sends the request.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArtifactStoreException">The server refused or did not answer; <see cref="S3Failure"/> tells which.</exception>
    public async Task<T> AskAsync<T>(string act, string item, Func<IAmazonS3, Task<T>> ask, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            T answer = await ask(_client.Value).ConfigureAwait(false);
            _bucketWasSeen = true;
            return answer;
        }
        catch (Exception exception)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw S3Failure.Of(exception, act, item, this, _time.GetUtcNow());
        }
    }

    /// <summary>Looks an object up; null when there is none.</summary>
    public async Task<GetObjectMetadataResponse?> HeadAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            return await AskAsync("find", key, s3 => s3.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = Bucket, Key = key }, cancellationToken), cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactStoreException e) when (e.IsNotFound())
        {
            // An answer to HEAD has no body to tell a missing object from a missing bucket.
            if (!_bucketWasSeen)
                _ = await AskAsync("find", key, s3 => s3.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, Prefix = key, MaxKeys = 1 }, cancellationToken), cancellationToken).ConfigureAwait(false);
            return null;
        }
    }

    public PutObjectRequest Put(string key, MemoryStream content, ReadOnlySpan<byte> bytes, string? putName)
    {
        var request = new PutObjectRequest
        {
            BucketName = Bucket,
            Key = key,
            InputStream = content,
            StorageClass = Options.StorageClass,
            ServerSideEncryptionMethod = Encryption,
            ServerSideEncryptionKeyManagementServiceKeyId = Options.KmsKeyId,
        };
        if (Options.Tags.Count > 0)
            request.TagSet = Tags();
        if (putName is not null)
            (request.Metadata[PutName], request.IfNoneMatch) = (putName, "*");
        if (IsCompatible)
            (request.UseChunkEncoding, request.DisablePayloadSigning, request.MD5Digest) = (false, !_isPlainHttp, Md5Unless(_isPlainHttp && !IsGoogle, bytes));
        return request;
    }

    public UploadPartRequest PutPart(string key, string uploadId, int number, MemoryStream content, ReadOnlySpan<byte> bytes)
    {
        var request = new UploadPartRequest { BucketName = Bucket, Key = key, UploadId = uploadId, PartNumber = number, InputStream = content, PartSize = bytes.Length };
        if (IsCompatible)
            (request.UseChunkEncoding, request.DisablePayloadSigning, request.MD5Digest) = (false, !_isPlainHttp, Md5Unless(_isPlainHttp && !IsGoogle, bytes));
        return request;
    }

    public async Task<string> InitiateAsync(string key, string? putName, CancellationToken cancellationToken)
    {
        var request = new InitiateMultipartUploadRequest
        {
            BucketName = Bucket,
            Key = key,
            StorageClass = Options.StorageClass,
            ServerSideEncryptionMethod = Encryption,
            ServerSideEncryptionKeyManagementServiceKeyId = Options.KmsKeyId,
        };
        if (Options.Tags.Count > 0)
            request.TagSet = Tags();
        if (putName is not null)
            request.Metadata[PutName] = putName;
        return (await AskAsync("write", key, s3 => s3.InitiateMultipartUploadAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false)).UploadId;
    }

    /// <summary>Makes an object of its parts.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="uploadId">The upload.</param>
    /// <param name="parts">The ETags of its parts, in order.</param>
    /// <param name="createOnly">Whether only if there is no such object.</param>
    /// <param name="putName">The name that this put began the upload with; null when another put may have begun it, or none was asked for.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The object's ETag.</returns>
    /// <exception cref="ArtifactStoreException">The server refused; with <paramref name="createOnly"/>, <see cref="S3Failure.IsConflict"/> when there is an object.</exception>
    public async Task<string> CompleteAsync(string key, string uploadId, IReadOnlyList<string> parts, bool createOnly, string? putName, CancellationToken cancellationToken)
    {
        var request = new CompleteMultipartUploadRequest { BucketName = Bucket, Key = key, UploadId = uploadId, IfNoneMatch = createOnly ? "*" : null };
        request.PartETags = [.. parts.Select((etag, i) => new PartETag(i + 1, Quoted(etag)))];
        try
        {
            return ETagOf((await AskAsync("write", key, s3 => s3.CompleteMultipartUploadAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false)).ETag);
        }
        catch (ArtifactStoreException e) when (e.IsNoSuchUpload() || (createOnly && e.IsConflict()))
        {
            // When the first answer was lost, the SDK's second request finds the upload ended, by itself.
            if (await HeadAsync(key, cancellationToken).ConfigureAwait(false) is { } found && ETagOf(found.ETag) == ETagOfParts(parts) && (putName is null || found.Metadata[PutName] == putName))
                return ETagOf(found.ETag);
            throw;
        }
    }

    /// <summary>Ends an unfinished upload and frees its parts. One that has ended is no error.</summary>
    public async Task AbortAsync(string key, string uploadId, CancellationToken cancellationToken)
    {
        try
        {
            await AskAsync(
                "clean up the unfinished upload of",
                key,
                s3 => s3.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = Bucket, Key = key, UploadId = uploadId }, cancellationToken),
                cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactStoreException e) when (e.IsNotFound())
        {
        }
    }

    /// <summary>Ends an unfinished upload after a failure that is on its way to the caller and says more than one of this.</summary>
    public async Task AbortQuietlyAsync(string key, string uploadId)
    {
        try
        {
            await AbortAsync(key, uploadId, CancellationToken.None).ConfigureAwait(false);
        }
        catch (ArtifactStoreException)
        {
            // The bucket's lifecycle rule removes the parts.
        }
    }

    /// <summary>The unfinished uploads whose keys begin with a text.</summary>
    public async IAsyncEnumerable<MultipartUpload> UnfinishedAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var request = new ListMultipartUploadsRequest { BucketName = Bucket, Prefix = prefix };
        ListMultipartUploadsResponse page;
        do
        {
            page = await AskAsync("list the unfinished uploads of", prefix, s3 => s3.ListMultipartUploadsAsync(request, cancellationToken), cancellationToken).ConfigureAwait(false);
            foreach (MultipartUpload upload in page.MultipartUploads ?? [])
                yield return upload;
            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
        while (page.IsTruncated == true);
    }

    public static bool IsOf(GetObjectMetadataResponse found, string putName) => found.Metadata[PutName] == putName;

    public ServerSideEncryptionMethod? Encryption => Options.ServerSideEncryption ?? (Options.KmsKeyId is null ? null : ServerSideEncryptionMethod.AWSKMS);

    public List<Tag> Tags() => [.. Options.Tags.Select(tag => new Tag { Key = tag.Key, Value = tag.Value })];

    public async Task<Uri> LinkAsync(string key, TimeSpan validFor, CancellationToken cancellationToken)
    {
        var request = new GetPreSignedUrlRequest
        {
            BucketName = Bucket,
            Key = key,
            Verb = HttpVerb.GET,
            Protocol = _isPlainHttp ? Protocol.HTTP : Protocol.HTTPS,
        };
        return new Uri(await AskAsync("make a link to", key, Sign, cancellationToken).ConfigureAwait(false));

        Task<string> Sign(IAmazonS3 s3)
        {
            // The SDK takes its own time from it and rounds to whole seconds: this much may pass in between.
            request.Expires = (_time.GetUtcNow() + validFor + TimeSpan.FromMilliseconds(400)).UtcDateTime;
            return s3.GetPreSignedURLAsync(request);
        }
    }

    public void Dispose()
    {
        if (_client.IsValueCreated)
            _client.Value.Dispose();
    }

    private static bool IsAwsHost(string host) => host.EndsWith(".amazonaws.com", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".amazonaws.com.cn", StringComparison.OrdinalIgnoreCase);

    private static Uri? ConfiguredEndpoint(string parameterName)
    {
        string? text = Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL_S3") is { Length: > 0 } ofS3 ? ofS3 : Environment.GetEnvironmentVariable("AWS_ENDPOINT_URL");
        if (string.IsNullOrEmpty(text))
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? endpoint) && S3Options.IsServer(endpoint)
            ? endpoint
            : throw new ArgumentException("AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL is set and is no server: write an http or https URI without user, query and fragment, or unset it.", parameterName);
    }

    // A payload that is signed carries its SHA-256 already, and MD5 is the slowest of all that is done to a part.
    private static string? Md5Unless(bool isSigned, ReadOnlySpan<byte> bytes) => isSigned ? null : Md5Of(bytes);

    private static string Md5Of(ReadOnlySpan<byte> bytes)
    {
#pragma warning disable CA5351 // The protocol's own checksum against damage on the way, not a defence against attackers.
        return Convert.ToBase64String(MD5.HashData(bytes));
#pragma warning restore CA5351
    }

    private static string? ETagOfParts(IReadOnlyList<string> parts)
    {
        byte[] hashes = new byte[parts.Count * MD5.HashSizeInBytes];
        for (int i = 0; i < parts.Count; i++)
        {
            if (parts[i].Length != 2 * MD5.HashSizeInBytes || Convert.FromHexString(parts[i], hashes.AsSpan(i * MD5.HashSizeInBytes), out _, out _) != System.Buffers.OperationStatus.Done)
                return null;
        }

#pragma warning disable CA5351 // How S3 makes the ETag of an object of parts.
        return $"{Convert.ToHexStringLower(MD5.HashData(hashes))}-{parts.Count}";
#pragma warning restore CA5351
    }

    private S3Client MakeClient(bool isAws)
    {
        var config = new AmazonS3Config
        {
            RetryMode = RequestRetryMode.Standard,
            MaxErrorRetry = Options.MaxAttempts - 1,
            MaxStaleConnectionRetries = Options.MaxAttempts - 1,
            Timeout = Options.Timeout,
            RequestChecksumCalculation = IsCompatible ? RequestChecksumCalculation.WHEN_REQUIRED : RequestChecksumCalculation.WHEN_SUPPORTED,
            // Every read asks for a range, and checksums are of whole objects.
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        };
        if (Endpoint is not null)
            config.ServiceURL = Endpoint.AbsoluteUri;
        else if (Options.Region is not null)
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(Options.Region);
        if (!isAws)
            config.AuthenticationRegion = Options.Region ?? (IsGoogle ? "auto" : "us-east-1");
        else if (Endpoint is not null && Options.Region is not null)
            config.AuthenticationRegion = Options.Region;
        config.ForcePathStyle = Options.ForcePathStyle ?? Endpoint is not null;
        if (Options.Credentials is not null)
            config.DefaultAWSCredentials = Options.Credentials;
        Options.ConfigureClient?.Invoke(config);
        return new S3Client(config, sendsMd5: IsCompatible);
    }
}
