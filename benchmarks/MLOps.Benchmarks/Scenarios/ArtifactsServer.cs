using MLOps.RealServers;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>A server on loopback to which artifacts go.</summary>
internal sealed class ArtifactsServer : IAsyncDisposable
{
    private readonly RealServer _server;
    private readonly Func<Uri, IArtifactsClient> _connect;

    private ArtifactsServer(RealServer server, Func<Uri, IArtifactsClient> connect) => (_server, _connect) = (server, connect);

    /// <summary>The names of moto and Azurite, that figures begin with.</summary>
    public static IReadOnlyList<string> Names { get; } = ["s3", "blob"];

    public Uri Endpoint => _server.Endpoint;

    /// <exception cref="ServerUnavailableException">It isn't there.</exception>
    public static async Task<ArtifactsServer> StartAsync(string name)
    {
        switch (name)
        {
            case "s3":
                return await OfS3Async(await MotoServer.StartAsync(), MotoServer.AccessKey, MotoServer.SecretKey);
            case "blob":
                AzuriteServer azurite = await AzuriteServer.StartAsync();
                using (ArtifactsBlobClient client = new(azurite.ConnectionString))
                    await client.CreateAsync();
                return new ArtifactsServer(azurite, endpoint => new ArtifactsBlobClient(azurite.ConnectionString.Replace(azurite.Endpoint.AbsoluteUri, endpoint.AbsoluteUri, StringComparison.Ordinal)));
            default:
                throw new ArgumentException($"'{name}' is no server.");
        }
    }

    /// <summary>Clients of the server, or of a proxy before it.</summary>
    public IArtifactsClient Connect(Uri endpoint) => _connect(endpoint);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task<ArtifactsServer> OfS3Async(RealServer server, string accessKey, string secretKey)
    {
        using (ArtifactsS3Client client = new(server.Endpoint, accessKey, secretKey))
            await client.CreateBucketAsync();
        return new ArtifactsServer(server, endpoint => new ArtifactsS3Client(endpoint, accessKey, secretKey));
    }
}
