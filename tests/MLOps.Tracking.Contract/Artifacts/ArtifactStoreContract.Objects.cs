using MLOps.Tracking.Artifacts;
using Xunit;

namespace MLOps.Tracking.Contract.Artifacts;

/// <content>Looking objects up, ranges, deletion by prefix.</content>
public abstract partial class ArtifactStoreContract
{
    [Fact]
    public async Task Every_member_tells_the_same_of_an_object()
    {
        byte[] content = Noise(12_345, seed: 20);
        await using MemoryStream stream = new(content);
        ArtifactObject put = await Store.PutAsync(Location, "a/model", stream, new() { SizeBytes = content.Length }, Cancel);
        Assert.Equal(("a/model", 12_345L), (put.Path, put.SizeBytes));
        ArtifactObject? found = await Store.FindAsync(Location, "a/model", Cancel);
        Assert.Equal(put, found!.Value with { KeyId = put.KeyId });
        Assert.Equal(put, (await ListAsync("a")).Single() with { KeyId = put.KeyId });
        await using ArtifactContent opened = await Store.OpenReadAsync(Location, "a/model", default, Cancel);
        Assert.Equal(put, opened.Artifact);
        Assert.Equal(content, await ReadAsync(opened.Stream));
    }

    [Fact]
    public async Task A_replaced_object_has_another_etag_and_an_untouched_one_keeps_its_own()
    {
        await PutAsync("model", "first");
        ArtifactObject first = (await Store.FindAsync(Location, "model", Cancel))!.Value;
        Assert.Equal(first, await Store.FindAsync(Location, "model", Cancel));
        await PutAsync("model", "other");
        ArtifactObject second = (await Store.FindAsync(Location, "model", Cancel))!.Value;
        if (first.ETag is not null)
            Assert.NotEqual(first.ETag, second.ETag);
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("folder")]
    [InlineData("folder/fil")]
    [InlineData("folder/file/below-a-file")]
    public async Task What_is_not_there_is_not_found_by_looking_it_up(string path)
    {
        await PutAsync("folder/file", "x");
        Assert.Null(await Store.FindAsync(Location, path, Cancel));
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(0, 1L)]
    [InlineData(1, null)]
    [InlineData(99_999, null)]
    [InlineData(100_000, null)]
    [InlineData(50_000, 10L)]
    [InlineData(99_990, 1000L)]
    [InlineData(0, 100_000L)]
    [InlineData(65_535, 3L)]
    public async Task A_range_gives_its_bytes_and_the_size_of_the_whole(int offset, long? length)
    {
        byte[] content = Noise(100_000, seed: 21);
        await PutAsync("model", content);
        await using ArtifactContent range = await Store.OpenReadAsync(Location, "model", new ByteRange(offset, length), Cancel);
        Assert.Equal(100_000, range.Artifact.SizeBytes);
        int end = (int)Math.Min(content.Length, length is { } bytes ? offset + bytes : content.Length);
        Assert.Equal(content[offset..end], await ReadAsync(range.Stream));
    }

    [Fact]
    public async Task A_range_of_an_empty_object_is_empty_and_one_past_the_end_is_refused()
    {
        await PutAsync("empty", []);
        await using (ArtifactContent empty = await Store.OpenReadAsync(Location, "empty", new ByteRange(0, 10), Cancel))
            Assert.Empty(await ReadAsync(empty.Stream));
        await PutAsync("model", "12345");
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await Store.OpenReadAsync(Location, "model", new ByteRange(6), Cancel));
        await Assert.ThrowsAsync<ArtifactNotFoundException>(async () => await Store.OpenReadAsync(Location, "nothing", new ByteRange(6), Cancel));
    }

    [Fact]
    public async Task A_folder_is_deleted_with_all_that_is_below_it_and_nothing_beside_it()
    {
        foreach (string path in (string[])["a/1", "a/b/2", "a/b/c/größe 3", "ab/4", "a.txt", ".mlops/manifests/m.json"])
            await PutAsync(path, path);
        (long objects, long bytes) = await Store.DeletePrefixAsync(Location, "a", Cancel);
        Assert.Equal(3, objects);
        Assert.Equal(((string[])["a/1", "a/b/2", "a/b/c/größe 3"]).Sum(System.Text.Encoding.UTF8.GetByteCount), bytes);
        Assert.Equal([".mlops/manifests/m.json", "a.txt", "ab/4"], await PathsAsync(""));
        Assert.Equal((0, 0), await Store.DeletePrefixAsync(Location, "a", Cancel));
        Assert.Equal((0, 0), await Store.DeletePrefixAsync(Location, "a.txt", Cancel));
        Assert.Equal(3, (await Store.DeletePrefixAsync(Location, "", Cancel)).Objects);
        Assert.Empty(await ListAsync(""));
    }
}
