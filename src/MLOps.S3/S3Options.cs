using Amazon.Runtime;
using Amazon.S3;

namespace MLOps.S3;

/// <summary>How an <see cref="S3ArtifactStore"/> reaches its bucket and what it writes there. The defaults suit AWS with the credentials of the environment. Read once, when the store is made.</summary>
public sealed class S3Options
{
    private const int MiB = 1 << 20;

    /// <summary>
    /// The server, such as <c>http://127.0.0.1:9000</c>: http or https, without query. Null, the default, is what the environment variables <c>AWS_ENDPOINT_URL_S3</c> or
    /// <c>AWS_ENDPOINT_URL</c> say, else AWS; for <c>gs</c> locations <c>https://storage.googleapis.com</c>.
    /// </summary>
    public Uri? Endpoint { get; set; }

    /// <summary>The region, such as <c>eu-central-1</c>. Null, the default, is what the SDK finds (<c>AWS_REGION</c>, the profile); <c>us-east-1</c> at another server than AWS, <c>auto</c> for <c>gs</c>.</summary>
    public string? Region { get; set; }

    /// <summary>Whether the bucket stands in the path of a request instead of its host name. Null, the default: true where there is an endpoint, false for AWS without one.</summary>
    public bool? ForcePathStyle { get; set; }

    /// <summary>Who asks. Null, the default, is the SDK's chain: environment variables, profile, web identity, container, instance. For <c>gs</c>, the access id and secret of an HMAC key.</summary>
    public AWSCredentials? Credentials { get; set; }

    /// <summary>How the server encrypts what is written. Null, the default, leaves it to the bucket. Not for <c>gs</c>.</summary>
    public ServerSideEncryptionMethod? ServerSideEncryption { get; set; }

    /// <summary>The key that encrypts with <see cref="ServerSideEncryptionMethod.AWSKMS"/>, which it implies. Null, the default, is the bucket's or the account's key. Not for <c>gs</c>.</summary>
    public string? KmsKeyId { get; set; }

    /// <summary>The storage class of what is written. Null, the default, is the bucket's.</summary>
    public S3StorageClass? StorageClass { get; set; }

    /// <summary>Tags that each written object gets, at most 10; keys up to 128 characters, values up to 256. Empty by default. Not for <c>gs</c>.</summary>
    public IDictionary<string, string> Tags { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How content is protected on its way. Null, the default: <see cref="S3ChecksumMode.Standard"/> for AWS, <see cref="S3ChecksumMode.Compatible"/> for other servers.</summary>
    public S3ChecksumMode? Checksums { get; set; }

    /// <summary>
    /// Whether the server knows <c>If-None-Match</c> on writes. Null, the default, takes it as known, and as unknown for <c>gs</c>, where true is refused.
    /// False takes <see cref="Tracking.Artifacts.ArtifactStoreCapabilities.CreateOnly"/> from the store. Set it for servers that ignore the condition: they would replace what is to be created only.
    /// </summary>
    public bool? ConditionalWrites { get; set; }

    /// <summary>
    /// The size of a part in bytes, 5 MiB to 1 GiB, default 8 MiB. Smaller objects go up and come down by one request. Parts of objects too large for 10,000 of them are larger.
    /// A transfer holds up to <see cref="PartsAtOnce"/> parts in memory.
    /// </summary>
    public int PartSizeBytes { get; set; } = 8 * MiB;

    /// <summary>How many parts of one object are on their way at once, 1 to 64. Default 4.</summary>
    public int PartsAtOnce { get; set; } = 4;

    /// <summary>How often a request is sent before its transient failure is raised, 1 to 20, with growing, random pauses between. Default 5.</summary>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>How long one attempt of a request may take until its answer begins, the sending of a part included; and, up to 60 seconds, how long a connection may give no byte of an answer. 100 milliseconds to 1 day, default 5 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Changes what this store set on the SDK's client, for what has no option here: a proxy, dual stack, FIPS. Called once, before the first request. Default null.</summary>
    public Action<AmazonS3Config>? ConfigureClient { get; set; }

    // From which size on a copy is made in parts, and how large those are; tests make both small.
    internal long CopyInPartsFrom { get; set; } = 5L << 30;

    internal long CopyPartBytes { get; set; } = 256L << 20;

    // How many names a list gives and a deletion takes at once: the service's limit; tests make it small.
    internal int NamesAtOnce { get; set; } = 1000;

    internal S3Options Checked(bool isGoogle, string parameterName)
    {
        if (Endpoint is { } endpoint && !IsServer(endpoint))
            throw new ArgumentException($"{nameof(Endpoint)} is no server: write an absolute http or https URI without user, query and fragment, such as http://127.0.0.1:9000.", parameterName);
        if (Region is { } region && string.IsNullOrWhiteSpace(region))
            throw new ArgumentException($"{nameof(Region)} is blank: write a region such as eu-central-1, or null.", parameterName);
        InRange(PartSizeBytes, 5 * MiB, 1024 * MiB, nameof(PartSizeBytes), parameterName);
        InRange(PartsAtOnce, 1, 64, nameof(PartsAtOnce), parameterName);
        InRange(MaxAttempts, 1, 20, nameof(MaxAttempts), parameterName);
        if (Timeout < TimeSpan.FromMilliseconds(100) || Timeout > TimeSpan.FromDays(1))
            throw new ArgumentException($"{nameof(Timeout)} is {Timeout}; it must be 100 milliseconds to 1 day.", parameterName);
        if (Checksums is { } checksums && !Enum.IsDefined(checksums))
            throw new ArgumentException($"{nameof(Checksums)} is {checksums}; it must be {nameof(S3ChecksumMode.Standard)}, {nameof(S3ChecksumMode.Compatible)} or null.", parameterName);
        if (KmsKeyId is { } key && string.IsNullOrWhiteSpace(key))
            throw new ArgumentException($"{nameof(KmsKeyId)} is blank: write a key id, an ARN or an alias, or null.", parameterName);
        if (KmsKeyId is not null && ServerSideEncryption is { } method && !IsKms(method))
            throw new ArgumentException($"{nameof(KmsKeyId)} needs {nameof(ServerSideEncryption)} = aws:kms; it is {method.Value}.", parameterName);
        if (Tags.Count > 10 || Tags.Any(tag => tag.Key.Length is 0 or > 128 || tag.Value is null or { Length: > 256 }))
            throw new ArgumentException($"{nameof(Tags)} has more than 10 tags, or one whose key is empty or longer than 128 characters, or whose value is longer than 256.", parameterName);
        if (isGoogle && (ServerSideEncryption is not null || KmsKeyId is not null || Tags.Count > 0))
            throw new ArgumentException($"Google Cloud Storage knows neither {nameof(ServerSideEncryption)} nor {nameof(KmsKeyId)} nor {nameof(Tags)} of S3: set the bucket's default key there instead.", parameterName);
        if (isGoogle && ConditionalWrites == true)
            throw new ArgumentException($"{nameof(ConditionalWrites)} cannot be had for gs: Google Cloud Storage has no If-None-Match on writes, and takes its own header for it only in requests without headers of S3.", parameterName);
        return (S3Options)MemberwiseClone();
    }

    internal static bool IsServer(Uri endpoint) =>
        endpoint.IsAbsoluteUri && (endpoint.Scheme == Uri.UriSchemeHttp || endpoint.Scheme == Uri.UriSchemeHttps) && endpoint is { Query: "", Fragment: "", UserInfo: "" };

    internal static bool IsKms(ServerSideEncryptionMethod method) => method.Value.StartsWith("aws:kms", StringComparison.Ordinal);

    private static void InRange(int value, int least, int most, string name, string parameterName)
    {
        if (value < least || value > most)
            throw new ArgumentException($"{name} is {value}; it must be {least} to {most}.", parameterName);
    }
}
