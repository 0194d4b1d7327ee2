using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Contract.Artifacts;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace MLOps.Tracking.Tests.Artifacts;

public sealed class LocalArtifactStoreTests : ArtifactStoreContract
{
    private static readonly TimeSpan s_twoDays = TimeSpan.FromDays(2);
    private readonly TemporaryFolder _folder = new();
    private int _locations;

    protected override IArtifactStore Store { get; } = new LocalArtifactStore();

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return base.DisposeAsync();
    }

    protected override ValueTask<Uri> CreateLocationAsync() => new(LocalArtifactStore.LocationOf(_folder[$"location {_locations++} #1 100%20 größe?"]));

    [Fact]
    public void The_location_of_a_folder_leads_back_to_it_whatever_its_name()
    {
        foreach (string name in (string[])["plain", "a b", "a#b", "100%", "100%25", "größe", "a?b=c", "a+b&c"])
            Assert.Equal(_folder[name], LocalArtifactStore.LocationOf(_folder[name]).LocalPath);
    }

    [Theory]
    [InlineData("file:///a?x=1")]
    [InlineData("file:///a#x")]
    [InlineData("https://host/a")]
    [InlineData("relative/path")]
    public void Only_plain_file_locations_are_served(string location) =>
        Assert.False(Store.Serves(new(location, UriKind.RelativeOrAbsolute)));

    [Fact]
    public async Task Files_lie_in_the_plain_and_no_temporary_one_stays()
    {
        await PutAsync("plots/roc.txt", "roc");
        Assert.Equal("roc", await File.ReadAllTextAsync(_folder["plots/roc.txt"], Cancel));
        Assert.Equal([_folder["plots/roc.txt"]], Directory.GetFiles(_folder.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }));
    }

    [Theory]
    [InlineData("link/secret")]
    [InlineData("link/deep/secret")]
    [InlineData("secret-link")]
    public async Task A_link_below_the_location_is_followed_neither_for_reading_nor_for_writing_nor_for_deletion(string path)
    {
        using TemporaryFolder outside = new();
        outside.Write("secret", "outside");
        outside.Write("deep/secret", "outside");
        Directory.CreateSymbolicLink(_folder["link"], outside.Path);
        File.CreateSymbolicLink(_folder["secret-link"], outside["secret"]);

        Assert.Contains("symbolic link", (await Assert.ThrowsAsync<ArtifactStoreException>(async () => await Store.OpenReadAsync(Location, path, default, Cancel))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArtifactStoreException>(() => PutAsync(path, "overwritten"));
        await Assert.ThrowsAsync<ArtifactStoreException>(async () => await Store.DeleteAsync(Location, path, Cancel));
        Assert.Equal("outside", await File.ReadAllTextAsync(outside["secret"], Cancel));
        Assert.Equal("outside", await File.ReadAllTextAsync(outside["deep/secret"], Cancel));
        Assert.Empty(await Store.ListAsync(Location, "", Cancel).ToArrayAsync(Cancel));
    }

    [Fact]
    public async Task A_link_in_place_of_the_reserved_folder_is_not_written_through()
    {
        using TemporaryFolder outside = new();
        Directory.CreateSymbolicLink(_folder[".mlops"], outside.Path);
        await Assert.ThrowsAsync<ArtifactStoreException>(() => PutAsync("model", "x"));
        Assert.Empty(Directory.GetFileSystemEntries(outside.Path));
    }

    [Fact]
    public async Task A_location_that_is_itself_a_link_is_served()
    {
        using TemporaryFolder real = new();
        Directory.CreateSymbolicLink(_folder["linked"], real.Path);
        Uri location = LocalArtifactStore.LocationOf(_folder["linked"]);
        await using MemoryStream content = new([1]);
        await Store.PutAsync(location, "a/model", content, default, Cancel);
        Assert.Equal(["a/model"], (await Store.ListAsync(location, "", Cancel).ToArrayAsync(Cancel)).Select(item => item.Path));
    }

    [Fact]
    public async Task A_file_where_a_folder_is_needed_is_named_and_trying_again_is_not_advised()
    {
        await PutAsync("a", "file");
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(() => PutAsync("a/b", "x"));
        Assert.Contains($"'{_folder["a"]}' is a file", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.IsTransient);
    }

    [Fact]
    public async Task A_folder_of_the_same_name_is_told_and_no_temporary_file_stays()
    {
        await PutAsync("a/b", "x");
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(() => PutAsync("a", "x"));
        Assert.Contains("there is a folder of that name", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder[".mlops/tmp"]));
    }

    [Fact]
    public async Task A_name_that_is_too_long_for_the_file_system_is_refused_with_advice()
    {
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(() => PutAsync(new string('x', 300), "x"));
        Assert.Contains("too long", refused.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder[".mlops/tmp"]));
    }

    [Fact]
    public async Task A_folder_that_may_not_be_written_is_refused_with_advice()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "root may write everywhere");
        if (OperatingSystem.IsWindows())
            return;
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(() => PutAsync("model", "x"));
        File.SetUnixFileMode(_folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Assert.Contains("Give the user of this process the right", refused.Message, StringComparison.Ordinal);
        Assert.False(refused.IsTransient);
    }

    [Theory]
    [InlineData(28, "Free space", true)]
    [InlineData(122, "Free space", true)]
    [InlineData(unchecked((int)0x80070070), "Free space", true)]
    [InlineData(30, "read-only file system", false)]
    [InlineData(5, "input/output error", true)]
    public void A_fault_of_the_disk_becomes_advice(int code, string advice, bool transient)
    {
        ArtifactStoreException told = LocalArtifactStore.Failure(new IOException("input/output error", code), "write", Location, "model", _folder.Path);
        Assert.Contains(advice, told.Message, StringComparison.Ordinal);
        Assert.Equal(transient, told.IsTransient);
    }

    [Fact]
    public async Task What_a_killed_process_left_behind_is_not_listed_and_goes_after_a_day()
    {
        string abandoned = _folder.Write(".mlops/tmp/abandoned", "half");
        FakeTimeProvider time = new(File.GetLastWriteTimeUtc(abandoned));
        LocalArtifactStore store = new(time);
        await using MemoryStream content = new([1]);
        await store.PutAsync(Location, "a", content, default, Cancel);
        Assert.True(File.Exists(abandoned), "its writer may still live");
        Assert.Equal(["a"], await store.ListAsync(Location, "", Cancel).Select(item => item.Path).ToArrayAsync(Cancel));

        time.Advance(s_twoDays);
        await store.PutAsync(Location, "b", content, default, Cancel);
        Assert.False(File.Exists(abandoned));
    }

    private Uri Location => LocalArtifactStore.LocationOf(_folder.Path);

    private async Task PutAsync(string path, string content)
    {
        await using MemoryStream stream = new(System.Text.Encoding.UTF8.GetBytes(content));
        await Store.PutAsync(Location, path, stream, default, Cancel);
    }
}
