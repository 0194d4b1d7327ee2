using System.Text;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Encryption;

namespace MLOps.Tracking.Tests.Artifacts.Encryption;

public sealed class EncryptionFormatTests : IDisposable
{
    /// <summary>An object that version 1 wrote, once: header up to the zeros, and what follows them.</summary>
    private const string GoldenHead = "4D4C4F5053454E4301010006000100001B90BAD4EB12E600003C676F6C64656E0CBE9C066C263D0C57DD0D3297FDDE61A921FE8282A2A406033EEE58500DE893CC80B668AC33DA963D34C966402008F8231450ADD7ECC8BE9C517E13";
    private const string GoldenTail = "DBEAB275D0681995FCDF1B54218C5F11C1927D7EA5B9F72B45B97C45C61BEBA9A164D63A2EB2C2AFA272D573596D051D433BBFF25979B09366B2DCDC15F3CAEC59647E28299423C5429A1AD79CE5";
    private static readonly byte[] s_goldenKey = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
    private readonly EncryptedWorld _world = new();
    private readonly TemporaryFolder _folder = new();

    public void Dispose()
    {
        _world.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_object_that_the_first_version_wrote_is_read()
    {
        using LocalKeyFile keys = OpenKeys("golden", s_goldenKey);
        byte[] golden = [.. Convert.FromHexString(GoldenHead), .. new byte[1024 - (GoldenHead.Length / 2)], .. Convert.FromHexString(GoldenTail)];
        _world.SetRaw("golden", golden);
        EncryptedArtifactStore store = new(_world.Inner, keys);
        await using ArtifactContent content = await store.OpenReadAsync(_world.Location, "golden", default, TestContext.Current.CancellationToken);
        using StreamReader reader = new(content.Stream);
        Assert.Equal("A run that was logged once is read for ever: größe, 模型.\n", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal("golden", content.Artifact.KeyId);
        Assert.Equal(Encoding.UTF8.GetByteCount("A run that was logged once is read for ever: größe, 模型.\n"), content.Artifact.SizeBytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    [InlineData(131_072)]
    [InlineData(300_000)]
    public async Task What_is_written_is_what_the_page_on_the_format_says_and_the_other_way_round(int size)
    {
        byte[] content = EncryptedWorld.Noise(size, seed: size);
        await _world.PutAsync("written", content);
        Assert.Equal(content, ByHand.Decrypt(_world.Raw("written"), KeyOf));

        byte[] byHand = ByHand.Encrypt(content, _world.KeyFile.ActiveKeyId, KeyOf(_world.KeyFile.ActiveKeyId), EncryptedWorld.Noise(32, seed: 1), EncryptedWorld.Noise(7, seed: 2));
        Assert.Equal(byHand.Length, _world.Raw("written").Length);
        _world.SetRaw("by-hand", byHand);
        Assert.Equal(content, await _world.GetAsync("by-hand"));
    }

    [Fact]
    public void The_size_of_the_content_follows_from_that_of_the_object()
    {
        for (long size = 0; size < 3 * EncryptedWorld.Segment; size += size % 997 == 0 ? 1 : 7)
            Assert.Equal(size, SegmentCipher.PlainSizeOf(SegmentCipher.SealedSizeOf(size)));
        foreach (long size in (long[])[0, 1, 65_535, 65_536, 65_537, 131_072, 1L << 40, (1L << 48) - 1, 1L << 48])
        {
            long segments = Math.Max(1, (size + 65_535) / 65_536);
            Assert.Equal(1024 + size + (16 * segments), SegmentCipher.SealedSizeOf(size));
            Assert.Equal(size, SegmentCipher.PlainSizeOf(SegmentCipher.SealedSizeOf(size)));
        }
    }

    [Fact]
    public void A_size_that_no_encrypted_object_has_gives_none()
    {
        // What the sizes of all contents up to three segments leave out.
        HashSet<long> possible = [.. Enumerable.Range(0, 3 * EncryptedWorld.Segment).Select(size => SegmentCipher.SealedSizeOf(size))];
        for (long size = 0; size < 1024 + (3 * 65_552) - 1; size++)
            Assert.Equal(possible.Contains(size), SegmentCipher.PlainSizeOf(size) is not null);
        Assert.Null(SegmentCipher.PlainSizeOf(SegmentCipher.SealedSizeOf(1L << 48) + 1));
        Assert.Null(SegmentCipher.PlainSizeOf(SegmentCipher.SealedSizeOf(1L << 48) + 17));
        Assert.Null(SegmentCipher.PlainSizeOf(long.MaxValue));
    }

    private byte[] KeyOf(string keyId) =>
        Convert.FromBase64String(File.ReadAllLines(_world.KeyFile.FilePath).Single(line => line.StartsWith(keyId + " ", StringComparison.Ordinal))[(keyId.Length + 1)..]);

    private LocalKeyFile OpenKeys(string id, byte[] key)
    {
        string file = _folder.Write("keys", $"{id} {Convert.ToBase64String(key)}\n");
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file, UnixFileMode.UserRead);
        return LocalKeyFile.Open(file);
    }
}
