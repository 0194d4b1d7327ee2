using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

public sealed class CopyTests(Azurite azurite) : IAsyncLifetime
{
    private const int Block = 100_000;
    private Blobs _blobs = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _blobs = await Blobs.CreateAsync(azurite);

    public ValueTask DisposeAsync() => _blobs.DisposeAsync();

    [Theory]
    [InlineData(false, 3 * Block)]
    [InlineData(false, 3 * Block + 1)]
    [InlineData(true, 3 * Block + 1)]
    public async Task A_large_object_is_copied_in_blocks_that_do_not_pass_through_here(bool isSas, int size)
    {
        byte[] content = Blobs.Noise(size, seed: 1);
        await _blobs.PutAsync("größe/model 1+1", content);
        AzureBlobArtifactStore store = CreateStore(isSas);
        Uri elsewhere = _blobs.LocationOf("else where");
        ArtifactObject copy = await store.CopyAsync(_blobs.Location, "größe/model 1+1", elsewhere, "kopie", Cancel);
        Assert.Equal(size, copy.SizeBytes);
        Assert.Equal(copy, await store.FindAsync(elsewhere, "kopie", Cancel));
        BlockList blocks = await _blobs.Container.GetBlockBlobClient("else where/kopie").GetBlockListAsync(cancellationToken: Cancel);
        Assert.Equal((size + Block - 1) / Block, blocks.CommittedBlocks.Count());
        await using ArtifactContent opened = await store.OpenReadAsync(elsewhere, "kopie", default, Cancel);
        using MemoryStream found = new();
        await opened.Stream.CopyToAsync(found, Cancel);
        Assert.Equal(content, found.ToArray());
    }

    [Fact]
    public async Task A_cancelled_copy_leaves_nothing_and_a_replaced_source_is_noticed()
    {
        await _blobs.PutAsync("model", Blobs.Noise(10 * Block, seed: 2));
        using CancellationTokenSource cancel = new();
        AzureBlobArtifactStore cancelling = CreateStore(isSas: false, new OnStage(cancel.Cancel));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await cancelling.CopyAsync(_blobs.Location, "model", _blobs.Location, "copy", cancel.Token));
        Assert.Equal(["model"], await _blobs.PathsAsync());

        AzureBlobArtifactStore overtaken = CreateStore(isSas: false, new OnStage(() => _blobs.BlobOf("model").Upload(BinaryData.FromString("new"), overwrite: true, CancellationToken.None)));
        ArtifactStoreException replaced = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await overtaken.CopyAsync(_blobs.Location, "model", _blobs.Location, "copy", Cancel));
        Assert.True(replaced.IsTransient);
        Assert.Equal(["model"], await _blobs.PathsAsync());
    }

    private AzureBlobArtifactStore CreateStore(bool isSas, Azure.Core.Pipeline.HttpPipelinePolicy? policy = null)
    {
        AzureBlobOptions options = new()
        {
            SharedKey = isSas ? null : Azurite.Key,
            // Of the container: Azurite knows no right of an account's signature for blocks from a URL.
            SasToken = isSas ? _blobs.Container.GenerateSasUri(BlobContainerSasPermissions.Read | BlobContainerSasPermissions.Write | BlobContainerSasPermissions.List, TimeProvider.System.GetUtcNow().AddHours(1)).Query : null,
            PartsAtOnce = 1,
            ConfigureClient = client =>
            {
                Blobs.QuickRetries(client);
                if (policy is not null)
                    client.AddPolicy(policy, Azure.Core.HttpPipelinePosition.PerCall);
            },
        };
        return new AzureBlobArtifactStore(_blobs.Location, options) { CopiedAtOnce = Block, CopiedBlockBytes = Block };
    }

    private sealed class OnStage(Action then) : Azure.Core.Pipeline.HttpPipelineSynchronousPolicy
    {
        private int _count;

        public override void OnSendingRequest(Azure.Core.HttpMessage message)
        {
            if (message.Request.Uri.Query.Contains("comp=block&", StringComparison.Ordinal) && ++_count == 3)
                then();
        }
    }
}
