using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using MLOps.RealServers;

[assembly: AssemblyFixture(typeof(MLOps.S3.Tests.Servers.Moto))]
[assembly: AssemblyFixture(typeof(MLOps.S3.Tests.Servers.Swift))]

namespace MLOps.S3.Tests.Servers;

/// <summary>A server of S3, started once for all tests, with one bucket.</summary>
public abstract class S3Server : IAsyncLifetime
{
    public const string Bucket = "mlops-tests";

    private static int s_running;

    private RealServer? _server;
    private ServerUnavailableException? _unavailable;
    private AmazonS3Client? _client;
    private int _locations;

    /// <summary>The server; skips the test where there is none, or fails it where there must be one and no other server of S3 is there either.</summary>
    public Uri Endpoint
    {
        get
        {
            if (_unavailable is not null && RealServer.IsRequired && Volatile.Read(ref s_running) == 0)
                throw _unavailable;
            Assert.SkipWhen(_unavailable is not null, _unavailable?.Message ?? "");
            return _server!.Endpoint;
        }
    }

    public abstract AWSCredentials Credentials { get; }

    /// <summary>Whether it compares signatures.</summary>
    public abstract bool ChecksSignatures { get; }

    public abstract bool KnowsConditions { get; }

    /// <summary>The SDK's client beside the store.</summary>
    public IAmazonS3 Client => Endpoint is null ? null! : _client!;

    public async ValueTask InitializeAsync()
    {
        try
        {
            _server = await StartAsync();
        }
        catch (ServerUnavailableException e)
        {
            _unavailable = e;
            return;
        }

        Interlocked.Increment(ref s_running);
        _client = new AmazonS3Client(Credentials, new AmazonS3Config
        {
            ServiceURL = _server.Endpoint.AbsoluteUri,
            ForcePathStyle = true,
            AuthenticationRegion = "us-east-1",
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
        await _client.PutBucketAsync(new PutBucketRequest { BucketName = Bucket });
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public Uri NewLocation() => new($"s3://{Bucket}/location-{Interlocked.Increment(ref _locations)}/with%20space%20%2B%20gr%C3%B6%C3%9Fe");

    /// <summary>The keys' common beginning at a location.</summary>
    public static string RootOf(Uri location) => Uri.UnescapeDataString(location.AbsolutePath)[1..] + "/";

    /// <summary>Options for this server, at itself or at a proxy before it.</summary>
    public S3Options Options(Uri? endpoint = null) => new()
    {
        Endpoint = endpoint ?? Endpoint,
        Credentials = Credentials,
        ConditionalWrites = KnowsConditions,
        PartSizeBytes = 5 << 20,
        Checksums = Checksums,
    };

    public S3ArtifactStore Open(Uri? endpoint = null, Action<S3Options>? configure = null)
    {
        S3Options options = Options(endpoint);
        configure?.Invoke(options);
        return new S3ArtifactStore(new Uri($"s3://{Bucket}"), options);
    }

    protected abstract S3ChecksumMode Checksums { get; }

    protected abstract Task<RealServer> StartAsync();
}
