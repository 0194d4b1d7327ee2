using Azure;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MLOps.AzureBlobs;
using MLOps.Tracking.Artifacts;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>A container of Azure Blob Storage.</summary>
internal sealed class ArtifactsBlobClient : IArtifactsClient
{
    private static readonly StorageTransferOptions s_parts = new()
    {
        MaximumConcurrency = IArtifactsClient.PartsAtOnce, MaximumTransferSize = IArtifactsClient.PartSize, InitialTransferSize = IArtifactsClient.PartSize,
    };

    private readonly BlobContainerClient _container;

    public ArtifactsBlobClient(string connectionString)
    {
        Arguments = ["blob", connectionString];
        _container = new BlobContainerClient(connectionString, "bench");
        Store = new AzureBlobArtifactStore(LocationOf(""), new AzureBlobOptions
        {
            ConnectionString = connectionString,
            PartSizeBytes = IArtifactsClient.PartSize,
            PartsAtOnce = IArtifactsClient.PartsAtOnce,
        });
    }

    public IReadOnlyList<string> Arguments { get; }

    public IArtifactStore Store { get; }

    public Uri LocationOf(string name) => new($"{_container.Uri.AbsoluteUri}/{name}");

    public Task CreateAsync() => _container.CreateIfNotExistsAsync();

    // What the client itself does with a large file, in the same parts.
    public Task UploadAsync(string key, string file) => _container.GetBlobClient(key).UploadAsync(file, new BlobUploadOptions { TransferOptions = s_parts });

    public Task DownloadAsync(string key, string file) => _container.GetBlobClient(key).DownloadToAsync(file, new BlobDownloadToOptions { TransferOptions = s_parts });

    /// <summary>The least that can be done with that client: each part at its place in the file, as it comes.</summary>
    public async Task DownloadByHandAsync(string key, string file)
    {
        BlockBlobClient blob = _container.GetBlockBlobClient(key);
        long size = (await blob.GetPropertiesAsync()).Value.ContentLength;
        await ArtifactsParts.GetAsync(file, size, async (offset, length) =>
        {
            BlobDownloadStreamingResult answer = await blob.DownloadStreamingAsync(new BlobDownloadOptions { Range = new HttpRange(offset, length) });
            return (answer.Content, answer);
        });
    }

    public async Task PutAsync(string key, string file)
    {
        await using FileStream content = File.OpenRead(file);
        await _container.GetBlockBlobClient(key).UploadAsync(content);
    }

    public async Task GetAsync(string key, string file)
    {
        using BlobDownloadStreamingResult answer = await _container.GetBlockBlobClient(key).DownloadStreamingAsync();
        await using FileStream target = new(file, FileMode.Create, FileAccess.Write, FileShare.None);
        await answer.Content.CopyToAsync(target);
    }

    public void Dispose()
    {
    }
}
