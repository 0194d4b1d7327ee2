using System.Text;
using MLOps.Tracking.Artifacts;
using Xunit;

namespace MLOps.Tracking.Contract.Artifacts;

/// <summary>What every artifact store does. A store is right when a class that inherits this passes.</summary>
public abstract partial class ArtifactStoreContract : IAsyncLifetime
{
    /// <summary>The store under test.</summary>
    protected abstract IArtifactStore Store { get; }

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Uri Location { get; set; } = null!;

    public virtual async ValueTask InitializeAsync() => Location = await CreateLocationAsync();

    public virtual ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return default;
    }

    /// <summary>Gives a new, empty location that <see cref="Store"/> serves.</summary>
    protected abstract ValueTask<Uri> CreateLocationAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(128 * 1024)]
    [InlineData(3_000_001)]
    public async Task An_object_comes_back_as_it_was_put(int size)
    {
        byte[] content = Noise(size, seed: 1);
        await PutAsync("a/b.bin", content);
        Assert.Equal(content, await GetAsync("a/b.bin"));
        Assert.Equal([("a/b.bin", (long)size)], await NamesAsync());
    }

    [Fact]
    public async Task Content_that_comes_in_small_pieces_and_cannot_seek_is_read_to_its_end()
    {
        byte[] content = Noise(10_000, seed: 2);
        await using Stream drops = new Drops(content, failAt: null);
        await Store.PutAsync(Location, "drops", drops, default, Cancel);
        Assert.Equal(content, await GetAsync("drops"));
    }

    [Fact]
    public async Task Content_is_read_until_a_read_gives_nothing_and_from_where_it_stands()
    {
        await using MemoryStream content = new("0123456789"u8.ToArray()) { Position = 4 };
        await Store.PutAsync(Location, "tail", content, default, Cancel);
        Assert.Equal("456789", await GetTextAsync("tail"));
        Assert.Equal(content.Length, content.Position);
        Assert.True(content.CanRead, "the content is the caller's to dispose");
    }

    [Fact]
    public async Task A_second_put_replaces_the_first()
    {
        await PutAsync("model", "a long first content");
        await PutAsync("model", "second");
        Assert.Equal("second", await GetTextAsync("model"));
        Assert.Equal([("model", 6L)], await NamesAsync());
    }

    [Fact]
    public async Task A_reader_keeps_the_content_that_it_opened_when_the_object_is_replaced()
    {
        byte[] first = Noise(1_000_000, seed: 3);
        await PutAsync("model", first);
        await using ArtifactContent reader = await Store.OpenReadAsync(Location, "model", default, Cancel);
        await PutAsync("model", Noise(1_000_000, seed: 4));
        Assert.Equal(first, await ReadAsync(reader.Stream));
    }

    [Fact]
    public async Task A_put_whose_content_fails_raises_that_failure_and_leaves_nothing()
    {
        await using Stream failing = new Drops(Noise(500_000, seed: 5), failAt: 400_000);
        await Assert.ThrowsAsync<ContentFailedException>(async () => await Store.PutAsync(Location, "a/half", failing, default, Cancel));
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task A_put_whose_content_fails_leaves_the_earlier_object_as_it_was()
    {
        await PutAsync("model", "good");
        await using Stream failing = new Drops(Noise(500_000, seed: 6), failAt: 400_000);
        await Assert.ThrowsAsync<ContentFailedException>(async () => await Store.PutAsync(Location, "model", failing, default, Cancel));
        Assert.Equal("good", await GetTextAsync("model"));
    }

    [Fact]
    public async Task A_put_that_fails_at_the_end_of_its_content_leaves_nothing()
    {
        byte[] content = Noise(1000, seed: 7);
        await using Stream failing = new Drops(content, failAt: content.Length);
        await Assert.ThrowsAsync<ContentFailedException>(async () => await Store.PutAsync(Location, "late", failing, default, Cancel));
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task A_cancelled_put_leaves_nothing()
    {
        using CancellationTokenSource cancel = new();
        await using Stream content = new Drops(Noise(500_000, seed: 8), failAt: null, at: 200_000, then: cancel.Cancel);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.PutAsync(Location, "half", content, default, cancel.Token));
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task Many_puts_of_one_path_at_once_leave_one_of_them_whole()
    {
        byte[][] contents = [.. Enumerable.Range(0, 8).Select(i => Noise(200_000 + i, seed: 10 + i))];
        await Task.WhenAll(contents.Select(content => Task.Run(() => PutAsync("model", content), Cancel)));
        byte[] found = await GetAsync("model");
        Assert.Contains(contents, content => content.AsSpan().SequenceEqual(found));
        Assert.Single(await ListAsync(""));
    }

    [Theory]
    [InlineData("with space/and + plus & ampersand.txt")]
    [InlineData("percent 100%/50%25.txt")]
    [InlineData("größe/模型/😀.bin")]
    [InlineData("2026-01-01T10_00_00Z=a,b;c'd(e)[f]{g}~!@$^.json")]
    [InlineData(".hidden/.file")]
    [InlineData(".mlops/manifests/x.json")]
    public async Task Names_come_back_as_they_were_given(string path)
    {
        await PutAsync(path, path);
        Assert.Equal(path, await GetTextAsync(path));
        Assert.Equal([path], (await ListAsync("")).Select(item => item.Path));
        Assert.True(await Store.DeleteAsync(Location, path, Cancel));
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task A_list_of_a_folder_has_what_is_below_it_and_no_name_that_only_begins_alike()
    {
        foreach (string path in (string[])["a", "ab/x", "folder/x", "folder/deep/er/y", "folder2/z", ".mlops/manifests/m.json"])
            await PutAsync(path, path);
        Assert.Equal(["folder/deep/er/y", "folder/x"], await PathsAsync("folder"));
        Assert.Equal(["folder/deep/er/y"], await PathsAsync("folder/deep"));
        Assert.Equal([".mlops/manifests/m.json"], await PathsAsync(".mlops/manifests"));
        Assert.Equal(6, (await PathsAsync("")).Length);
        Assert.Empty(await PathsAsync("a"));
        Assert.Empty(await PathsAsync("fold"));
        Assert.Empty(await PathsAsync("nothing/here"));
    }

    [Fact]
    public async Task A_location_that_nothing_was_put_to_is_empty() => Assert.Empty(await ListAsync(""));

    [Fact]
    public async Task Two_locations_do_not_see_each_other()
    {
        Uri other = await CreateLocationAsync();
        await PutAsync("model", "here");
        await Assert.ThrowsAsync<ArtifactNotFoundException>(async () => await Store.OpenReadAsync(other, "model", default, Cancel));
        Assert.Empty(await Store.ListAsync(other, "", Cancel).ToArrayAsync(Cancel));
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("no/thing")]
    [InlineData("folder")]
    [InlineData("folder/file/below-a-file")]
    public async Task What_is_not_there_is_not_found_and_its_deletion_is_no_error(string path)
    {
        await PutAsync("folder/file", "x");
        ArtifactNotFoundException missing = await Assert.ThrowsAsync<ArtifactNotFoundException>(async () => await Store.OpenReadAsync(Location, path, default, Cancel));
        Assert.Equal((Location, path), (missing.Location, missing.Path));
        await Store.DeleteAsync(Location, path, Cancel);
        Assert.Equal(["folder/file"], await PathsAsync(""));
    }

    [Fact]
    public async Task A_deleted_object_is_gone()
    {
        await PutAsync("a/model", "x");
        Assert.True(await Store.DeleteAsync(Location, "a/model", Cancel));
        await Assert.ThrowsAsync<ArtifactNotFoundException>(async () => await Store.OpenReadAsync(Location, "a/model", default, Cancel));
        Assert.Empty(await ListAsync(""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("..")]
    [InlineData("../x")]
    [InlineData("a/../../x")]
    [InlineData("a/./x")]
    [InlineData("a//x")]
    [InlineData("a/")]
    [InlineData("/x")]
    [InlineData("C:/x")]
    [InlineData(@"a\x")]
    [InlineData("a\0x")]
    [InlineData("%2e%2e/x")]
    [InlineData(".mlops/../../x")]
    public async Task A_path_that_could_leave_the_location_is_refused_by_every_member(string path)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => PutAsync(path, "x"));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.OpenReadAsync(Location, path, default, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.FindAsync(Location, path, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.DeleteAsync(Location, path, Cancel));
        if (path.Length > 0)
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.DeletePrefixAsync(Location, path, Cancel));
        if (Store.Capabilities.HasFlag(ArtifactStoreCapabilities.Copy))
        {
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.CopyAsync(Location, path, Location, "x", Cancel));
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.CopyAsync(Location, "x", Location, path, Cancel));
        }

        if (Store.Capabilities.HasFlag(ArtifactStoreCapabilities.DownloadLinks))
            await Assert.ThrowsAsync<ArgumentException>(async () => await Store.GetDownloadLinkAsync(Location, path, TimeSpan.FromMinutes(1), Cancel));
        if (path.Length > 0)
            await Assert.ThrowsAsync<ArgumentException>(() => PathsAsync(path));
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task A_location_of_another_scheme_is_not_served()
    {
        Uri strange = new("no-such-scheme://host/path");
        Assert.True(Store.Serves(Location));
        Assert.False(Store.Serves(strange));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.OpenReadAsync(strange, "model", default, Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.FindAsync(strange, "model", Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await Store.DeletePrefixAsync(strange, "", Cancel));
    }

    [Fact]
    public async Task A_cancelled_question_is_not_answered()
    {
        await PutAsync("model", "x");
        CancellationToken cancelled = new(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.OpenReadAsync(Location, "model", default, cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.FindAsync(Location, "model", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.DeletePrefixAsync(Location, "", cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.ListAsync(Location, "", cancelled).ToArrayAsync(cancelled));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Store.DeleteAsync(Location, "model", cancelled));
    }

    private static byte[] Noise(int size, int seed)
    {
        byte[] bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static async Task<byte[]> ReadAsync(Stream stream)
    {
        using MemoryStream copy = new();
        await stream.CopyToAsync(copy, Cancel);
        return copy.ToArray();
    }

    private Task PutAsync(string path, string content) => PutAsync(path, Encoding.UTF8.GetBytes(content));

    private async Task PutAsync(string path, byte[] content)
    {
        await using MemoryStream stream = new(content);
        await Store.PutAsync(Location, path, stream, default, Cancel);
    }

    private async Task<byte[]> GetAsync(string path)
    {
        await using ArtifactContent content = await Store.OpenReadAsync(Location, path, default, Cancel);
        return await ReadAsync(content.Stream);
    }

    private async Task<string> GetTextAsync(string path) => Encoding.UTF8.GetString(await GetAsync(path));

    private async Task<ArtifactObject[]> ListAsync(string prefix) => await Store.ListAsync(Location, prefix, Cancel).ToArrayAsync(Cancel);

    private async Task<(string, long)[]> NamesAsync() => [.. (await ListAsync("")).Select(item => (item.Path, item.SizeBytes))];

    private async Task<string[]> PathsAsync(string prefix) => [.. (await ListAsync(prefix)).Select(item => item.Path).Order(StringComparer.Ordinal)];

    private sealed class ContentFailedException : Exception;

    /// <summary>Gives at most 4,099 bytes a read, cannot seek, and may fail or call back on the way.</summary>
    private sealed class Drops(byte[] content, int? failAt, int at = -1, Action? then = null) : Stream
    {
        private int _position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (failAt <= _position)
                throw new ContentFailedException();
            int read = Math.Min(Math.Min(count, 4099), content.Length - _position);
            content.AsSpan(_position, read).CopyTo(buffer.AsSpan(offset));
            _position += read;
            if (at >= 0 && _position >= at)
                then?.Invoke();
            return read;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
