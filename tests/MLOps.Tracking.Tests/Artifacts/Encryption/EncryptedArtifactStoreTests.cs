using System.Text;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Artifacts.Encryption;
using MLOps.Tracking.Contract.Artifacts;

namespace MLOps.Tracking.Tests.Artifacts.Encryption;

public sealed class EncryptedArtifactStoreTests : ArtifactStoreContract
{
    private const int Header = EncryptedWorld.Header, Segment = EncryptedWorld.Segment, Sealed = EncryptedWorld.Sealed;
    private readonly TemporaryFolder _folder = new();
    private readonly EncryptedWorld _world = new();
    private int _locations;

    protected override IArtifactStore Store => _world.Store;

    public override ValueTask DisposeAsync()
    {
        _folder.Dispose();
        _world.Dispose();
        return base.DisposeAsync();
    }

    protected override ValueTask<Uri> CreateLocationAsync() => new(LocalArtifactStore.LocationOf(_folder[$"location {_locations++}"]));

    [Fact]
    public async Task Nothing_of_the_content_reaches_the_inner_store_not_even_while_it_is_written()
    {
        byte[] secret = Encoding.UTF8.GetBytes("the weights that nobody may see");
        byte[] content = [.. Enumerable.Range(0, 6000).SelectMany(_ => secret)];
        string[] during = [];
        await using (WatchedContent watched = new(content, at: 150_000, () => during = _world.AllFiles()))
            await Store.PutAsync(_world.Location, "secret-model", watched, default, Cancel);
        Assert.DoesNotContain("secret-model", Assert.Single(during), StringComparison.Ordinal);
        Assert.Equal([_world.FileOf("secret-model")], _world.AllFiles());

        byte[] given = [];
        _world.Inner.Drain = stream =>
        {
            using MemoryStream copy = new();
            stream.CopyTo(copy);
            return given = copy.ToArray();
        };
        await _world.PutAsync("again", content);
        foreach (byte[] bytes in (byte[][])[_world.Raw("secret-model"), _world.Raw("again"), given])
        {
            Assert.Equal(1024 + content.Length + (3 * 16), bytes.Length);
            for (int i = 0; i + 8 <= secret.Length; i++)
                Assert.Equal(-1, bytes.AsSpan().IndexOf(secret.AsSpan(i, 8)));
        }

        Assert.Equal(content, await _world.GetAsync("secret-model"));
    }

    [Fact]
    public async Task Equal_contents_become_different_objects()
    {
        await _world.PutAsync("a", EncryptedWorld.Noise(1000, seed: 1));
        await _world.PutAsync("b", EncryptedWorld.Noise(1000, seed: 1));
        byte[] a = _world.Raw("a"), b = _world.Raw("b");
        int wrapped = 26 + _world.KeyFile.ActiveKeyId.Length;
        foreach (Range fresh in (Range[])[16..23, wrapped..(wrapped + 12), (wrapped + 12)..(wrapped + 44), Header..(Header + 1000), ^16..])
            Assert.NotEqual(a[fresh], b[fresh]);
    }

    [Fact]
    public async Task Links_and_resumption_are_not_offered_and_the_inner_size_is_told()
    {
        Assert.Equal(ArtifactStoreCapabilities.CreateOnly | ArtifactStoreCapabilities.Copy, new EncryptedArtifactStore(new Everything(new LocalArtifactStore()), _world.KeyFile).Capabilities);
        await using MemoryStream content = new(new byte[Segment + 1]);
        await Store.PutAsync(_world.Location, "model", content, new() { Resume = true, CreateOnly = true, SizeBytes = content.Length }, Cancel);
        ArtifactPutOptions put = Assert.Single(_world.Inner.Puts);
        Assert.Equal(new ArtifactPutOptions { CreateOnly = true, SizeBytes = Header + Segment + 1 + 32 }, put);
        Assert.Equal(put.SizeBytes, _world.Raw("model").Length);
    }

    [Theory]
    [InlineData(0L)]
    [InlineData(10L)]
    [InlineData(65_535L)]
    [InlineData(65_536L)]
    [InlineData(1_000_000L)]
    public async Task Content_that_is_longer_or_shorter_than_it_was_said_to_be_is_put_all_the_same(long said)
    {
        foreach (int size in (int[])[0, 11, Segment, Segment + 1, 200_000])
        {
            byte[] bytes = EncryptedWorld.Noise(size, seed: size);
            await using MemoryStream content = new(bytes);
            Assert.Equal(size, (await Store.PutAsync(_world.Location, "model", content, new() { SizeBytes = said }, Cancel)).SizeBytes);
            Assert.Equal(bytes, await _world.GetAsync("model"));
        }
    }

    [Fact]
    public async Task Content_of_more_than_an_object_can_hold_is_refused_before_anything_is_written()
    {
        await using MemoryStream content = new([1]);
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(async () => await Store.PutAsync(_world.Location, "model", content, new() { SizeBytes = (1L << 48) + 1 }, Cancel));
        Assert.Contains("256 TiB", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_world.Inner.Puts);
    }

    [Fact]
    public async Task The_key_is_told_by_putting_and_opening_and_listing_tells_plain_sizes_without_opening()
    {
        foreach (int size in (int[])[0, 1, Segment, Segment + 1, 1_000_000])
            Assert.Equal((size, _world.KeyFile.ActiveKeyId), ((await _world.PutAsync($"{size}", EncryptedWorld.Noise(size, seed: 2))) is var put ? (int)put.SizeBytes : 0, put.KeyId));
        ArtifactObject[] listed = await Store.ListAsync(_world.Location, "", Cancel).ToArrayAsync(Cancel);
        Assert.All(listed, item => Assert.Equal(item.Path, $"{item.SizeBytes}"));
        Assert.Equal(5, listed.Length);
        Assert.Equal(1_000_000, (await Store.FindAsync(_world.Location, "1000000", Cancel))!.Value.SizeBytes);
        Assert.Empty(_world.Inner.Reads);
        await using ArtifactContent opened = await Store.OpenReadAsync(_world.Location, "1", default, Cancel);
        Assert.Equal((1, _world.KeyFile.ActiveKeyId), ((int)opened.Artifact.SizeBytes, opened.Artifact.KeyId));
    }

    [Theory]
    [InlineData(0, null, 0, null)]
    [InlineData(0, 10L, 0, 1024 + 65_552L)]
    [InlineData(65_535, 1L, 0, 1024 + 65_552L)]
    [InlineData(65_535, 2L, 0, 1024 + (2 * 65_552L))]
    [InlineData(65_536, 1L, 1024 + 65_552, 65_552L)]
    [InlineData(200_000, 100_000L, 1024 + (3 * 65_552), 2 * 65_552L)]
    [InlineData(299_999, null, 1024 + (4 * 65_552), 65_552L)]
    public async Task A_range_asks_for_the_header_and_the_segments_that_it_touches(int offset, long? length, int asked, long? askedLength)
    {
        byte[] content = EncryptedWorld.Noise(300_000, seed: 3);
        await _world.PutAsync("model", content);
        int end = length is { } count ? (int)Math.Min(300_000, offset + count) : 300_000;
        Assert.Equal(content[offset..end], await _world.GetAsync("model", new ByteRange(offset, length)));
        ByteRange needed = new(asked, askedLength);
        Assert.Equal(asked == 0 ? [needed] : [new ByteRange(0, Header), needed], _world.Inner.Reads);
    }

    [Fact]
    public async Task Any_range_read_in_any_pieces_is_that_of_the_content()
    {
        int seed = Environment.TickCount;
        Random random = new(seed);
        int[] sizes = [0, 1, Segment - 1, Segment, Segment + 1, (2 * Segment) - 1, 2 * Segment, (2 * Segment) + 1, 5 * Segment, random.Next(1, 6 * Segment)];
        for (int i = 0; i < TestLength.Of(400, 10_000); i++)
        {
            int size = sizes[i % sizes.Length];
            byte[] content = EncryptedWorld.Noise(size, size);
            string path = $"{size}";
            if (i < sizes.Length)
                await _world.PutAsync(path, content);
            int offset = Near(size), length = Math.Max(1, Near(size));
            string because = $"Seed {seed}, {size} bytes, from {offset}, {length} of them.";
            await using ArtifactContent range = await Store.OpenReadAsync(_world.Location, path, new ByteRange(offset, random.Next(4) == 0 ? null : length), Cancel);
            Assert.True(size == range.Artifact.SizeBytes, because);
            using MemoryStream copy = new();
            byte[] piece = new byte[random.Next(4) switch { 0 => random.Next(1, 100), 1 => Segment, 2 => Segment + 16, _ => random.Next(1, 3 * Segment) }];
            bool isSync = random.Next(2) == 0;
            for (int read; (read = isSync ? range.Stream.Read(piece) : await range.Stream.ReadAsync(piece, Cancel)) > 0;)
                copy.Write(piece, 0, read);
            byte[] expected = content[offset..], got = copy.ToArray();
            Assert.True(expected.AsSpan().StartsWith(got) && (got.Length == expected.Length || got.Length == length), because);
        }

        // Around the boundaries of segments, as often as anywhere.
        int Near(int size) => Math.Clamp(random.Next(2) == 0 ? random.Next(size + 1) : (random.Next(6) * Segment) + random.Next(-2, 3), 0, size);
    }

    [Fact]
    public async Task A_store_that_reads_synchronously_and_in_pieces_is_given_the_same()
    {
        byte[] content = EncryptedWorld.Noise(200_000, seed: 4);
        foreach (int piece in (int[])[1, 1000, Segment, Sealed, 300_000])
        {
            _world.Inner.Drain = stream =>
            {
                List<byte> all = [];
                byte[] buffer = new byte[piece];
                for (int read; (read = stream.Read(buffer)) > 0;)
                    all.AddRange(buffer.AsSpan(0, read));
                Assert.Equal(0, stream.Read(buffer));
                return [.. all];
            };
            await _world.PutAsync("model", content);
            Assert.Equal(content, await _world.GetAsync("model"));
        }
    }

    [Fact]
    public async Task An_object_that_is_replaced_between_two_requests_is_opened_anew()
    {
        byte[] first = EncryptedWorld.Noise(3 * Segment, seed: 5), second = EncryptedWorld.Noise((3 * Segment) + 1, seed: 6);
        await _world.PutAsync("model", first);
        int reads = 0;
        _world.Inner.BeforeRead = async () =>
        {
            if (++reads == 2)
                await _world.PutAsync("model", second);
        };
        Assert.Equal(second[(2 * Segment)..], await _world.GetAsync("model", new ByteRange(2 * Segment)));

        _world.Inner.BeforeRead = async () => await _world.PutAsync("model", ++reads % 2 == 0 ? first : second);
        Assert.True((await Assert.ThrowsAsync<ArtifactStoreException>(() => _world.GetAsync("model", new ByteRange(2 * Segment)))).IsTransient);

        reads = 0;
        await _world.PutAsync("model", first);
        _world.Inner.BeforeRead = async () =>
        {
            if (++reads == 2)
                await _world.PutAsync("model", [1]);
        };
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => _world.GetAsync("model", new ByteRange(2 * Segment)));
    }

    [Fact]
    public async Task A_stream_that_ends_before_its_object_is_no_end()
    {
        await _world.PutAsync("model", EncryptedWorld.Noise(3 * Segment, seed: 7));
        EncryptedArtifactStore store = new(new Cutting(_world.Inner, Header + Sealed + 5), _world.KeyFile);
        await using ArtifactContent opened = await store.OpenReadAsync(_world.Location, "model", default, Cancel);
        Assert.True((await Assert.ThrowsAsync<ArtifactStoreException>(async () => await opened.Stream.CopyToAsync(Stream.Null, Cancel))).IsTransient);
    }

    [Fact]
    public async Task An_object_that_is_not_encrypted_is_listed_and_deleted_and_served_only_where_that_is_allowed()
    {
        byte[] plain = Encoding.UTF8.GetBytes(new string('x', 3000));
        _world.SetRaw("plain", plain);
        _world.SetRaw("short", [1, 2]);
        await _world.PutAsync("encrypted", EncryptedWorld.Noise(70_000, seed: 8));
        ArtifactStoreException refused = await Assert.ThrowsAsync<ArtifactStoreException>(() => _world.GetAsync("plain"));
        Assert.False(refused.IsTransient);
        Assert.Contains("'plain'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("allowPlain", refused.Message, StringComparison.Ordinal);
        Assert.Equal(3, await Store.ListAsync(_world.Location, "", Cancel).CountAsync(Cancel));

        EncryptedArtifactStore lenient = new(_world.Inner, _world.KeyFile, allowPlain: true);
        foreach ((int offset, long? length) in ((int, long?)[])[(0, null), (1, null), (2999, null), (3000, null), (100, 50L), (0, 3000L)])
        {
            await using ArtifactContent opened = await lenient.OpenReadAsync(_world.Location, "plain", new ByteRange(offset, length), Cancel);
            using MemoryStream copy = new();
            await opened.Stream.CopyToAsync(copy, Cancel);
            Assert.Equal(plain[offset..(int)Math.Min(3000, offset + (length ?? 3000))], copy.ToArray());
            Assert.Equal((3000L, null), (opened.Artifact.SizeBytes, opened.Artifact.KeyId));
        }

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await lenient.OpenReadAsync(_world.Location, "plain", new ByteRange(3001), Cancel));
        Assert.Equal([("encrypted", 70_000L), ("plain", 3000L), ("short", 2L)], (await lenient.ListAsync(_world.Location, "", Cancel).ToArrayAsync(Cancel)).Select(item => (item.Path, item.SizeBytes)).Order());
        Assert.Equal(3000, (await lenient.FindAsync(_world.Location, "plain", Cancel))!.Value.SizeBytes);
        Assert.Equal(3000, (await lenient.CopyAsync(_world.Location, "plain", _world.Location, "copy/plain", Cancel)).SizeBytes);
        Assert.Equal((4, 76_002), await lenient.DeletePrefixAsync(_world.Location, "", Cancel));
    }

    [Fact]
    public async Task Keys_are_overwritten_after_use()
    {
        Kept keys = new(_world.KeyFile);
        EncryptedArtifactStore store = new(_world.Inner, keys);
        await using (MemoryStream content = new(new byte[100]))
            await store.PutAsync(_world.Location, "model", content, default, Cancel);
        await using (ArtifactContent opened = await store.OpenReadAsync(_world.Location, "model", default, Cancel))
            await opened.Stream.CopyToAsync(Stream.Null, Cancel);
        Assert.All(Assert.Single(keys.Created).Plaintext.ToArray(), b => Assert.Equal(0, b));
        Assert.All(Assert.Single(keys.Unwrapped), b => Assert.Equal(0, b));
    }

    [Fact]
    public async Task A_key_service_that_is_away_or_gives_what_is_no_key_is_told_and_nothing_is_written()
    {
        Kept keys = new(_world.KeyFile) { Fault = new ArtifactStoreException("the key service is away", isTransient: true) };
        EncryptedArtifactStore store = new(_world.Inner, keys);
        await using MemoryStream content = new([1, 2, 3]);
        Assert.Same(keys.Fault, await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.PutAsync(_world.Location, "model", content, default, Cancel)));
        Assert.Empty(_world.Inner.Puts);

        await _world.PutAsync("model", [1, 2, 3]);
        Assert.Same(keys.Fault, await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.OpenReadAsync(_world.Location, "model", default, Cancel)));
        keys.Fault = null;
        keys.Cut = true;
        Assert.Contains("31 bytes", (await Assert.ThrowsAsync<ArtifactStoreException>(async () => await store.OpenReadAsync(_world.Location, "model", default, Cancel))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_provider_may_name_keys_and_wrap_as_long_as_the_header_has_room()
    {
        string id = "projects/größe/" + new string('k', 400);
        int room = 998 - Encoding.UTF8.GetByteCount(id);
        byte[] key = EncryptedWorld.Noise(32, seed: 9), wrapped = EncryptedWorld.Noise(room, seed: 10);
        Fixed keys = new(id, key, wrapped);
        EncryptedArtifactStore store = new(_world.Inner, keys);
        await using MemoryStream content = new([1, 2, 3]);
        Assert.Equal(id, (await store.PutAsync(_world.Location, "model", content, default, Cancel)).KeyId);
        await using ArtifactContent opened = await store.OpenReadAsync(_world.Location, "model", default, Cancel);
        byte[] read = new byte[3];
        await opened.Stream.ReadExactlyAsync(read, Cancel);
        Assert.Equal([1, 2, 3], read);
        Assert.Equal((id, Convert.ToHexString(wrapped)), keys.Asked);
    }

    [Fact]
    public void A_data_key_that_is_none_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new ArtifactDataKey("id", new byte[16], new byte[1]));
        Assert.Throws<ArgumentException>(() => new ArtifactDataKey("id", new byte[32], default));
        Assert.Throws<ArgumentException>(() => new ArtifactDataKey("", new byte[32], new byte[1]));
        Assert.Throws<ArgumentException>(() => new ArtifactDataKey("id", new byte[32], new byte[997]));
        Assert.Throws<EncoderFallbackException>(() => new ArtifactDataKey("\ud800", new byte[32], new byte[1]));
        using ArtifactDataKey key = new("id", new byte[32], new byte[996]);
        Assert.Equal(996, key.Wrapped.Length);
    }

    [Fact]
    public async Task Sixteen_puts_and_reads_at_once_do_not_disturb_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(
            async () =>
            {
                byte[] content = EncryptedWorld.Noise(500_000 + i, seed: 100 + i);
                await _world.PutAsync($"{i}", content);
                Assert.Equal(content, await _world.GetAsync($"{i}"));
                Assert.Equal(content[300_000..400_000], await _world.GetAsync($"{i}", new ByteRange(300_000, 100_000)));
            },
            Cancel)));
        Assert.Equal(16, await Store.ListAsync(_world.Location, "", Cancel).CountAsync(Cancel));
    }

    [Fact]
    public async Task A_stream_that_was_disposed_gives_nothing()
    {
        await _world.PutAsync("model", new byte[100]);
        ArtifactContent opened = await Store.OpenReadAsync(_world.Location, "model", default, Cancel);
        await opened.DisposeAsync();
        opened.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(async () => await opened.Stream.ReadExactlyAsync(new byte[10], Cancel));
    }

    /// <summary>Content that calls back when so much of it was read.</summary>
    private sealed class WatchedContent(byte[] content, int at, Action then) : MemoryStream(content)
    {
        private bool _called;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (Position >= at && !_called)
            {
                _called = true;
                then();
            }

            return await base.ReadAsync(buffer, cancellationToken);
        }
    }

    private sealed class Everything(IArtifactStore inner) : DelegatingArtifactStore(inner)
    {
        public override ArtifactStoreCapabilities Capabilities => (ArtifactStoreCapabilities)~0;
    }

    /// <summary>A store whose streams end too early.</summary>
    private sealed class Cutting(IArtifactStore inner, int after) : DelegatingArtifactStore(inner)
    {
        public override async ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
        {
            await using ArtifactContent whole = await base.OpenReadAsync(location, path, range, cancellationToken);
            byte[] bytes = new byte[after];
            await whole.Stream.ReadExactlyAsync(bytes, cancellationToken);
            return new ArtifactContent(whole.Artifact, new MemoryStream(bytes));
        }
    }

    /// <summary>Keeps what it gave, to look at it later.</summary>
    private sealed class Kept(IArtifactKeyProvider inner) : IArtifactKeyProvider
    {
        public List<ArtifactDataKey> Created { get; } = [];

        public List<byte[]> Unwrapped { get; } = [];

        public Exception? Fault { get; set; }

        public bool Cut { get; set; }

        public async ValueTask<ArtifactDataKey> CreateDataKeyAsync(CancellationToken cancellationToken)
        {
            if (Fault is not null)
                throw Fault;
            ArtifactDataKey key = await inner.CreateDataKeyAsync(cancellationToken);
            Assert.NotEqual(new byte[32], key.Plaintext.ToArray());
            Created.Add(key);
            return key;
        }

        public async ValueTask<byte[]> UnwrapAsync(string keyId, ReadOnlyMemory<byte> wrapped, CancellationToken cancellationToken)
        {
            if (Fault is not null)
                throw Fault;
            byte[] key = await inner.UnwrapAsync(keyId, wrapped, cancellationToken);
            Unwrapped.Add(key);
            return Cut ? key[..31] : key;
        }
    }

    private sealed class Fixed(string id, byte[] key, byte[] wrapped) : IArtifactKeyProvider
    {
        public (string KeyId, string Wrapped) Asked { get; private set; }

        public ValueTask<ArtifactDataKey> CreateDataKeyAsync(CancellationToken cancellationToken) => new(new ArtifactDataKey(id, [.. key], wrapped));

        public ValueTask<byte[]> UnwrapAsync(string keyId, ReadOnlyMemory<byte> wrapped, CancellationToken cancellationToken)
        {
            Asked = (keyId, Convert.ToHexString(wrapped.Span));
            return new([.. key]);
        }
    }
}
