using System.Net;
using MLOps.Tracking.Artifacts;
using Xunit;

namespace MLOps.Tracking.Contract.Artifacts;

/// <content>What only stores with a capability do; the others say so.</content>
public abstract partial class ArtifactStoreContract
{
    /// <summary>Sends the requests for download links.</summary>
    protected static HttpClient Http { get; } = new();

    [Fact]
    public async Task An_object_that_is_to_be_created_only_leaves_one_that_is_there()
    {
        ArtifactPutOptions createOnly = new() { CreateOnly = true };
        await using MemoryStream first = new("first"u8.ToArray()), second = new("second"u8.ToArray());
        if (!Store.Capabilities.HasFlag(ArtifactStoreCapabilities.CreateOnly))
        {
            await RefusesAsync(ArtifactStoreCapabilities.CreateOnly, async () => await Store.PutAsync(Location, "lock", first, createOnly, Cancel));
            Assert.Empty(await ListAsync(""));
            return;
        }

        await Store.PutAsync(Location, "lock", first, createOnly, Cancel);
        ArtifactExistsException there = await Assert.ThrowsAsync<ArtifactExistsException>(async () => await Store.PutAsync(Location, "lock", second, createOnly, Cancel));
        Assert.Equal((Location, "lock"), (there.Location, there.Path));
        Assert.Equal("first", await GetTextAsync("lock"));
        await Store.DeleteAsync(Location, "lock", Cancel);
        second.Position = 0;
        await Store.PutAsync(Location, "lock", second, createOnly, Cancel);
        Assert.Equal("second", await GetTextAsync("lock"));
    }

    [Fact]
    public async Task Of_many_that_create_one_object_at_once_one_wins()
    {
        if (!Store.Capabilities.HasFlag(ArtifactStoreCapabilities.CreateOnly))
            return;
        bool[] won = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(
            async () =>
            {
                try
                {
                    await using MemoryStream content = new(Noise(20_000, seed: 30 + i));
                    await Store.PutAsync(Location, "lock", content, new() { CreateOnly = true }, Cancel);
                    return true;
                }
                catch (ArtifactExistsException)
                {
                    return false;
                }
            },
            Cancel)));
        int winner = Assert.Single(Enumerable.Range(0, 16), i => won[i]);
        Assert.Equal(Noise(20_000, seed: 30 + winner), await GetAsync("lock"));
    }

    [Fact]
    public async Task A_copy_has_the_content_and_outlives_its_source()
    {
        if (!Store.Capabilities.HasFlag(ArtifactStoreCapabilities.Copy))
        {
            await RefusesAsync(ArtifactStoreCapabilities.Copy, async () => await Store.CopyAsync(Location, "a", Location, "b", Cancel));
            return;
        }

        Uri other = await CreateLocationAsync();
        byte[] content = Noise(300_000, seed: 40);
        const string From = "a/größe + 100% 'x'.bin", To = "kopie/größe + 100% 'y'.bin";
        await PutAsync(From, content);
        ArtifactObject copy = await Store.CopyAsync(Location, From, other, To, Cancel);
        Assert.Equal((To, 300_000L), (copy.Path, copy.SizeBytes));
        Assert.Equal(copy.ETag, (await Store.FindAsync(other, To, Cancel))!.Value.ETag);
        await Store.DeleteAsync(Location, From, Cancel);
        await using (ArtifactContent opened = await Store.OpenReadAsync(other, To, default, Cancel))
            Assert.Equal(content, await ReadAsync(opened.Stream));

        await PutAsync("again", "new");
        await Store.CopyAsync(Location, "again", other, To, Cancel);
        await using (ArtifactContent replaced = await Store.OpenReadAsync(other, To, default, Cancel))
            Assert.Equal("new"u8.ToArray(), await ReadAsync(replaced.Stream));

        ArtifactNotFoundException missing = await Assert.ThrowsAsync<ArtifactNotFoundException>(async () => await Store.CopyAsync(Location, "nothing", other, "x", Cancel));
        Assert.Equal((Location, "nothing"), (missing.Location, missing.Path));
        Assert.Equal([To], (await Store.ListAsync(other, "", Cancel).ToArrayAsync(Cancel)).Select(item => item.Path));
    }

    [Theory]
    [InlineData("model.bin")]
    [InlineData("größe/with space + plus & 100%.txt")]
    public async Task A_download_link_gives_the_content_to_anybody(string path)
    {
        if (!Store.Capabilities.HasFlag(ArtifactStoreCapabilities.DownloadLinks))
        {
            await RefusesAsync(ArtifactStoreCapabilities.DownloadLinks, async () => await Store.GetDownloadLinkAsync(Location, path, TimeSpan.FromMinutes(5), Cancel));
            return;
        }

        byte[] content = Noise(50_000, seed: 50);
        await PutAsync(path, content);
        Uri link = await Store.GetDownloadLinkAsync(Location, path, TimeSpan.FromMinutes(5), Cancel);
        Assert.Equal(content, await Http.GetByteArrayAsync(link, Cancel));
        Uri missing = await Store.GetDownloadLinkAsync(Location, "nothing", TimeSpan.FromMinutes(5), Cancel);
        using HttpResponseMessage answer = await Http.GetAsync(missing, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    private static async Task RefusesAsync(ArtifactStoreCapabilities capability, Func<Task> act) =>
        Assert.Contains(capability.ToString(), (await Assert.ThrowsAsync<NotSupportedException>(act)).Message, StringComparison.Ordinal);
}
