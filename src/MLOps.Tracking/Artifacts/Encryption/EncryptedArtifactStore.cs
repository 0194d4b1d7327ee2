using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace MLOps.Tracking.Artifacts.Encryption;

/// <summary>Encrypts what it puts into another artifact store, manifests included, and decrypts and verifies what it reads from there: AES-256-GCM under a key of each object's own. docs/operate/encryption.md says what that protects from, and the format.</summary>
/// <remarks>
/// Safe for use from any thread, as the inner store is. Names, numbers of objects, times and sizes stay in the plain. An object has at most 2^48 bytes (256 TiB). Content is streamed: two segments of 64 KiB are in memory for each object that is open.
/// An object that was changed raises <see cref="ArtifactCorruptException"/> before a byte of the changed segment is given. Replacing an object by an earlier one, or by another one of this store, is found only by the hash in its manifest.
/// A range is verified as far as it is read. Links and resumption are not offered: a link would give the encrypted bytes, and each upload has a key of its own. Everything else the inner store can do this one can.
/// </remarks>
public sealed class EncryptedArtifactStore : DelegatingArtifactStore
{
    private const int Attempts = 3, PeeksAtOnce = 16;
    private readonly IArtifactKeyProvider _keys;
    private readonly bool _allowPlain;

    /// <summary>Puts encryption around a store.</summary>
    /// <param name="inner">The store that keeps the encrypted objects; not disposed.</param>
    /// <param name="keys">Makes and unwraps the keys of objects; not disposed.</param>
    /// <param name="allowPlain">
    /// Whether objects that are not encrypted are served as they are: those from before, and of other tools. Then whoever can write to the inner store can put content of his own in place of an encrypted object,
    /// and looking up, listing and deleting ask for the first bytes of each object. Meant for the time of a move. False, the default, refuses them with an <see cref="ArtifactStoreException"/> when they are opened; they are listed and can be deleted.
    /// </param>
    public EncryptedArtifactStore(IArtifactStore inner, IArtifactKeyProvider keys, bool allowPlain = false)
        : base(inner)
    {
        ArgumentNullException.ThrowIfNull(keys);
        (_keys, _allowPlain) = (keys, allowPlain);
    }

    /// <inheritdoc/>
    public override ArtifactStoreCapabilities Capabilities => Inner.Capabilities & (ArtifactStoreCapabilities.CreateOnly | ArtifactStoreCapabilities.Copy);

    /// <inheritdoc/>
    public override async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        ArtifactPath.CheckObjectPath(path);
        if (options.SizeBytes > SegmentCipher.MaxPlainSize)
            throw TooLong();
        using ArtifactDataKey key = await _keys.CreateDataKeyAsync(cancellationToken).ConfigureAwait(false);
        var header = EncryptionHeader.Create(key);
        using EncryptingStream encrypting = new(content, header, new SegmentCipher(key.Plaintext.Span, header), options.SizeBytes);
        ArtifactPutOptions inner = options with { Resume = false, SizeBytes = options.SizeBytes is { } size ? SegmentCipher.SealedSizeOf(size) : null };
        return Plain(await Inner.PutAsync(location, path, encrypting, inner, cancellationToken).ConfigureAwait(false)) with { KeyId = key.KeyId };
    }

    /// <inheritdoc/>
    public override async ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        for (int attempt = 1; attempt <= Attempts; attempt++)
        {
            if (await TryOpenAsync(location, path, range, cancellationToken).ConfigureAwait(false) is { } content)
                return content;
        }

        throw new ArtifactStoreException($"'{path}' at {location} was replaced {Attempts} times while it was being opened. Try again.", isTransient: true);
    }

    /// <inheritdoc/>
    public override async ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken) =>
        await Inner.FindAsync(location, path, cancellationToken).ConfigureAwait(false) is { } found ? await LookAsync(location, found, cancellationToken).ConfigureAwait(false) : null;

    /// <inheritdoc/>
    public override async IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach ((ArtifactObject item, _) in ListWithOverheadAsync(location, prefix, cancellationToken).ConfigureAwait(false))
            yield return item;
    }

    /// <inheritdoc/>
    public override async ValueTask<(long Objects, long Bytes)> DeletePrefixAsync(Uri location, string prefix, CancellationToken cancellationToken)
    {
        // The inner store adds up what it deletes, from which the content's size no longer follows.
        long overhead = 0;
        await foreach ((_, long bytesMore) in ListWithOverheadAsync(location, prefix, cancellationToken).ConfigureAwait(false))
            overhead += bytesMore;
        (long objects, long bytes) = await Inner.DeletePrefixAsync(location, prefix, cancellationToken).ConfigureAwait(false);
        return (objects, Math.Max(0, bytes - overhead));
    }

    /// <inheritdoc/>
    public override async ValueTask<ArtifactObject> CopyAsync(Uri location, string path, Uri toLocation, string toPath, CancellationToken cancellationToken)
    {
        ArtifactObject copy = await Inner.CopyAsync(location, path, toLocation, toPath, cancellationToken).ConfigureAwait(false);
        return await LookAsync(toLocation, copy, cancellationToken).ConfigureAwait(false) ?? Plain(copy);
    }

    /// <summary>Refuses: a link would give the encrypted bytes.</summary>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">The object's path.</param>
    /// <param name="validFor">Not used.</param>
    /// <param name="cancellationToken">Not used.</param>
    /// <returns>Never.</returns>
    /// <exception cref="NotSupportedException">Always.</exception>
    public override ValueTask<Uri> GetDownloadLinkAsync(Uri location, string path, TimeSpan validFor, CancellationToken cancellationToken) =>
        throw ArtifactStores.Lacks(this, ArtifactStoreCapabilities.DownloadLinks);

    internal static ArtifactStoreException TooLong() =>
        new($"The content is longer than {SegmentCipher.MaxPlainSize} bytes (256 TiB), the most that an encrypted object has. Upload it in several artifacts.", isTransient: false);

    /// <summary>What is encrypted as it reads decrypted; what has a size that no encrypted object has as it is.</summary>
    private static ArtifactObject Plain(ArtifactObject item) => item with { SizeBytes = SegmentCipher.PlainSizeOf(item.SizeBytes) ?? item.SizeBytes };

    private static bool IsSame(ArtifactObject a, ArtifactObject b) => (a.ETag, a.SizeBytes) == (b.ETag, b.SizeBytes);

    /// <summary>Where the first segments of a range end in the object, if it is known to have them.</summary>
    private static long? EndOf(ByteRange range) =>
        range.Length is { } length && length <= SegmentCipher.MaxPlainSize - range.Offset ? SegmentCipher.BeginOf(SegmentCipher.CountOf(range.Offset + length)) : null;

    private static async ValueTask<byte[]> ReadHeaderAsync(ArtifactContent content, Uri location, string path, CancellationToken cancellationToken)
    {
        try
        {
            byte[] bytes = new byte[EncryptionHeader.Size];
            int read = await content.Stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return read == bytes.Length ? bytes : bytes[..read];
        }
        catch (IOException e)
        {
            throw new ArtifactStoreException($"Reading '{path}' at {location} failed: {e.Message}", isTransient: true, e);
        }
    }

    /// <returns>Null when the object was replaced between two requests.</returns>
    private async ValueTask<ArtifactContent?> TryOpenAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        // A range near the beginning is one request with the header; any other asks for the header alone first.
        bool isOne = range.Offset < SegmentCipher.SegmentSize;
        ArtifactContent opened = await Inner.OpenReadAsync(location, path, new ByteRange(0, isOne ? EndOf(range) : EncryptionHeader.Size), cancellationToken).ConfigureAwait(false);
        SegmentCipher? cipher = null;
        try
        {
            byte[] bytes = await ReadHeaderAsync(opened, location, path, cancellationToken).ConfigureAwait(false);
            if (!EncryptionHeader.IsAt(bytes))
                return await OpenAgainAsync(opened, location, path, _allowPlain ? range : throw NotEncrypted(location, path), cancellationToken).ConfigureAwait(false);
            var header = EncryptionHeader.Parse(bytes, location, path);
            long size = SegmentCipher.PlainSizeOf(opened.Artifact.SizeBytes) ?? throw new ArtifactCorruptException(location, path, $"it has {opened.Artifact.SizeBytes} bytes, which no encrypted object has: it was cut, or something was appended.", innerException: null);
            (long begin, long end) = range.Within(size);
            cipher = await UnwrapAsync(header, location, path, cancellationToken).ConfigureAwait(false);
            if (!isOne)
            {
                (long first, long last) = DecryptingStream.SegmentsOf(size, begin, end);
                ByteRange segments = new(SegmentCipher.BeginOf(first), SegmentCipher.BeginOf(last + 1) - SegmentCipher.BeginOf(first));
                if (await OpenAgainAsync(opened, location, path, segments, cancellationToken).ConfigureAwait(false) is not { } again)
                {
                    cipher.Dispose();
                    return null;
                }

                opened = again;
            }

            ArtifactObject artifact = new(opened.Artifact.Path, size) { ETag = opened.Artifact.ETag, KeyId = header.KeyId };
            return new ArtifactContent(artifact, new DecryptingStream(opened.Stream, cipher, location, path, size, begin, end));
        }
        catch
        {
            cipher?.Dispose();
            await opened.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Opens another range of an object that is open.</summary>
    /// <returns>Null when it was replaced meanwhile.</returns>
    private async ValueTask<ArtifactContent?> OpenAgainAsync(ArtifactContent opened, Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        await opened.DisposeAsync().ConfigureAwait(false);
        range.Within(opened.Artifact.SizeBytes);
        ArtifactContent again;
        try
        {
            again = await Inner.OpenReadAsync(location, path, range, cancellationToken).ConfigureAwait(false);
        }
        catch (ArgumentOutOfRangeException)
        {
            return null;
        }

        if (IsSame(again.Artifact, opened.Artifact))
            return again;
        await again.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    private async ValueTask<SegmentCipher> UnwrapAsync(EncryptionHeader header, Uri location, string path, CancellationToken cancellationToken)
    {
        byte[] key;
        try
        {
            key = await _keys.UnwrapAsync(header.KeyId, header.Wrapped, cancellationToken).ConfigureAwait(false);
        }
        catch (CryptographicException e)
        {
            throw new ArtifactCorruptException(location, path, $"key '{header.KeyId}' does not unwrap the key in its header, or is not the key that it was.", e);
        }

        try
        {
            return key.Length == ArtifactDataKey.SizeBytes
                ? new SegmentCipher(key, header)
                : throw new ArtifactStoreException($"{_keys.GetType().Name} unwrapped a key of {key.Length} bytes for '{path}' at {location}; a data key has {ArtifactDataKey.SizeBytes}. Look at that provider.", isTransient: false);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    private static ArtifactStoreException NotEncrypted(Uri location, string path) => new(
        $"'{path}' at {location} is not encrypted: another tool put it there, it is from before encryption was turned on, or its beginning was changed. Upload it again, or allow plain objects (allowPlain) while you move.",
        isTransient: false);

    private async IAsyncEnumerable<(ArtifactObject Item, long Overhead)> ListWithOverheadAsync(Uri location, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (ArtifactObject[] items in Inner.ListAsync(location, prefix, cancellationToken).Chunk(PeeksAtOnce).WithCancellation(cancellationToken).ConfigureAwait(false))
        {
            ArtifactObject?[] looked = await Task.WhenAll(items.Select(item => LookAsync(location, item, cancellationToken).AsTask())).ConfigureAwait(false);
            foreach ((ArtifactObject item, ArtifactObject? plain) in items.Zip(looked))
            {
                if (plain is { } there)
                    yield return (there, item.SizeBytes - there.SizeBytes);
            }
        }
    }

    /// <summary>An object of the inner store as this store shows it.</summary>
    /// <returns>Null when it is gone by now.</returns>
    private async ValueTask<ArtifactObject?> LookAsync(Uri location, ArtifactObject item, CancellationToken cancellationToken)
    {
        if (!_allowPlain || SegmentCipher.PlainSizeOf(item.SizeBytes) is null || !ArtifactPath.IsObjectPath(item.Path))
            return Plain(item);
        try
        {
            ArtifactContent opened = await Inner.OpenReadAsync(location, item.Path, new ByteRange(0, EncryptionHeader.Size), cancellationToken).ConfigureAwait(false);
            await using (opened.ConfigureAwait(false))
                return EncryptionHeader.IsAt(await ReadHeaderAsync(opened, location, item.Path, cancellationToken).ConfigureAwait(false)) ? Plain(opened.Artifact) : opened.Artifact;
        }
        catch (ArtifactNotFoundException)
        {
            return null;
        }
    }
}
