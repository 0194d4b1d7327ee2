using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Artifacts;
using Xunit;

namespace MLOps.Tracking.Tests.Artifacts;

public sealed class ArtifactFolderTests : IDisposable
{
    private readonly TemporaryFolder _local = new();
    private readonly TemporaryFolder _root = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ArtifactFolder _artifacts;

    public ArtifactFolderTests() => _artifacts = Open();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _local.Dispose();
        _root.Dispose();
    }

    [Fact]
    public async Task An_upload_writes_its_hash_into_one_manifest_beside_the_plain_file()
    {
        ArtifactFile file = await UploadAsync("plots/roc.txt", "roc");
        Assert.Equal((new ArtifactPath("plots/roc.txt"), 3, HashOf("roc")), (file.Path, file.SizeBytes, file.Sha256));
        Assert.Equal("roc", await File.ReadAllTextAsync(_root["plots/roc.txt"], Cancel));

        string manifest = Assert.Single(Manifests());
        Assert.Equal(7, Guid.ParseExact(Path.GetFileNameWithoutExtension(manifest), "D").Version);
        Assert.Equal(
            $$"""{"version":1,"files":[{"path":"plots/roc.txt","bytes":3,"sha256":"{{HashOf("roc")}}","keyId":null,"etag":"{{ETagOf(_root["plots/roc.txt"])}}"}]}""",
            await File.ReadAllTextAsync(manifest, Cancel));
    }

    [Fact]
    public async Task A_folder_of_two_thousand_files_goes_up_in_one_call_with_one_manifest_and_true_progress()
    {
        for (int i = 0; i < 2000; i++)
            _local.Write($"{i % 20}/{i}.txt", $"content of {i}");
        IReadOnlyList<ArtifactUpload> files = ArtifactUpload.FromFolder(_local.Path, "data");
        List<ArtifactProgress> reports = [];
        IReadOnlyList<ArtifactFile> uploaded = await _artifacts.UploadFilesAsync(files, options: null, new Listener<ArtifactProgress>(reports.Add), Cancel);

        Assert.Equal(files.Select(file => file.Path), uploaded.Select(file => file.Path));
        Assert.Single(Manifests());
        Assert.Equal(uploaded, await _artifacts.ListAsync(Cancel));
        Assert.Equal(HashOf("content of 1234"), uploaded.Single(file => file.Path == "data/14/1234.txt").Sha256);
        long bytes = uploaded.Sum(file => file.SizeBytes);
        Assert.Equal(new ArtifactProgress(2000, 2000, bytes, bytes), reports[^1]);
        Assert.Equal(reports.OrderBy(report => report.Files).ThenBy(report => report.Bytes), reports);
    }

    [Fact]
    public async Task An_upload_of_no_files_writes_nothing()
    {
        Assert.Empty(await _artifacts.UploadFilesAsync([], cancellationToken: Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(_root.Path));
        Assert.Empty(await _artifacts.ListAsync(Cancel));
    }

    [Fact]
    public async Task Two_files_for_one_path_and_a_missing_file_are_refused_before_anything_is_uploaded()
    {
        string file = _local.Write("a", "x");
        await Assert.ThrowsAsync<ArgumentException>(() => _artifacts.UploadFilesAsync([new("m", file), new("m", file)], cancellationToken: Cancel));
        await Assert.ThrowsAsync<FileNotFoundException>(() => _artifacts.UploadFilesAsync([new("m", file), new("n", _local["missing"])], cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => _artifacts.UploadFilesAsync([new(default, file)], cancellationToken: Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(_root.Path));
    }

    [Fact]
    public async Task The_newest_upload_of_a_path_counts_even_when_the_clock_stands_still_or_goes_back()
    {
        await UploadAsync("model", "first");
        await UploadAsync("model", "second");
        Assert.Equal(HashOf("second"), Assert.Single(await _artifacts.ListAsync(Cancel)).Sha256);

        ArtifactFolder elsewhere = new(new LocalArtifactStore(), _artifacts.Location, new FakeTimeProvider(_time.GetUtcNow().AddDays(-3)));
        await using MemoryStream content = new("third"u8.ToArray());
        await elsewhere.UploadAsync("model", content, options: null, Cancel);
        Assert.Equal(HashOf("third"), Assert.Single(await _artifacts.ListAsync(Cancel)).Sha256);
        Assert.Equal("third", await ReadAsync("model"));
    }

    [Fact]
    public async Task An_upload_that_ends_between_its_content_and_its_manifest_leaves_the_new_content_readable()
    {
        await UploadAsync("model", "first");
        ArtifactFolder dying = new(new DyingStore("model"), _artifacts.Location, _time);

        await using MemoryStream content = new("second"u8.ToArray());
        await Assert.ThrowsAsync<ArtifactStoreException>(() => dying.UploadAsync("model", content, options: null, Cancel));

        Assert.Equal("second", await ReadAsync("model"));
        Assert.Equal(new() { Path = "model", SizeBytes = 6 }, Assert.Single(await Open().ListAsync(Cancel)));
        await UploadAsync("model", "third");
        Assert.Equal(HashOf("third"), Assert.Single(await Open().ListAsync(Cancel)).Sha256);
    }

    [Fact]
    public async Task An_upload_that_ends_before_its_content_leaves_the_old_content_verified()
    {
        await UploadAsync("model", "first");
        await using FailingStream content = new();

        await Assert.ThrowsAsync<InvalidDataException>(() => _artifacts.UploadAsync("model", content, options: null, Cancel));

        Assert.Equal(HashOf("first"), Assert.Single(await Open().ListAsync(Cancel)).Sha256);
        Assert.Equal("first", await ReadAsync("model"));
    }

    [Fact]
    public async Task Files_of_other_tools_are_listed_and_served_unverified()
    {
        _root.Write("notes/foreign.txt", "by hand");
        _root.Write("notes/not#an-artifact-path", "by hand");
        await UploadAsync("model", "ours");
        Assert.Equal(
            [new() { Path = "model", SizeBytes = 4, Sha256 = HashOf("ours") }, new() { Path = "notes/foreign.txt", SizeBytes = 7 }],
            await _artifacts.ListAsync(Cancel));
        Assert.Equal("by hand", await ReadAsync("notes/foreign.txt"));
        Assert.Null((await _artifacts.DownloadAsync("notes/foreign.txt", _local["foreign.txt"], progress: null, Cancel)).Sha256);
    }

    [Theory]
    [InlineData("not the content", "same size, other bytes")]
    [InlineData("the content", "the conten")]
    [InlineData("the content", "the content and more")]
    [InlineData("the content", "")]
    public async Task A_changed_artifact_is_found_out_by_every_way_of_reading(string content, string changed)
    {
        await UploadAsync("model", content);
        File.WriteAllText(_root["model"], changed);
        string kept = _local.Write("model", "earlier download");

        ArtifactCorruptException corrupt = await Assert.ThrowsAsync<ArtifactCorruptException>(() => _artifacts.DownloadAsync("model", kept, progress: null, Cancel));
        Assert.Equal(("model", HashOf(content), HashOf(changed)), (corrupt.Path, corrupt.Expected, corrupt.Actual));
        Assert.Equal("earlier download", await File.ReadAllTextAsync(kept, Cancel));
        Assert.Equal([kept], Directory.GetFiles(_local.Path));
        await Assert.ThrowsAsync<ArtifactCorruptException>(() => ReadAsync("model"));
        await using Stream stream = await _artifacts.OpenReadAsync("model", Cancel);
        Assert.Throws<ArtifactCorruptException>(() => new StreamReader(stream).ReadToEnd());
    }

    [Fact]
    public async Task A_download_arrives_verified_and_makes_its_folder()
    {
        ArtifactFile uploaded = await UploadAsync("model", "content");
        Assert.Equal(uploaded, await _artifacts.DownloadAsync("model", _local["new/folder/model"], progress: null, Cancel));
        Assert.Equal("content", await File.ReadAllTextAsync(_local["new/folder/model"], Cancel));
        Assert.Single(Directory.GetFileSystemEntries(_local["new/folder"]));
    }

    [Fact]
    public async Task What_is_not_there_is_not_found_and_no_local_file_appears()
    {
        await Assert.ThrowsAsync<ArtifactNotFoundException>(() => _artifacts.OpenReadAsync("model", Cancel));
        await Assert.ThrowsAsync<ArtifactNotFoundException>(() => _artifacts.DownloadAsync("model", _local["model"], progress: null, Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(_local.Path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_that_changes_while_it_is_read_is_not_kept_and_the_earlier_artifact_stays(bool sameLength)
    {
        await UploadAsync("model", "earlier");
        string growing = _local.Write("growing", new string('x', 300_000));
        Listener<ArtifactProgress> progress = new(report =>
        {
            if (report.Bytes > 200_000)
            {
                File.WriteAllText(growing, new string('y', sameLength ? 300_000 : 300_001));
                File.SetLastWriteTimeUtc(growing, new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
            }
        });
        ArtifactChangedException refused = await Assert.ThrowsAsync<ArtifactChangedException>(() => _artifacts.UploadFilesAsync([new("model", growing)], options: null, progress, Cancel));
        Assert.Equal(("model", growing), (refused.Path, refused.SourceFile));
        Assert.Equal("earlier", await ReadAsync("model"));
        Assert.Single(Manifests());
    }

    [Fact]
    public async Task Files_that_were_complete_when_a_call_failed_are_in_a_manifest_so_that_they_are_not_taken_for_corrupt()
    {
        await UploadAsync("a", "earlier");
        string a = _local.Write("a", "later"), b = _local.Write("b", "refused");
        ArtifactFolder artifacts = new(new RefusingStore("b", after: "a"), _artifacts.Location, _time);
        await Assert.ThrowsAsync<ArtifactStoreException>(() => artifacts.UploadFilesAsync([new("a", a), new("b", b)], cancellationToken: Cancel));
        Assert.Equal("later", await ReadAsync("a"));
        Assert.Equal(["a"], (await _artifacts.ListAsync(Cancel)).Select(file => file.Path.Value));
    }

    [Fact]
    public async Task A_store_that_does_not_read_to_the_end_is_told_so()
    {
        ArtifactFolder artifacts = new(new IdleStore(), _artifacts.Location, _time);
        await using MemoryStream content = new([1, 2, 3]);
        await Assert.ThrowsAsync<ArtifactStoreException>(() => artifacts.UploadAsync("model", content, options: null, Cancel));
    }

    [Fact]
    public async Task A_manifest_that_is_garbage_is_named()
    {
        await UploadAsync("model", "content");
        string manifest = Assert.Single(Manifests());
        foreach (string garbage in (string[])["", "garbage", "[]", "{}", "null", """{"version":1}""", """{"version":1,"files":[null]}""", """{"version":1,"files":[{"path":"../x","bytes":1,"sha256":"00","keyId":null}]}"""])
        {
            File.WriteAllText(manifest, garbage);
            ArtifactCorruptException corrupt = await Assert.ThrowsAsync<ArtifactCorruptException>(() => Open().ListAsync(Cancel));
            Assert.Contains(Path.GetFileName(manifest), corrupt.Message, StringComparison.Ordinal);
            await Assert.ThrowsAsync<ArtifactCorruptException>(() => Open().OpenReadAsync("model", Cancel));
        }
    }

    [Fact]
    public async Task A_manifest_of_a_later_version_asks_for_an_update()
    {
        _root.Write($".mlops/manifests/{Guid.CreateVersion7()}.json", """{"version":2,"files":[],"more":true}""");
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(() => _artifacts.ListAsync(Cancel));
        Assert.Contains("Update the package", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_among_the_manifests_that_is_none_by_its_name_is_left_alone()
    {
        _root.Write(".mlops/manifests/.DS_Store", "x");
        _root.Write(".mlops/manifests/readme.json", "x");
        await UploadAsync("model", "content");
        Assert.Equal(["model"], (await _artifacts.ListAsync(Cancel)).Select(file => file.Path.Value));
    }

    [Fact]
    public async Task A_cancelled_upload_leaves_no_file_and_no_manifest()
    {
        string file = _local.Write("large", new string('x', 1_000_000));
        using CancellationTokenSource cancel = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => _artifacts.UploadFilesAsync([new("large", file)], options: null, new Listener<ArtifactProgress>(_ => cancel.Cancel()), cancel.Token));
        Assert.Empty(await _artifacts.ListAsync(Cancel));
        Assert.Empty(Directory.GetFiles(_root.Path, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }));
    }

    [Fact]
    public async Task Uploads_from_many_threads_are_all_kept()
    {
        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => Task.Run(() => UploadAsync($"file {i}", $"content {i}"), Cancel)));
        IReadOnlyList<ArtifactFile> files = await Open().ListAsync(Cancel);
        Assert.Equal(40, files.Count);
        Assert.All(files, file => Assert.Equal(HashOf("content" + file.Path.Value[4..]), file.Sha256));
        Assert.Equal(40, Manifests().Select(name => Path.GetFileName(name)[..13]).Distinct().Count());
    }

    [Fact]
    public void A_location_that_the_store_does_not_serve_is_refused() =>
        Assert.Throws<ArgumentException>(() => new ArtifactFolder(new LocalArtifactStore(), new("s3://bucket/x"), _time));

    [Fact]
    public void Links_in_a_local_folder_are_not_uploaded()
    {
        using TemporaryFolder outside = new();
        outside.Write("secret", "x");
        _local.Write("b/file", "x");
        _local.Write("a", "x");
        Directory.CreateSymbolicLink(_local["link"], outside.Path);
        File.CreateSymbolicLink(_local["secret"], outside["secret"]);
        Assert.Equal(["a", "b/file"], ArtifactUpload.FromFolder(_local.Path).Select(upload => upload.Path.Value));
        Assert.Throws<DirectoryNotFoundException>(() => ArtifactUpload.FromFolder(_local["missing"]));
    }

    private static string HashOf(string content) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    private ArtifactFolder Open() => new(new LocalArtifactStore(), LocalArtifactStore.LocationOf(_root.Path), _time);

    private string[] Manifests() => Directory.GetFiles(_root[".mlops/manifests"]);

    private async Task<ArtifactFile> UploadAsync(string path, string content)
    {
        await using MemoryStream stream = new(Encoding.UTF8.GetBytes(content));
        return await _artifacts.UploadAsync(path, stream, options: null, Cancel);
    }

    private async Task<string> ReadAsync(string path)
    {
        await using Stream stream = await _artifacts.OpenReadAsync(path, Cancel);
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync(Cancel);
    }

    private sealed class Listener<T>(Action<T> listen) : IProgress<T>
    {
        public void Report(T value) => listen(value);
    }

    /// <summary>Refuses one path, once another has been put.</summary>
    private sealed class RefusingStore(string refused, string after) : LocalStoreDecorator
    {
        private readonly TaskCompletionSource _put = new();

        public override async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
        {
            if (path == refused)
            {
                await _put.Task.WaitAsync(cancellationToken);
                throw new ArtifactStoreException("refused", isTransient: false);
            }

            ArtifactObject put = await base.PutAsync(location, path, content, options, cancellationToken);
            if (path == after)
                _put.SetResult();
            return put;
        }
    }

    /// <summary>Is gone as soon as one path has been put, as when its process is killed.</summary>
    private sealed class DyingStore(string last) : LocalStoreDecorator
    {
        private bool _isDead;

        public override async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
        {
            if (_isDead)
                throw new ArtifactStoreException("gone", isTransient: false);
            ArtifactObject put = await base.PutAsync(location, path, content, options, cancellationToken);
            _isDead = path == last;
            return put;
        }
    }

    private sealed class FailingStream() : MemoryStream(new byte[10])
    {
        public override int Read(Span<byte> buffer) => throw new InvalidDataException();

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new InvalidDataException();
    }

    private static string ETagOf(string file) => $"{File.GetLastWriteTimeUtc(file).Ticks:x}-{new FileInfo(file).Length:x}";

    private sealed class IdleStore : LocalStoreDecorator
    {
        public override ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken) => default;
    }

    private abstract class LocalStoreDecorator() : DelegatingArtifactStore(new LocalArtifactStore());
}
