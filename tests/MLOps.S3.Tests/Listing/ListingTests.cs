using Amazon.S3.Model;
using MLOps.S3.Tests.Servers;
using MLOps.Tracking.Artifacts;

namespace MLOps.S3.Tests.Listing;

/// <summary>Lists and deletions of many objects, and of what other programs left.</summary>
public abstract class ListingTests(S3Server server)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_list_goes_through_all_pages_and_so_does_a_deletion()
    {
        // Real pages where the server is quick, small ones elsewhere.
        (int pageSize, int count) = server is Moto ? (1000, TestLength.Of(1001, 5001)) : (10, TestLength.Of(21, 201));
        using S3ArtifactStore store = server.Open(configure: options => options.NamesAtOnce = pageSize);
        Uri location = server.NewLocation();
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Cancel }, async (i, _) => await store.PutAsync(location, $"many/{i:00000}", [(byte)i]));
        await store.PutAsync(location, "beside", [1]);
        string[] paths = [.. (await store.ListAsync(location, "many", Cancel).ToArrayAsync(Cancel)).Select(item => item.Path)];
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"many/{i:00000}"), paths.Order(StringComparer.Ordinal));
        Assert.Equal((count, count), await store.DeletePrefixAsync(location, "many", Cancel));
        Assert.Equal(["beside"], (await store.ListAsync(location, "", Cancel).ToArrayAsync(Cancel)).Select(item => item.Path));
    }

    [Fact]
    public async Task Markers_of_folders_are_not_listed_and_a_deletion_takes_them_with_what_no_artifact_is_called()
    {
        using S3ArtifactStore store = server.Open();
        Uri location = server.NewLocation();
        string root = S3Server.RootOf(location);
        await store.PutAsync(location, "folder/model", "x"u8.ToArray());
        foreach (string strange in (string[])["folder/", "folder/sub/", "folder/a//b", "folder/ends."])
            await server.Client.PutObjectAsync(new PutObjectRequest { BucketName = S3Server.Bucket, Key = root + strange, ContentBody = "", UseChunkEncoding = false }, Cancel);
        Assert.Equal(["folder/a//b", "folder/ends.", "folder/model"], (await store.ListAsync(location, "", Cancel).ToArrayAsync(Cancel)).Select(item => item.Path).Order(StringComparer.Ordinal));
        Assert.Equal((5, 1), await store.DeletePrefixAsync(location, "folder", Cancel));
        ListObjectsV2Response left = await server.Client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = S3Server.Bucket, Prefix = root }, Cancel);
        Assert.Empty(left.S3Objects ?? []);
    }

    [Fact]
    public async Task A_deletion_of_a_folder_ends_the_unfinished_uploads_below_it_and_no_others()
    {
        using S3ArtifactStore store = server.Open();
        Uri location = server.NewLocation();
        string root = S3Server.RootOf(location);
        foreach (string path in (string[])["folder/a", "folder/deep/b", "folder2/c"])
            await server.Client.InitiateMultipartUploadAsync(new InitiateMultipartUploadRequest { BucketName = S3Server.Bucket, Key = root + path }, Cancel);
        Assert.Equal((0, 0), await store.DeletePrefixAsync(location, "folder", Cancel));
        ListMultipartUploadsResponse left = await server.Client.ListMultipartUploadsAsync(new ListMultipartUploadsRequest { BucketName = S3Server.Bucket, Prefix = root }, Cancel);
        Assert.Equal([root + "folder2/c"], left.MultipartUploads.Select(upload => upload.Key));
    }

    [Fact]
    public async Task A_bucket_itself_is_a_location_and_a_slash_at_the_end_of_one_means_nothing()
    {
        using S3ArtifactStore store = server.Open();
        Uri location = server.NewLocation();
        await store.PutAsync(location, "model", "x"u8.ToArray());
        Assert.Equal("x"u8.ToArray(), await store.GetAsync(new Uri($"{location}/"), "model"));
        Assert.Equal("x"u8.ToArray(), await store.GetAsync(new Uri($"s3://{S3Server.Bucket}"), S3Server.RootOf(location) + "model"));
        Assert.Equal("x"u8.ToArray(), await store.GetAsync(new Uri($"s3://{S3Server.Bucket}/"), S3Server.RootOf(location) + "model"));
    }
}
