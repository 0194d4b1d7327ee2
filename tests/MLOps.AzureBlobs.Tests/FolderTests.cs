using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using MLOps.Tracking.Artifacts;

namespace MLOps.AzureBlobs.Tests;

/// <summary>Many objects, the directories of a hierarchical namespace, and what other programs leave.</summary>
public sealed class FolderTests(Azurite azurite) : IAsyncLifetime
{
    private Blobs _blobs = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _blobs = await Blobs.CreateAsync(azurite);

    public ValueTask DisposeAsync() => _blobs.DisposeAsync();

    [Fact]
    public async Task More_objects_than_a_page_has_are_all_listed_and_all_deleted()
    {
        // A page of the service has 5,000; for the short run the pages are made small.
        int count = TestLength.Of(1_001, 5_001), pageSize = TestLength.Of(400, 5_000);
        await Parallel.ForEachAsync(Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Cancel }, async (i, _) => await _blobs.PutAsync($"many/{i:D5}", [1, 2, 3]));
        AzureBlobArtifactStore store = _blobs.CreateStore(options => options.ConfigureClient = client => client.AddPolicy(new PageSize(pageSize), Azure.Core.HttpPipelinePosition.PerCall));
        long before = _blobs.Proxy.Requests;
        string[] found = await store.ListAsync(_blobs.Location, "many", Cancel).Select(item => item.Path).ToArrayAsync(Cancel);
        Assert.Equal(Enumerable.Range(0, count).Select(i => $"many/{i:D5}"), found.Order(StringComparer.Ordinal));
        Assert.Equal((count + pageSize - 1) / pageSize, _blobs.Proxy.Requests - before);
        Assert.Equal((count, 3L * count), await store.DeletePrefixAsync(_blobs.Location, "many", Cancel));
        Assert.Empty(await _blobs.PathsAsync());
    }

    [Fact]
    public async Task Directories_of_a_hierarchical_namespace_are_no_objects_and_go_with_their_folder()
    {
        foreach (string path in (string[])["runs", "runs/1", "runs/1/plots", "runs/1/plots/deep", "runs/2"])
            await PutDirectoryAsync(path);
        await _blobs.PutAsync("runs/1/plots/deep/roc.png", [1]);
        await _blobs.PutAsync("runs/2/model", [1]);
        Assert.Equal(["runs/1/plots/deep/roc.png", "runs/2/model"], (await _blobs.PathsAsync()).Order(StringComparer.Ordinal));
        Assert.Null(await _blobs.Store.FindAsync(_blobs.Location, "runs/1", Cancel));
        await Assert.ThrowsAsync<ArtifactNotFoundException>(async () => await _blobs.Store.OpenReadAsync(_blobs.Location, "runs/1", default, Cancel));
        await Assert.ThrowsAsync<ArtifactNotFoundException>(async () => await _blobs.Store.CopyAsync(_blobs.Location, "runs/1", _blobs.Location, "copy", Cancel));

        Assert.Equal((1, 1), await _blobs.Store.DeletePrefixAsync(_blobs.Location, "runs/1", Cancel));
        Assert.Equal(["a/prefix/runs", "a/prefix/runs/2", "a/prefix/runs/2/model"], await NamesAsync());
    }

    [Fact]
    public async Task Directories_are_deleted_from_the_deepest_up()
    {
        foreach (string path in (string[])["runs", "runs/1", "runs/1/plots", "runs/1/plots/deep"])
            await PutDirectoryAsync(path);
        List<string> deleted = [];
        AzureBlobArtifactStore store = _blobs.CreateStore(options => options.ConfigureClient = client => client.AddPolicy(new NoteDeletes(deleted), Azure.Core.HttpPipelinePosition.PerCall));
        await store.DeletePrefixAsync(_blobs.Location, "runs", Cancel);
        Assert.Equal(["deep", "plots", "1", "runs"], deleted.Select(name => name.Split('/')[^1]));
        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task What_other_programs_put_for_folders_is_not_listed_and_goes_with_the_folder()
    {
        BlobContainerClient exact = new(_blobs.Container.Uri, Azurite.Key, new BlobClientOptions { TrimBlobNameSlashes = false });
        await exact.GetBlobClient("a/prefix/runs/").UploadAsync(BinaryData.FromString(""), Cancel);
        await exact.GetBlobClient("a/prefix/runs/x//y").UploadAsync(BinaryData.FromString("strange"), Cancel);
        await _blobs.PutAsync("runs/model", [1]);
        Assert.Equal(["runs/model", "runs/x//y"], (await _blobs.PathsAsync("runs")).Order(StringComparer.Ordinal));
        Assert.Equal((2, 8), await _blobs.Store.DeletePrefixAsync(_blobs.Location, "runs", Cancel));
        Assert.Empty(await NamesAsync());
    }

    [Fact]
    public async Task An_object_with_snapshots_is_deleted_with_them()
    {
        await _blobs.PutAsync("model", [1]);
        await _blobs.BlobOf("model").CreateSnapshotAsync(cancellationToken: Cancel);
        Assert.True(await _blobs.Store.DeleteAsync(_blobs.Location, "model", Cancel));
        Assert.False(await _blobs.Store.DeleteAsync(_blobs.Location, "model", Cancel));
    }

    [Fact]
    public async Task All_forms_of_a_location_show_the_same_objects()
    {
        AzureBlobArtifactStore store = _blobs.CreateStore(options => options.ServiceUrl = azurite.ServiceUrl);
        await _blobs.PutAsync("model", [1, 2, 3]);
        AzureBlobArtifactStore named = new(new Uri("wasbs://any@devstoreaccount1.blob.core.windows.net"), new() { SharedKey = Azurite.Key, ServiceUrl = azurite.ServiceUrl });
        foreach (string form in (string[])["wasbs://{0}@devstoreaccount1.blob.core.windows.net/a/prefix", "abfss://{0}@devstoreaccount1.dfs.core.windows.net/a/prefix/", "https://devstoreaccount1.blob.core.windows.net/{0}/a/prefix"])
        {
            Uri location = new(string.Format(System.Globalization.CultureInfo.InvariantCulture, form, _blobs.Container.Name));
            Assert.Equal(["model"], await named.ListAsync(location, "", Cancel).Select(item => item.Path).ToArrayAsync(Cancel));
        }

        Assert.Equal(["model"], await store.ListAsync(_blobs.Location, "", Cancel).Select(item => item.Path).ToArrayAsync(Cancel));
    }

    private async Task PutDirectoryAsync(string path) =>
        await _blobs.BlobOf(path).UploadAsync(BinaryData.FromString(""), new BlobUploadOptions { Metadata = new Dictionary<string, string> { ["hdi_isfolder"] = "true" } }, Cancel);

    private async Task<string[]> NamesAsync() => await _blobs.Container.GetBlobsAsync(new(), Cancel).Select(item => item.Name).ToArrayAsync(Cancel);

    private sealed class PageSize(int size) : Azure.Core.Pipeline.HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(Azure.Core.HttpMessage message)
        {
            if (message.Request.Uri.Query.Contains("comp=list", StringComparison.Ordinal))
                message.Request.Uri.AppendQuery("maxresults", $"{size}");
        }
    }

    private sealed class NoteDeletes(List<string> deleted) : Azure.Core.Pipeline.HttpPipelineSynchronousPolicy
    {
        public override void OnSendingRequest(Azure.Core.HttpMessage message)
        {
            if (message.Request.Method.Method == "DELETE")
                deleted.Add(message.Request.Uri.Path);
        }
    }
}
