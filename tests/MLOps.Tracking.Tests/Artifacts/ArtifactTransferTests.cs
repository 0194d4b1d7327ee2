using System.Collections.Concurrent;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Artifacts;
using Xunit;

namespace MLOps.Tracking.Tests.Artifacts;

/// <summary>What is sent again and what is not, what is taken up where it stopped, and what is left of what failed.</summary>
public sealed class ArtifactTransferTests : IDisposable
{
    private const int Large = 9 << 20;
    private readonly TemporaryFolder _local = new();
    private readonly TemporaryFolder _root = new();
    private readonly ObservedStore _store = new();
    private readonly FakeTimeProvider _time = new();
    private readonly ArtifactFolder _artifacts;

    public ArtifactTransferTests() => _artifacts = Open();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _local.Dispose();
        _root.Dispose();
    }

    [Fact]
    public async Task Unchanged_files_are_not_sent_again_and_changed_ones_are()
    {
        foreach (string name in (string[])["a", "b", "c", "d/e"])
            _local.Write(name, $"content of {name}");
        IReadOnlyList<ArtifactFile> first = await UploadAsync();
        Assert.Equal(5, _store.Puts.Count);

        _store.Puts.Clear();
        List<ArtifactProgress> reports = [];
        IReadOnlyList<ArtifactFile> second = await Open().UploadFilesAsync(ArtifactUpload.FromFolder(_local.Path), options: null, new Reports(reports.Add), Cancel);
        Assert.Equal(first, second);
        Assert.Empty(_store.Puts);
        Assert.Equal((4, 4), (reports[^1].Files, reports[^1].TotalFiles));
        Assert.Equal(reports[^1].TotalBytes, reports[^1].Bytes);

        _local.Write("b", "CONTENT OF b");
        _local.Write("c", "a longer content of c");
        await UploadAsync();
        Assert.Equal(["b", "c"], _store.Puts.Where(path => !path.StartsWith(".mlops", StringComparison.Ordinal)).Order());
        Assert.Equal(HashOf("CONTENT OF b"), (await _artifacts.ListAsync(Cancel)).Single(file => file.Path == "b").Sha256);
    }

    [Fact]
    public async Task A_file_that_was_changed_or_removed_in_the_store_is_sent_again()
    {
        _local.Write("a", "content");
        _local.Write("b", "content");
        await UploadAsync();
        File.WriteAllText(_root["a"], "CONTENT");
        File.Delete(_root["b"]);
        _store.Puts.Clear();
        await UploadAsync();
        Assert.Equal(3, _store.Puts.Count);
        Assert.Equal("content", await File.ReadAllTextAsync(_root["a"], Cancel));
    }

    [Fact]
    public async Task Everything_is_sent_when_that_is_asked_for()
    {
        _local.Write("a", "content");
        await UploadAsync();
        _store.Puts.Clear();
        await _artifacts.UploadFilesAsync(ArtifactUpload.FromFolder(_local.Path), new() { SkipUnchanged = false }, cancellationToken: Cancel);
        Assert.Equal(2, _store.Puts.Count);
    }

    [Fact]
    public async Task What_is_to_be_created_only_leaves_what_is_there()
    {
        string file = _local.Write("a", "first");
        ArtifactUploadOptions createOnly = new() { CreateOnly = true };
        await _artifacts.UploadFilesAsync([new("a", file)], createOnly, cancellationToken: Cancel);
        ArtifactExistsException there = await Assert.ThrowsAsync<ArtifactExistsException>(() => _artifacts.UploadFilesAsync([new("a", file)], createOnly, cancellationToken: Cancel));
        Assert.Equal("a", there.Path);
        await using MemoryStream second = new("second"u8.ToArray());
        await Assert.ThrowsAsync<ArtifactExistsException>(() => _artifacts.UploadAsync("a", second, createOnly, Cancel));
        Assert.Equal("first", await ReadAsync("a"));
    }

    [Fact]
    public async Task Of_two_writers_of_one_path_the_hash_of_the_one_whose_object_is_there_counts()
    {
        // The first to write its object is the last to write its manifest.
        TaskCompletionSource other = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _store.BeforePut = path => path.StartsWith(".mlops", StringComparison.Ordinal) ? other.Task : Task.CompletedTask;
        Task<ArtifactFile> slow = UploadAsync("model", "from the slow one");
        while (!_store.Puts.Contains("model"))
            await Task.Yield();

        // Two writes within one tick of the file system's clock would have one ETag.
        DateTime written = File.GetLastWriteTimeUtc(_root["model"]);
        do
            File.WriteAllText(_local["probe"], "x");
        while (File.GetLastWriteTimeUtc(_local["probe"]) <= written);

        ArtifactFolder second = new(new LocalArtifactStore(), _artifacts.Location, _time);
        await using (MemoryStream content = new("from the fast one"u8.ToArray()))
            await second.UploadAsync("model", content, options: null, Cancel);
        _time.Advance(TimeSpan.FromSeconds(1));
        other.SetResult();
        await slow;

        ArtifactFolder reader = Open();
        Assert.Equal("from the fast one", await ReadAsync("model"));
        Assert.Equal(HashOf("from the fast one"), (await reader.DownloadAsync("model", _local["model"], progress: null, Cancel)).Sha256);
        Assert.Equal(HashOf("from the fast one"), Assert.Single(await reader.ListAsync(Cancel)).Sha256);
        ArtifactVerification verified = await reader.VerifyAsync(Cancel);
        Assert.Empty(verified.Corrupt);
    }

    [Fact]
    public async Task A_deleted_artifact_is_gone_and_nothing_is_missing()
    {
        foreach (string name in (string[])["a/1", "a/b/2", "ab", "c"])
            _local.Write(name, name);
        await UploadAsync();
        Assert.Equal(2, await _artifacts.DeleteAsync("a", Cancel));
        Assert.Equal(1, await _artifacts.DeleteAsync("c", Cancel));
        Assert.Equal(0, await _artifacts.DeleteAsync("nothing", Cancel));
        Assert.Equal(["ab"], (await Open().ListAsync(Cancel)).Select(file => file.Path.Value));
        ArtifactVerification verified = await Open().VerifyAsync(Cancel);
        Assert.Empty(verified.Missing);

        await UploadAsync("c", "c is back");
        Assert.Equal(HashOf("c is back"), (await Open().ListAsync(Cancel)).Single(file => file.Path == "c").Sha256);
    }

    [Fact]
    public async Task A_copy_carries_its_hash_over_and_that_of_what_it_replaces_does_not_stay()
    {
        await UploadAsync("model", "weights");
        await UploadAsync("copy", "an earlier one");
        _root.Write("foreign", "by hand");
        ArtifactFile copy = await _artifacts.CopyAsync("model", "copy", cancellationToken: Cancel);
        Assert.Equal(("copy", HashOf("weights"), 7L), (copy.Path.Value, copy.Sha256, copy.SizeBytes));
        Assert.Equal("weights", await ReadAsync("copy"));

        ArtifactFolder other = new(_store, LocalArtifactStore.LocationOf(_root["other"]), _time);
        await _artifacts.CopyAsync("model", "deep/model", other, Cancel);
        Assert.Equal(HashOf("weights"), Assert.Single(await other.ListAsync(Cancel)).Sha256);

        Assert.Null((await _artifacts.CopyAsync("foreign", "copy", cancellationToken: Cancel)).Sha256);
        Assert.Equal("by hand", await ReadAsync("copy"));
        await Assert.ThrowsAsync<ArtifactNotFoundException>(() => _artifacts.CopyAsync("nothing", "x", cancellationToken: Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => _artifacts.CopyAsync("model", "x", new ArtifactFolder(new LocalArtifactStore(), _artifacts.Location, _time), Cancel));
    }

    [Fact]
    public async Task A_store_without_links_says_so_and_a_time_out_of_range_is_refused()
    {
        await Assert.ThrowsAsync<NotSupportedException>(() => _artifacts.GetDownloadLinkAsync("model", TimeSpan.FromHours(1), Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _artifacts.GetDownloadLinkAsync("model", TimeSpan.Zero, Cancel));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _artifacts.GetDownloadLinkAsync("model", TimeSpan.FromDays(8), Cancel));
    }

    [Fact]
    public async Task A_folder_comes_down_whole_with_true_progress()
    {
        for (int i = 0; i < 300; i++)
            _local.Write($"up/{i % 7}/größe {i}.txt", $"content of {i}");
        _local.Write("up/empty", "");
        File.WriteAllBytes(_local["up/large"], Noise(Large));
        await _artifacts.UploadFilesAsync(ArtifactUpload.FromFolder(_local["up"], "data"), cancellationToken: Cancel);
        _root.Write("data/foreign", "by hand");
        List<ArtifactProgress> reports = [];
        IReadOnlyList<ArtifactFile> files = await Open().DownloadFolderAsync(_local["down"], "data", new Reports(reports.Add), Cancel);

        Assert.Equal(303, files.Count);
        Assert.Equal(files.Select(file => file.Path.Value).Order(StringComparer.Ordinal), files.Select(file => file.Path.Value));
        Assert.All(files, file => Assert.Equal(file.Path == "data/foreign", file.Sha256 is null));
        foreach (string file in Directory.EnumerateFiles(_local["up"], "*", SearchOption.AllDirectories))
            Assert.Equal(await File.ReadAllBytesAsync(file, Cancel), await File.ReadAllBytesAsync(Path.Join(_local["down"], Path.GetRelativePath(_local["up"], file)), Cancel));
        long bytes = files.Sum(file => file.SizeBytes);
        Assert.Equal(new ArtifactProgress(303, 303, bytes, bytes), reports[^1]);
        Assert.Equal(303, Directory.GetFiles(_local["down"], "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Length);
        Assert.Empty(await Open().DownloadFolderAsync(_local["nothing"], "nothing", progress: null, Cancel));
    }

    [Fact]
    public async Task A_corrupt_file_of_a_folder_is_named_and_does_not_arrive()
    {
        await UploadAsync("data/good", "good");
        await UploadAsync("data/bad", "bad");
        File.WriteAllText(_root["data/bad"], "BAD");
        ArtifactCorruptException corrupt = await Assert.ThrowsAsync<ArtifactCorruptException>(() => Open().DownloadFolderAsync(_local["down"], under: null, progress: null, Cancel));
        Assert.Equal(("data/bad", HashOf("bad"), HashOf("BAD")), (corrupt.Path, corrupt.Expected, corrupt.Actual));
        Assert.False(File.Exists(_local["down/data/bad"]));
        Assert.Empty(Directory.GetFiles(_local["down"], "*.part", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }));
    }

    [Fact]
    public async Task A_download_that_was_cut_off_goes_on_from_what_has_arrived()
    {
        byte[] content = await UploadLargeAsync();
        _store.CutReadAt = 6 << 20;
        ArtifactStoreException cut = await Assert.ThrowsAsync<ArtifactStoreException>(() => DownloadAsync());
        Assert.True(cut.IsTransient);
        Assert.False(File.Exists(_local["model"]));
        long arrived = new FileInfo(Assert.Single(Parts())).Length;
        Assert.InRange(arrived, 1 << 20, 6 << 20);

        _store.CutReadAt = null;
        _store.Reads.Clear();
        List<ArtifactProgress> reports = [];
        ArtifactFile file = await Open().DownloadAsync("model", _local["model"], new Reports(reports.Add), Cancel);
        Assert.Equal(new ByteRange(arrived), _store.Reads["model"]);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(content)), file.Sha256);
        Assert.Equal(content, await File.ReadAllBytesAsync(_local["model"], Cancel));
        Assert.Empty(Parts());
        Assert.Equal(new ArtifactProgress(1, 1, Large, Large), reports[^1]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_store_that_is_still_away_costs_nothing_of_what_has_arrived(bool isTransient)
    {
        byte[] content = await UploadLargeAsync();
        _store.CutReadAt = 6 << 20;
        await Assert.ThrowsAsync<ArtifactStoreException>(() => DownloadAsync());
        long arrived = new FileInfo(Assert.Single(Parts())).Length;

        _store.Refusal = new ArtifactStoreException("still away", isTransient);
        await Assert.ThrowsAsync<ArtifactStoreException>(() => DownloadAsync());
        Assert.Equal(arrived, new FileInfo(Assert.Single(Parts())).Length);

        (_store.Refusal, _store.CutReadAt) = (null, null);
        await DownloadAsync();
        Assert.Equal(new ByteRange(arrived), _store.Reads["model"]);
        Assert.Equal(content, await File.ReadAllBytesAsync(_local["model"], Cancel));
        Assert.Empty(Parts());
    }

    [Theory]
    [InlineData("damaged")]
    [InlineData("too long")]
    [InlineData("whole")]
    public async Task What_a_killed_download_left_is_never_trusted(string left)
    {
        byte[] content = await UploadLargeAsync();
        _store.CutReadAt = 6 << 20;
        await Assert.ThrowsAsync<ArtifactStoreException>(() => DownloadAsync());
        _store.CutReadAt = null;
        byte[] part = left switch { "damaged" => [.. content[..(3 << 20)], .. new byte[100]], "too long" => [.. content, 1], _ => content };
        await File.WriteAllBytesAsync(Assert.Single(Parts()), part, Cancel);
        await DownloadAsync();
        Assert.Equal(content, await File.ReadAllBytesAsync(_local["model"], Cancel));
        Assert.Empty(Parts());
    }

    [Fact]
    public async Task Two_downloads_of_one_artifact_at_once_do_not_share_what_was_left()
    {
        byte[] content = await UploadLargeAsync();
        _store.CutReadAt = 6 << 20;
        await Assert.ThrowsAsync<ArtifactStoreException>(() => DownloadAsync());
        _store.CutReadAt = null;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(DownloadAsync, Cancel)));
        Assert.Equal(content, await File.ReadAllBytesAsync(_local["model"], Cancel));
        Assert.Empty(Parts());
    }

    [Fact]
    public async Task A_cancelled_download_leaves_nothing()
    {
        await UploadLargeAsync();
        using CancellationTokenSource cancel = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Open().DownloadAsync("model", _local["model"], new Reports(report =>
        {
            if (report.Bytes > 2 << 20)
                cancel.Cancel();
        }), cancel.Token));
        Assert.Empty(Directory.GetFileSystemEntries(_local.Path));
    }

    [Fact]
    public async Task A_disk_that_fills_during_a_download_is_told_and_nothing_is_left()
    {
        await UploadLargeAsync();
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "Mounting a small disk needs root.");
        string small = Directory.CreateDirectory(_local["small"]).FullName;
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small) == 0, "This machine does not let root mount a tmpfs.");
        try
        {
            await File.WriteAllTextAsync(Path.Join(small, "model"), "the earlier one", Cancel);
            IOException full = await Assert.ThrowsAsync<IOException>(() => Open().DownloadAsync("model", Path.Join(small, "model"), progress: null, Cancel));
            Assert.Contains("Free space", full.Message, StringComparison.Ordinal);
            Assert.Contains("'model'", full.Message, StringComparison.Ordinal);
            Assert.Equal(["model"], Directory.GetFileSystemEntries(small).Select(Path.GetFileName));
            Assert.Equal("the earlier one", await File.ReadAllTextAsync(Path.Join(small, "model"), Cancel));
        }
        finally
        {
            Run("umount", small);
        }
    }

    private static int Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }

    private static byte[] Noise(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    private static string HashOf(string content) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(content)));

    private ArtifactFolder Open() => new(_store, LocalArtifactStore.LocationOf(_root.Path), _time);

    private string[] Parts() => Directory.GetFiles(_local.Path, ".mlops-*.part");

    private Task<ArtifactFile> DownloadAsync() => Open().DownloadAsync("model", _local["model"], progress: null, Cancel);

    private Task<IReadOnlyList<ArtifactFile>> UploadAsync() => Open().UploadFilesAsync(ArtifactUpload.FromFolder(_local.Path), cancellationToken: Cancel);

    private async Task<ArtifactFile> UploadAsync(string path, string content)
    {
        await using MemoryStream stream = new(System.Text.Encoding.UTF8.GetBytes(content));
        return await _artifacts.UploadAsync(path, stream, options: null, Cancel);
    }

    private async Task<byte[]> UploadLargeAsync()
    {
        byte[] content = Noise(Large);
        await using MemoryStream stream = new(content);
        await _artifacts.UploadAsync("model", stream, options: null, Cancel);
        return content;
    }

    private async Task<string> ReadAsync(string path)
    {
        using StreamReader reader = new(await Open().OpenReadAsync(path, Cancel));
        return await reader.ReadToEndAsync(Cancel);
    }

    private sealed class Reports(Action<ArtifactProgress> listen) : IProgress<ArtifactProgress>
    {
        public void Report(ArtifactProgress value) => listen(value);
    }

    /// <summary>Local files, seen and disturbed.</summary>
    private sealed class ObservedStore() : DelegatingArtifactStore(new LocalArtifactStore())
    {
        public ConcurrentBag<string> Puts { get; } = [];

        public ConcurrentDictionary<string, ByteRange> Reads { get; } = new(StringComparer.Ordinal);

        public Func<string, Task> BeforePut { get; set; } = _ => Task.CompletedTask;

        /// <summary>After how many bytes a read fails as when a connection is lost; null for never.</summary>
        public long? CutReadAt { get; set; }

        /// <summary>What opening an artifact raises; null for nothing.</summary>
        public ArtifactStoreException? Refusal { get; set; }

        public override async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
        {
            await BeforePut(path);
            ArtifactObject put = await base.PutAsync(location, path, content, options, cancellationToken);
            Puts.Add(path);
            return put;
        }

        public override async ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
        {
            Reads[path] = range;
            if (Refusal is not null && !path.StartsWith(".mlops", StringComparison.Ordinal))
                throw Refusal;
            ArtifactContent content = await base.OpenReadAsync(location, path, range, cancellationToken);
            return CutReadAt is { } at && !path.StartsWith(".mlops", StringComparison.Ordinal) ? new ArtifactContent(content.Artifact, new CutStream(content.Stream, at)) : content;
        }
    }

    private sealed class CutStream(Stream inner, long at) : ReadOnlyStream
    {
        private long _left = at;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            int read = await inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken);
            _left -= read;
            return _left > 0 ? read : throw new ArtifactStoreException("the connection was lost", isTransient: true);
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
