using Azure.Storage.Blobs;
using MLOps.RealServers;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

/// <summary>A container of one test, the store before it, and a proxy that brings faults in between.</summary>
internal sealed class Blobs : IAsyncDisposable
{
    public const int PartSize = 1 << 20;

    private Blobs(BlobContainerClient container, FaultProxy proxy)
    {
        (Container, Proxy) = (container, proxy);
        Location = LocationOf("a/prefix");
        Store = CreateStore();
    }

    public BlobContainerClient Container { get; }

    public FaultProxy Proxy { get; }

    /// <summary>Behind the proxy.</summary>
    public Uri Location { get; }

    public AzureBlobArtifactStore Store { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<Blobs> CreateAsync(Azurite azurite) => new(await azurite.CreateContainerAsync(), FaultProxy.Start(azurite.Endpoint));

    public static byte[] Noise(int size, int seed)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public Uri LocationOf(string prefix) => new(Proxy.Endpoint, $"{AzuriteServer.AccountName}/{Container.Name}/{prefix}");

    /// <summary>A store behind the proxy, with small parts and quick retries.</summary>
    public AzureBlobArtifactStore CreateStore(Action<AzureBlobOptions>? configure = null)
    {
        AzureBlobOptions options = new() { SharedKey = Azurite.Key, PartSizeBytes = PartSize, ConfigureClient = QuickRetries };
        configure?.Invoke(options);
        return new(Location, options);
    }

    public static void QuickRetries(BlobClientOptions client)
    {
        client.Retry.MaxRetries = 2;
        client.Retry.Delay = TimeSpan.FromMilliseconds(1);
        client.Retry.MaxDelay = TimeSpan.FromMilliseconds(5);
    }

    public async Task<ArtifactObject> PutAsync(string path, byte[] content, ArtifactPutOptions options = default, IArtifactStore? store = null)
    {
        await using MemoryStream stream = new(content);
        return await (store ?? Store).PutAsync(Location, path, stream, options, Cancel);
    }

    public async Task<byte[]> GetAsync(string path, IArtifactStore? store = null)
    {
        await using ArtifactContent content = await (store ?? Store).OpenReadAsync(Location, path, default, Cancel);
        using MemoryStream copy = new();
        await content.Stream.CopyToAsync(copy, Cancel);
        return copy.ToArray();
    }

    public async Task<string[]> PathsAsync(string prefix = "") => await Store.ListAsync(Location, prefix, Cancel).Select(item => item.Path).ToArrayAsync(Cancel);

    /// <summary>The blob behind an artifact, past the store.</summary>
    public BlobClient BlobOf(string path) => Container.GetBlobClient($"a/prefix/{path}");

    public ValueTask DisposeAsync() => Proxy.DisposeAsync();
}
