using MLOps.Tracking.Artifacts;

namespace MLOps.Tracking.Tests.Artifacts.Encryption;

/// <summary>What somebody who can write to the inner store may try.</summary>
public sealed class TamperingTests : IDisposable
{
    private const int Header = EncryptedWorld.Header, Segment = EncryptedWorld.Segment, Sealed = EncryptedWorld.Sealed;
    private readonly EncryptedWorld _world = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task Every_changed_byte_of_an_object_is_found()
    {
        await _world.PutAsync("model", "forty-two bytes of a model that is secret."u8.ToArray());
        byte[] raw = _world.Raw("model");
        Assert.Equal(Header + 42 + 16, raw.Length);
        int corrupt = 0;
        for (int i = 0; i < raw.Length; i++)
        {
            raw[i] ^= (byte)(1 << (i % 8));
            _world.SetRaw("model", raw);
            Exception found = await FailsAsync("model");
            if (found is ArtifactCorruptException { Path: "model" } told)
            {
                corrupt++;
                Assert.Contains(_world.Location.ToString(), told.Message, StringComparison.Ordinal);
            }
            else
            {
                // The magic, the version, the lengths and the key's name can become others that are not known here.
                Assert.False(Assert.IsType<ArtifactStoreException>(found).IsTransient, $"byte {i}");
                Assert.InRange(i, 0, 26 + _world.KeyFile.ActiveKeyId.Length - 1);
            }

            raw[i] ^= (byte)(1 << (i % 8));
        }

        Assert.InRange(corrupt, raw.Length - 60, raw.Length);
        _world.SetRaw("model", raw);
        Assert.Equal("forty-two bytes of a model that is secret."u8.ToArray(), await _world.GetAsync("model"));
    }

    [Fact]
    public async Task An_object_that_was_cut_anywhere_is_found()
    {
        await _world.PutAsync("small", EncryptedWorld.Noise(100, seed: 1));
        byte[] small = _world.Raw("small");
        for (int length = 0; length < small.Length; length++)
        {
            _world.SetRaw("small", small[..length]);
            Assert.True(await FailsAsync("small") is ArtifactCorruptException || length < 8, $"cut to {length} bytes");
        }

        await _world.PutAsync("large", EncryptedWorld.Noise((3 * Segment) + 5, seed: 2));
        byte[] large = _world.Raw("large");
        foreach (int boundary in (int[])[Header, Header + Sealed, Header + (2 * Sealed), Header + (3 * Sealed), large.Length])
        {
            for (int length = boundary - 40; length < Math.Min(boundary + 40, large.Length); length++)
            {
                _world.SetRaw("large", large[..length]);
                Assert.IsType<ArtifactCorruptException>(await FailsAsync("large"));
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(15)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(Sealed)]
    public async Task What_is_appended_is_found(int more)
    {
        foreach (int size in (int[])[0, 100, Segment, (2 * Segment) + 9])
        {
            await _world.PutAsync("model", EncryptedWorld.Noise(size, seed: 3));
            byte[] raw = _world.Raw("model");
            _world.SetRaw("model", [.. raw, .. new byte[more]]);
            Assert.IsType<ArtifactCorruptException>(await FailsAsync("model"));
            _world.SetRaw("model", [.. raw, .. raw[^Math.Min(more, raw.Length)..]]);
            Assert.IsType<ArtifactCorruptException>(await FailsAsync("model"));
        }
    }

    [Fact]
    public async Task Segments_that_were_moved_doubled_or_left_out_are_found()
    {
        await _world.PutAsync("model", EncryptedWorld.Noise(4 * Segment, seed: 4));
        byte[] raw = _world.Raw("model");
        byte[][] segments = [.. raw.Skip(Header).Chunk(Sealed)];
        foreach (int[] order in (int[][])[[1, 0, 2, 3], [0, 2, 1, 3], [0, 1, 3, 2], [0, 0, 2, 3], [0, 1, 2, 2], [0, 1, 1, 2, 3], [1, 2, 3], [0, 2, 3], [0, 1, 2], [0, 1, 3], [0], [3], [0, 1, 2, 3, 3]])
        {
            _world.SetRaw("model", [.. raw[..Header], .. order.SelectMany(i => segments[i])]);
            Assert.IsType<ArtifactCorruptException>(await FailsAsync("model"));
        }

        _world.SetRaw("model", [.. raw[..Header], .. segments.SelectMany(bytes => bytes)]);
        Assert.Equal(EncryptedWorld.Noise(4 * Segment, seed: 4), await _world.GetAsync("model"));
    }

    [Fact]
    public async Task A_part_of_another_object_is_found()
    {
        byte[] content = EncryptedWorld.Noise((2 * Segment) + 77, seed: 5);
        await _world.PutAsync("a", content);
        await _world.PutAsync("b", content);
        byte[] a = _world.Raw("a"), b = _world.Raw("b");
        int wrapped = 26 + _world.KeyFile.ActiveKeyId.Length;
        foreach (Range part in (Range[])[0..Header, wrapped..(wrapped + 60), 16..23, Header..(Header + Sealed), (Header + Sealed)..(Header + (2 * Sealed)), (Header + (2 * Sealed)).., ^16..])
        {
            byte[] mixed = [.. a];
            b.AsSpan(part).CopyTo(mixed.AsSpan(part));
            _world.SetRaw("a", mixed);
            Assert.IsType<ArtifactCorruptException>(await FailsAsync("a"));
        }
    }

    [Fact]
    public async Task A_range_gives_nothing_of_a_changed_segment_and_all_of_the_others()
    {
        byte[] content = EncryptedWorld.Noise((3 * Segment) + 100, seed: 6);
        await _world.PutAsync("model", content);
        byte[] raw = _world.Raw("model");
        raw[Header + Sealed + 1000] ^= 1;
        _world.SetRaw("model", raw);
        Assert.Equal(content[..Segment], await _world.GetAsync("model", new ByteRange(0, Segment)));
        Assert.Equal(content[(2 * Segment)..], await _world.GetAsync("model", new ByteRange(2 * Segment)));
        foreach (ByteRange range in (ByteRange[])[new(Segment, 1), new((2 * Segment) - 1, 1), new(Segment + 500, 3 * Segment)])
            Assert.IsType<ArtifactCorruptException>(await FailsAsync("model", range));

        // Before it, and then nothing, however often it is asked.
        await using ArtifactContent opened = await _world.Store.OpenReadAsync(_world.Location, "model", default, Cancel);
        byte[] buffer = new byte[1 << 20];
        int given = 0;
        await Assert.ThrowsAsync<ArtifactCorruptException>(async () =>
        {
            for (int read; (read = await opened.Stream.ReadAsync(buffer.AsMemory(given), Cancel)) > 0;)
                given += read;
        });
        Assert.Equal(content[..Segment], buffer[..given]);
        Assert.All(buffer[given..], b => Assert.Equal(0, b));
        await Assert.ThrowsAsync<ArtifactCorruptException>(async () => await opened.Stream.ReadExactlyAsync(buffer, Cancel));
        Assert.Throws<ArtifactCorruptException>(() => opened.Stream.Read(buffer));
    }

    [Fact]
    public async Task An_object_of_zeros_in_place_of_another_is_found()
    {
        foreach (int size in (int[])[0, 1, 1023, 1024, 1040, 1041, 70_000])
        {
            _world.SetRaw("model", new byte[size]);
            ArtifactStoreException refused = Assert.IsType<ArtifactStoreException>(await FailsAsync("model"));
            Assert.Contains("is not encrypted", refused.Message, StringComparison.Ordinal);
        }
    }

    private async Task<Exception> FailsAsync(string path, ByteRange range = default)
    {
        Exception? whole = await Record.ExceptionAsync(() => _world.GetAsync(path, range));
        Assert.True(whole is ArtifactCorruptException or ArtifactStoreException, $"{path} was read, or raised {whole}");
        return whole;
    }
}
