using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using MLOps.RealServers;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

public sealed class UploadTests(Azurite azurite) : IAsyncLifetime
{
    private Blobs _blobs = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _blobs = await Blobs.CreateAsync(azurite);

    public ValueTask DisposeAsync() => _blobs.DisposeAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(Blobs.PartSize - 1)]
    [InlineData(Blobs.PartSize)]
    public async Task Content_of_one_part_is_put_and_read_by_one_request_each(int size)
    {
        byte[] content = Blobs.Noise(size, seed: 1);
        await _blobs.PutAsync("model", content, new() { Resume = true });
        Assert.Equal(1, _blobs.Proxy.Requests);
        Assert.Equal(content, await _blobs.GetAsync("model"));
        // Of an empty blob no range can be asked for.
        Assert.Equal(size == 0 ? 3 : 2, _blobs.Proxy.Requests);
    }

    [Fact]
    public async Task Content_of_several_parts_goes_up_and_comes_back_in_parts()
    {
        byte[] content = Blobs.Noise(5 * Blobs.PartSize + 17, seed: 2);
        await _blobs.PutAsync("model", content);
        Assert.Equal(6 + 1, _blobs.Proxy.Requests);
        BlockList list = await _blobs.Container.GetBlockBlobClient("a/prefix/model").GetBlockListAsync(cancellationToken: Cancel);
        Assert.Equal([.. Enumerable.Repeat((long)Blobs.PartSize, 5), 17], list.CommittedBlocks.Select(block => block.SizeLong));
        Assert.Equal(content, await _blobs.GetAsync("model"));
        Assert.Equal(7 + 6, _blobs.Proxy.Requests);
    }

    [Fact]
    public async Task An_upload_that_was_cut_off_is_taken_up_part_by_part()
    {
        byte[] content = Blobs.Noise(6 * Blobs.PartSize, seed: 3);
        AzureBlobArtifactStore impatient = _blobs.CreateStore(options =>
        {
            options.PartsAtOnce = 1;
            options.ConfigureClient = client => client.Retry.MaxRetries = 0;
        });
        _blobs.Proxy.CutNext(Direction.Upstream, 3 * Blobs.PartSize + Blobs.PartSize / 2);
        ArtifactStoreException cut = await Assert.ThrowsAsync<ArtifactStoreException>(() => _blobs.PutAsync("model", content, new() { Resume = true }, impatient));
        Assert.True(cut.IsTransient);
        Assert.Empty(await _blobs.PathsAsync());
        long before = _blobs.Proxy.Requests;

        await _blobs.PutAsync("model", content, new() { Resume = true });
        // The list of blocks, the three that are missing, the commit.
        Assert.Equal(1 + 3 + 1, _blobs.Proxy.Requests - before);
        Assert.Equal(content, await _blobs.GetAsync("model"));
    }

    [Fact]
    public async Task Parts_that_differ_from_those_of_the_upload_before_are_sent()
    {
        byte[] content = Blobs.Noise(4 * Blobs.PartSize, seed: 4);
        BlockBlobClient blob = _blobs.Container.GetBlockBlobClient("a/prefix/model");
        for (int part = 0; part < 4; part++)
        {
            byte[] block = content[(part * Blobs.PartSize)..((part + 1) * Blobs.PartSize)];
            if (part == 2)
                block[5] ^= 1;
            await blob.StageBlockAsync(BlockId.Of(part, block), new MemoryStream(block), cancellationToken: Cancel);
        }

        await _blobs.PutAsync("model", content, new() { Resume = true });
        Assert.Equal(1 + 1 + 1, _blobs.Proxy.Requests);
        Assert.Equal(content, await _blobs.GetAsync("model"));
    }

    [Fact]
    public async Task A_cancelled_upload_leaves_no_object_and_what_was_there_before()
    {
        using CancellationTokenSource cancel = new();
        await _blobs.PutAsync("model", [1, 2, 3]);
        foreach (string path in (string[])["model", "other"])
        {
            await using MemoryStream content = new(Blobs.Noise(8 * Blobs.PartSize, seed: 5));
            await using CallbackStream cancelling = new(content, at: 5 * Blobs.PartSize, cancel.Cancel);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _blobs.Store.PutAsync(_blobs.Location, path, cancelling, new() { Resume = true }, cancel.Token));
        }

        Assert.Equal(["model"], await _blobs.PathsAsync());
        Assert.Equal([1, 2, 3], await _blobs.GetAsync("model"));
    }

    [Fact]
    public async Task What_unfinished_uploads_left_goes_with_the_folder()
    {
        foreach (string path in (string[])["runs/1/model", "runs/2/model"])
            await _blobs.Container.GetBlockBlobClient("a/prefix/" + path).StageBlockAsync(BlockId.Of(0, [1]), new MemoryStream([1]), cancellationToken: Cancel);
        await _blobs.PutAsync("runs/1/whole", [1, 2]);
        Assert.Equal((1, 2), await _blobs.Store.DeletePrefixAsync(_blobs.Location, "runs/1", Cancel));
        Assert.Equal(["a/prefix/runs/2/model"], await _blobs.Container.GetBlobsAsync(new() { States = BlobStates.Uncommitted }, Cancel).Select(item => item.Name).ToArrayAsync(Cancel));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(2 * Blobs.PartSize)]
    public async Task Of_many_that_create_one_object_at_once_one_wins_and_the_others_learn_why(int size)
    {
        bool[] won = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(
            async () =>
            {
                try
                {
                    await _blobs.PutAsync("lock", Blobs.Noise(size, seed: i), new() { CreateOnly = true });
                    return true;
                }
                catch (ArtifactExistsException)
                {
                    return false;
                }
            },
            Cancel)));
        int winner = Assert.Single(Enumerable.Range(0, 16), i => won[i]);
        Assert.Equal(Blobs.Noise(size, seed: winner), await _blobs.GetAsync("lock"));
    }

    [Theory]
    [InlineData(1000)]
    [InlineData(2 * Blobs.PartSize)]
    public async Task An_object_that_was_created_before_its_answer_was_lost_is_no_conflict(int size)
    {
        byte[] content = Blobs.Noise(size, seed: 6);
        AzureBlobArtifactStore store = _blobs.CreateStore(options =>
        {
            options.PartsAtOnce = 1;
            options.ConfigureClient = client =>
            {
                Blobs.QuickRetries(client);
                client.AddPolicy(new LoseAnswer(_blobs.Proxy, request => request.Method.Method == "PUT" && !request.Uri.Query.Contains("comp=block&", StringComparison.Ordinal)), Azure.Core.HttpPipelinePosition.PerRetry);
            };
        });
        ArtifactObject put = await _blobs.PutAsync("lock", content, new() { CreateOnly = true }, store);
        Assert.Equal(1, _blobs.Proxy.Cuts);
        Assert.Equal(put, await _blobs.Store.FindAsync(_blobs.Location, "lock", Cancel));
        Assert.Equal(content, await _blobs.GetAsync("lock"));
        await Assert.ThrowsAsync<ArtifactExistsException>(() => _blobs.PutAsync("lock", content, new() { CreateOnly = true }));
    }

    [Fact]
    public async Task Of_two_that_write_one_large_object_whole_contents_alone_are_seen()
    {
        byte[][] contents = [.. Enumerable.Range(0, 2).Select(i => Blobs.Noise(4 * Blobs.PartSize, seed: 10 + i))];
        for (int round = 0; round < 5; round++)
        {
            bool[] written = await Task.WhenAll(contents.Select(content => Task.Run(
                async () =>
                {
                    try
                    {
                        await _blobs.PutAsync("model", content, new() { Resume = true });
                        return true;
                    }
                    catch (ArtifactStoreException e) when (e.IsTransient && e.Message.Contains("Another writer", StringComparison.Ordinal))
                    {
                        return false;
                    }
                },
                Cancel)));
            Assert.Contains(true, written);
            // Read when they are done: Azurite may give an object that is replaced just then the later ETag with the earlier content.
            byte[] found = await _blobs.GetAsync("model");
            Assert.Contains(contents, whole => whole.AsSpan().SequenceEqual(found));
        }
    }

    [Fact]
    public async Task A_writer_whose_parts_another_one_discarded_is_told_to_try_again()
    {
        byte[] content = Blobs.Noise(3 * Blobs.PartSize, seed: 20);
        await using MemoryStream stream = new(content);
        await using CallbackStream overtaken = new(stream, at: content.Length, Overtake);
        // With one at a time, those before the last part have arrived when that is read.
        AzureBlobArtifactStore store = _blobs.CreateStore(options => options.PartsAtOnce = 1);
        ArtifactStoreException discarded = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.PutAsync(_blobs.Location, "model", overtaken, default, Cancel));
        Assert.True(discarded.IsTransient);
        Assert.Contains("Another writer", discarded.Message, StringComparison.Ordinal);
        Assert.Equal("overtaken"u8.ToArray(), await _blobs.GetAsync("model"));

        void Overtake()
        {
            // Azurite, unlike the service, keeps the blocks of others when a blob is put by one request.
            BlockBlobClient blob = _blobs.Container.GetBlockBlobClient("a/prefix/model");
            string id = BlockId.Of(0, "overtaken"u8);
            blob.StageBlock(id, new MemoryStream("overtaken"u8.ToArray()), options: null, CancellationToken.None);
            blob.CommitBlockList([id], options: null, CancellationToken.None);
        }
    }

    [Fact]
    public async Task Parts_that_another_program_left_with_ids_of_another_length_are_explained()
    {
        await _blobs.Container.GetBlockBlobClient("a/prefix/model").StageBlockAsync("YWJj", new MemoryStream([1]), cancellationToken: Cancel);
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(() => _blobs.PutAsync("model", Blobs.Noise(2 * Blobs.PartSize, seed: 21)));
        Assert.False(refused.IsTransient);
        Assert.Contains("Another program has left parts", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_written_has_the_tier_that_was_asked_for()
    {
        AzureBlobArtifactStore cool = _blobs.CreateStore(options => options.AccessTier = AccessTier.Cool);
        await _blobs.PutAsync("small", [1], default, cool);
        await _blobs.PutAsync("large", Blobs.Noise(2 * Blobs.PartSize, seed: 22), default, cool);
        await cool.CopyAsync(_blobs.Location, "small", _blobs.Location, "copy", Cancel);
        foreach (string path in (string[])["small", "large", "copy"])
            Assert.Equal("Cool", (await _blobs.BlobOf(path).GetPropertiesAsync(cancellationToken: Cancel)).Value.AccessTier);
    }

    [Fact]
    public async Task A_checksum_of_each_transfer_can_be_asked_for()
    {
        AzureBlobArtifactStore store = _blobs.CreateStore(options => options.ConfigureClient = client => client.TransferValidation.Upload.ChecksumAlgorithm = Azure.Storage.StorageChecksumAlgorithm.MD5);
        byte[] content = Blobs.Noise(3 * Blobs.PartSize, seed: 23);
        await _blobs.PutAsync("model", content, default, store);
        Assert.Equal(content, await _blobs.GetAsync("model", store));
    }
}
