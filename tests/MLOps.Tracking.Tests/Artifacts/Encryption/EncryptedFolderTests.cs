using System.Text;
using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Encryption;

namespace MLOps.Tracking.Tests.Artifacts.Encryption;

/// <summary>A run's artifacts in an encrypted store.</summary>
public sealed class EncryptedFolderTests : IDisposable
{
    private readonly EncryptedWorld _world = new();
    private readonly TemporaryFolder _local = new();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UnixEpoch.AddYears(56));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _world.Dispose();
        _local.Dispose();
    }

    [Fact]
    public async Task Artifacts_come_back_verified_and_name_their_key()
    {
        _local.Write("model.bin", new string('m', 200_000));
        _local.Write("notes.txt", "why it diverged");
        IReadOnlyList<ArtifactFile> uploaded = await Open().UploadFilesAsync(ArtifactUpload.FromFolder(_local.Path), cancellationToken: Cancel);
        string key = _world.KeyFile.ActiveKeyId;
        Assert.Equal([("model.bin", 200_000L, key), ("notes.txt", 15L, key)], uploaded.Select(file => (file.Path.Value, file.SizeBytes, file.KeyId)).Order());
        IReadOnlyList<ArtifactFile> listed = await Open().ListAsync(Cancel);
        Assert.Equal(uploaded.OrderBy(file => file.Path.Value, StringComparer.Ordinal), listed);
        ArtifactFile downloaded = await Open().DownloadAsync("model.bin", _local["down/model.bin"], cancellationToken: Cancel);
        Assert.Equal((key, uploaded.Single(file => file.Path == "model.bin").Sha256), (downloaded.KeyId, downloaded.Sha256));
        Assert.Equal(await File.ReadAllBytesAsync(_local["model.bin"], Cancel), await File.ReadAllBytesAsync(_local["down/model.bin"], Cancel));
        Assert.Equal([".mlops/manifests", ""], _world.AllFiles().Select(file => Path.GetDirectoryName(Path.GetRelativePath(_world.FileOf(""), file))!).Distinct().OrderDescending());
        foreach (string file in _world.AllFiles())
        {
            byte[] bytes = await File.ReadAllBytesAsync(file, Cancel);
            Assert.True(bytes.AsSpan().StartsWith("MLOPSENC"u8), file);
            foreach (string secret in (string[])["diverged", "sha256", "mmmmmmmm", uploaded[0].Sha256![..16]])
                Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(secret)) < 0, $"{file} tells '{secret}'");
        }
    }

    [Fact]
    public async Task Each_artifact_keeps_the_key_that_it_was_written_with()
    {
        string first = _world.KeyFile.ActiveKeyId;
        await UploadAsync("old", "written before");
        string second = _world.KeyFile.AddKey();
        await UploadAsync("new", "written after");
        Assert.Equal([("new", second), ("old", first)], (await Open().ListAsync(Cancel)).Select(file => (file.Path.Value, file.KeyId)));
        Assert.Equal(("written before", "written after"), (await ReadAsync("old"), await ReadAsync("new")));

        // Rewritten, it has the new key, and the old one is needed no more.
        await UploadAsync("old", "written before");
        Assert.All((await Open().ListAsync(Cancel)), file => Assert.Equal(second, file.KeyId));
    }

    [Fact]
    public async Task A_check_of_the_artifacts_reports_what_was_tampered_with_and_goes_on()
    {
        await UploadAsync("bad", "weights");
        await UploadAsync("good", "weights");
        byte[] raw = _world.Raw("bad");
        raw[^1] ^= 1;
        _world.SetRaw("bad", raw);
        ArtifactVerification verified = await Open().VerifyAsync(Cancel);
        Assert.Equal("bad", Assert.Single(verified.Corrupt).Path);
        Assert.Empty(verified.Missing);
    }

    [Fact]
    public async Task A_lost_key_is_named_and_trying_again_is_not_advised()
    {
        await UploadAsync("model", "x");
        string lost = _world.KeyFile.ActiveKeyId;
        using LocalKeyFile other = LocalKeyFile.Create(_local["other-keys"]);
        ArtifactFolder folder = new(new EncryptedArtifactStore(_world.Inner, other), _world.Location, _time);
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(() => folder.ListAsync(Cancel));
        Assert.False(refused.IsTransient);
        Assert.Contains(lost, refused.Message, StringComparison.Ordinal);
        Assert.Contains(_local["other-keys"], refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unchanged_files_are_not_sent_again_and_copies_are_read_under_their_own_name()
    {
        _local.Write("data/a.csv", new string('a', 100_000));
        IReadOnlyList<ArtifactUpload> files = ArtifactUpload.FromFolder(_local["data"]);
        IReadOnlyList<ArtifactFile> first = await Open().UploadFilesAsync(files, cancellationToken: Cancel);
        _world.Inner.Puts.Clear();
        Assert.Equal(first, await Open().UploadFilesAsync(files, cancellationToken: Cancel));
        Assert.Empty(_world.Inner.Puts);

        ArtifactFile copy = await Open().CopyAsync("a.csv", "b/copy.csv", cancellationToken: Cancel);
        Assert.Equal((100_000L, first[0].Sha256, first[0].KeyId), (copy.SizeBytes, copy.Sha256, copy.KeyId));
        await Open().DeleteAsync("a.csv", Cancel);
        Assert.Equal(new string('a', 100_000), await ReadAsync("b/copy.csv"));
    }

    [Fact]
    public async Task An_object_that_was_put_in_anothers_place_is_found_by_its_manifest()
    {
        await UploadAsync("a", "good");
        await UploadAsync("b", "evil");
        File.Copy(_world.FileOf("b"), _world.FileOf("a"), overwrite: true);
        Assert.Equal("a", (await Assert.ThrowsAsync<ArtifactCorruptException>(() => ReadAsync("a"))).Path);
    }

    [Fact]
    public async Task A_changed_manifest_is_not_believed()
    {
        await UploadAsync("a", "x");
        string manifest = Assert.Single(Directory.GetFiles(_world.FileOf(".mlops/manifests")));
        byte[] bytes = await File.ReadAllBytesAsync(manifest, Cancel);
        bytes[^20] ^= 1;
        await File.WriteAllBytesAsync(manifest, bytes, Cancel);
        ArtifactCorruptException found = await Assert.ThrowsAsync<ArtifactCorruptException>(() => Open().ListAsync(Cancel));
        Assert.Equal($".mlops/manifests/{Path.GetFileName(manifest)}", found.Path);
    }

    [Fact]
    public async Task A_tracker_encrypts_what_its_runs_log()
    {
        await using Tracker tracker = Tracker.Open(t => t.UseInMemory(_local["tracker"]).EncryptArtifacts(_world.KeyFile));
        RunId id = RunId.New();
        await using (Run run = await tracker.StartRunAsync("churn", new RunOptions { Id = id }, Cancel))
        {
            _local.Write("model.onnx", "the secret model");
            Assert.Equal(_world.KeyFile.ActiveKeyId, (await run.LogArtifactAsync(_local["model.onnx"], cancellationToken: Cancel)).KeyId);
            await run.EndAsync(RunStatus.Finished, cancellationToken: Cancel);
        }

        RunDetails details = await tracker.GetRunAsync(id, Cancel);
        ArtifactFolder artifacts = tracker.OpenArtifacts(details.Info);
        await using Stream stream = await artifacts.OpenReadAsync("model.onnx", Cancel);
        using StreamReader reader = new(stream);
        Assert.Equal("the secret model", await reader.ReadToEndAsync(Cancel));
        string file = Assert.Single(Directory.GetFiles(_local["tracker"], "model.onnx", SearchOption.AllDirectories));
        Assert.Equal("MLOPSENC", Encoding.ASCII.GetString(await File.ReadAllBytesAsync(file, Cancel), 0, 8));
    }

    private ArtifactFolder Open() => new(_world.Store, _world.Location, _time);

    private async Task UploadAsync(string path, string content)
    {
        await using MemoryStream stream = new(Encoding.UTF8.GetBytes(content));
        await Open().UploadAsync(path, stream, cancellationToken: Cancel);
    }

    private async Task<string> ReadAsync(string path)
    {
        await using Stream stream = await Open().OpenReadAsync(path, Cancel);
        using StreamReader reader = new(stream);
        return await reader.ReadToEndAsync(Cancel);
    }
}
