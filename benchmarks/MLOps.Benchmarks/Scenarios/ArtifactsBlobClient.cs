using System.Buffers.Binary;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MLOps.AzureBlobs;
using MLOps.Tracking.Artifacts;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>A container of Azure Blob Storage.</summary>
internal sealed class ArtifactsBlobClient : IArtifactsClient
{
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

    public async Task UploadAsync(string key, string file)
    {
        BlockBlobClient blob = _container.GetBlockBlobClient(key);
        string[] blocks = await ArtifactsParts.SendAsync(file, async (part, content) =>
        {
            byte[] id = new byte[sizeof(int)];
            BinaryPrimitives.WriteInt32BigEndian(id, part);
            string block = Convert.ToBase64String(id);
            await blob.StageBlockAsync(block, content);
            return block;
        });
        await blob.CommitBlockListAsync(blocks);
    }

    public async Task DownloadAsync(string key, string file)
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
