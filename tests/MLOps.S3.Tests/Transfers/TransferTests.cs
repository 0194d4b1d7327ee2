using Amazon.S3.Model;
using MLOps.RealServers;
using MLOps.S3.Tests.Servers;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3.Tests.Transfers;

/// <summary>Objects of several parts, on connections that fail.</summary>
public abstract class TransferTests(S3Server server)
{
    private const int MiB = 1 << 20;

    // Three parts, the last a short one.
    private const int Size = (2 * 5 * MiB) + 12_345;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_object_of_several_parts_comes_back_and_every_member_tells_the_same_of_it()
    {
        using S3ArtifactStore store = server.Open();
        Uri location = server.NewLocation();
        byte[] content = Noise.Of(Size, seed: 1);
        ArtifactObject put = await store.PutAsync(location, "model", content, new() { SizeBytes = Size });
        Assert.EndsWith("-3", put.ETag, StringComparison.Ordinal);
        Assert.Equal(put, await store.FindAsync(location, "model", Cancel));
        Assert.Equal([put], await store.ListAsync(location, "", Cancel).ToArrayAsync(Cancel));
        Assert.Equal(content, await store.GetAsync(location, "model"));
        await using ArtifactContent range = await store.OpenReadAsync(location, "model", new Tracking.Artifacts.ByteRange(1234, 6 * MiB), Cancel);
        using MemoryStream copy = new();
        await range.Stream.CopyToAsync(copy, Cancel);
        Assert.Equal(content[1234..((6 * MiB) + 1234)], copy.ToArray());
    }

    [Fact]
    public async Task Content_of_exactly_one_part_takes_one_request_and_reading_it_another()
    {
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore store = server.Open(proxy.Endpoint);
        Uri location = server.NewLocation();
        byte[] content = Noise.Of(5 * MiB, seed: 2);
        await store.PutAsync(location, "model", content);
        Assert.Equal(1, proxy.Requests);
        Assert.Equal(content, await store.GetAsync(location, "model"));
        Assert.Equal(2, proxy.Requests);
    }

    [Fact]
    public async Task A_connection_that_is_cut_in_every_part_costs_no_transfer()
    {
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore store = server.Open(proxy.Endpoint, options => options.PartsAtOnce = 1);
        Uri location = server.NewLocation();
        byte[] content = Noise.Of(3 * 5 * MiB, seed: 3);
        // Each part takes 5 MiB of the flow when it is sent again.
        proxy.CutNext(Direction.Upstream, 3 * MiB);
        proxy.CutNext(Direction.Upstream, (3 + 5 + 3) * MiB);
        proxy.CutNext(Direction.Upstream, (3 + 5 + 3 + 5 + 3) * MiB);
        await store.PutAsync(location, "model", content);
        long up = proxy.Cuts;
        Assert.Equal(3, up);
        proxy.CutEvery(Direction.Downstream, () => 3 * MiB);
        Assert.Equal(content, await store.GetAsync(location, "model"));
        Assert.True(proxy.Cuts - up >= 3, $"{proxy.Cuts - up} cuts");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_cancelled_upload_leaves_no_part(bool resume)
    {
        using S3ArtifactStore store = server.Open(configure: options => options.PartsAtOnce = 2);
        Uri location = server.NewLocation();
        using CancellationTokenSource cancel = new();
        await using GeneratedStream content = new(30 * MiB, at: 22 * MiB, cancel.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.PutAsync(location, "model", content, new() { Resume = resume }, cancel.Token));
        Assert.Null(await store.FindAsync(location, "model", Cancel));
        Assert.Empty(await UnfinishedAsync(location));
    }

    [Fact]
    public async Task A_failed_upload_that_nobody_resumes_leaves_no_part_and_the_earlier_object()
    {
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore store = server.Open(proxy.Endpoint, options => (options.MaxAttempts, options.PartsAtOnce) = (1, 1));
        Uri location = server.NewLocation();
        await store.PutAsync(location, "model", "earlier"u8.ToArray());
        proxy.CutNext(Direction.Upstream, 8 * MiB);
        ArtifactStoreException cut = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.PutAsync(location, "model", Noise.Of(Size, seed: 4)));
        Assert.True(cut.IsTransient, cut.Message);
        Assert.Equal("earlier"u8.ToArray(), await store.GetAsync(location, "model"));
        Assert.Empty(await UnfinishedAsync(location));
    }

    [Fact]
    public async Task A_resumed_upload_does_not_send_again_what_is_there()
    {
        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        Uri location = server.NewLocation();
        byte[] content = Noise.Of(4 * 5 * MiB, seed: 5);
        using (S3ArtifactStore first = server.Open(proxy.Endpoint, options => (options.MaxAttempts, options.PartsAtOnce) = (1, 1)))
        {
            proxy.CutNext(Direction.Upstream, 12 * MiB);
            await Assert.ThrowsAsync<ArtifactStoreException>(async () => await first.PutAsync(location, "model", content, new() { Resume = true }));
        }

        string left = Assert.Single(await UnfinishedAsync(location));
        using S3ArtifactStore second = server.Open(proxy.Endpoint);
        long before = proxy.Requests;
        await second.PutAsync(location, "model", content, new() { Resume = true });
        // Of four parts two were there: a list of uploads, one of parts, two parts, the completion.
        Assert.Equal(5, proxy.Requests - before);
        Assert.Equal(content, await second.GetAsync(location, "model"));
        Assert.DoesNotContain(left, await UnfinishedAsync(location));
    }

    [Fact]
    public async Task An_upload_of_other_content_is_not_resumed_and_does_not_end_the_other()
    {
        Uri location = server.NewLocation();
        string root = S3Server.RootOf(location);
        InitiateMultipartUploadResponse other = await server.Client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = S3Server.Bucket, Key = root + "model" }, Cancel);
        using MemoryStream part = new(Noise.Of(5 * MiB, seed: 6));
        await server.Client.UploadPartAsync(new UploadPartRequest { BucketName = S3Server.Bucket, Key = root + "model", UploadId = other.UploadId, PartNumber = 1, InputStream = part, UseChunkEncoding = false }, Cancel);
        using S3ArtifactStore store = server.Open();
        byte[] content = Noise.Of(Size, seed: 7);
        await store.PutAsync(location, "model", content, new() { Resume = true });
        Assert.Equal(content, await store.GetAsync(location, "model"));
        Assert.Equal([other.UploadId], await UnfinishedAsync(location));
    }

    [Fact]
    public async Task A_part_of_an_unfinished_upload_that_differs_is_sent_again()
    {
        Uri location = server.NewLocation();
        string key = S3Server.RootOf(location) + "model";
        byte[] content = Noise.Of(Size, seed: 8);
        InitiateMultipartUploadResponse begun = await server.Client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = S3Server.Bucket, Key = key }, Cancel);
        foreach ((int number, byte[] bytes) in (IEnumerable<(int, byte[])>)[(1, content[..(5 * MiB)]), (2, Noise.Of(5 * MiB, seed: 9)), (4, Noise.Of(100, seed: 10))])
        {
            using MemoryStream part = new(bytes);
            await server.Client.UploadPartAsync(new UploadPartRequest { BucketName = S3Server.Bucket, Key = key, UploadId = begun.UploadId, PartNumber = number, InputStream = part, UseChunkEncoding = false }, Cancel);
        }

        await using FaultProxy proxy = FaultProxy.Start(server.Endpoint);
        using S3ArtifactStore store = server.Open(proxy.Endpoint);
        await store.PutAsync(location, "model", content, new() { Resume = true });
        Assert.Equal(5, proxy.Requests);
        Assert.Equal(content, await store.GetAsync(location, "model"));
    }

    [Fact]
    public async Task Two_writers_of_one_large_object_leave_one_whole_content()
    {
        using S3ArtifactStore store = server.Open();
        Uri location = server.NewLocation();
        byte[][] contents = [Noise.Of(Size, seed: 11), Noise.Of(Size, seed: 12)];
        int written = 0;
        await Task.WhenAll(contents.Select(content => Task.Run(
            async () =>
            {
                try
                {
                    await store.PutAsync(location, "model", content, new() { Resume = true });
                    Interlocked.Increment(ref written);
                }
                catch (ArtifactStoreException e) when (e.IsTransient)
                {
                }
            },
            Cancel)));
        Assert.True(written > 0, "nobody wrote");
        byte[] found = await store.GetAsync(location, "model");
        Assert.Contains(contents, content => content.AsSpan().SequenceEqual(found));
    }

    [Fact]
    public async Task A_reader_of_a_large_object_that_is_replaced_gets_one_content_or_a_transient_failure()
    {
        using S3ArtifactStore store = server.Open(configure: options => options.PartsAtOnce = 1);
        Uri location = server.NewLocation();
        await store.PutAsync(location, "model", Noise.Of(Size, seed: 13));
        await using ArtifactContent reader = await store.OpenReadAsync(location, "model", default, Cancel);
        await store.PutAsync(location, "model", Noise.Of(Size, seed: 14));
        using MemoryStream copy = new();
        ArtifactStoreException replaced = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await reader.Stream.CopyToAsync(copy, Cancel));
        Assert.True(replaced.IsTransient, replaced.Message);
        Assert.Contains("was replaced or deleted while it was read", replaced.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_in_parts_has_the_content()
    {
        using S3ArtifactStore store = server.Open(configure: options => (options.CopyInPartsFrom, options.CopyPartBytes) = (6 * MiB, 5 * MiB));
        Uri location = server.NewLocation();
        byte[] content = Noise.Of(Size, seed: 15);
        await store.PutAsync(location, "große a+b", content);
        ArtifactObject copy = await store.CopyAsync(location, "große a+b", location, "kopie", Cancel);
        Assert.Equal(("kopie", (long)Size), (copy.Path, copy.SizeBytes));
        Assert.EndsWith("-3", copy.ETag, StringComparison.Ordinal);
        Assert.Equal(copy, await store.FindAsync(location, "kopie", Cancel));
        Assert.Equal(content, await store.GetAsync(location, "kopie"));
        Assert.Empty(await UnfinishedAsync(location));
    }

    [Fact]
    public async Task A_copy_by_one_request_of_an_object_that_went_up_in_parts_has_the_content()
    {
        using S3ArtifactStore store = server.Open();
        Uri location = server.NewLocation();
        byte[] content = Noise.Of(Size, seed: 16);
        await store.PutAsync(location, "model", content);
        ArtifactObject copy = await store.CopyAsync(location, "model", location, "copy", Cancel);
        Assert.Equal(copy, await store.FindAsync(location, "copy", Cancel));
        Assert.Equal(content, await store.GetAsync(location, "copy"));
    }

    [Fact]
    public async Task A_copy_onto_itself_leaves_the_object()
    {
        using S3ArtifactStore store = server.Open();
        Uri location = server.NewLocation();
        ArtifactObject put = await store.PutAsync(location, "model", "same"u8.ToArray());
        Assert.Equal(put, await store.CopyAsync(location, "model", location, "model", Cancel));
        Assert.Equal("same"u8.ToArray(), await store.GetAsync(location, "model"));
    }

    private async Task<string[]> UnfinishedAsync(Uri location) =>
        [.. ((await server.Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = S3Server.Bucket, Prefix = S3Server.RootOf(location) }, Cancel)).MultipartUploads ?? []).Select(upload => upload.UploadId)];
}
