using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MLOps.Tracking.Artifacts.Encryption;

/// <summary>
/// Seals and opens the segments of one object. Nonce: a random prefix, the segment's number, and whether it is the last, so that none can be moved, left out, doubled or be the last in another's place;
/// each is bound to the header. Source: Hoang, Reyhanitabar, Rogaway, Vizár (2015), Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance, CRYPTO 2015, section 7 (STREAM).
/// </summary>
internal sealed class SegmentCipher : IDisposable
{
    public const int SegmentSize = 64 * 1024, TagSize = 16, SealedSize = SegmentSize + TagSize, NoncePrefixSize = 7;

    public const long MaxSegments = 1L << 32, MaxPlainSize = MaxSegments * SegmentSize;

    private const int NonceSize = 12;
    private readonly AesGcm _aes;
    private readonly EncryptionHeader _header;

    public SegmentCipher(ReadOnlySpan<byte> key, EncryptionHeader header)
    {
        _aes = new AesGcm(key, TagSize);
        _header = header;
    }

    /// <summary>How many segments content of a size has: one also when it is empty.</summary>
    public static long CountOf(long plainSize) => Math.Max(1, (plainSize + SegmentSize - 1) / SegmentSize);

    /// <summary>The size of the object that content of a size becomes.</summary>
    public static long SealedSizeOf(long plainSize) => EncryptionHeader.Size + plainSize + (CountOf(plainSize) * TagSize);

    /// <summary>The size of the content of an object; null when no encrypted object has that size.</summary>
    public static long? PlainSizeOf(long sealedSize)
    {
        (long whole, long rest) = Math.DivRem(sealedSize - EncryptionHeader.Size, SealedSize);
        bool possible = sealedSize >= EncryptionHeader.Size + TagSize && whole < MaxSegments + (rest == 0 ? 1 : 0) && (rest is 0 or > TagSize || (whole == 0 && rest == TagSize));
        return possible ? (whole * SegmentSize) + Math.Max(0, rest - TagSize) : null;
    }

    /// <summary>Where in the object a segment begins.</summary>
    public static long BeginOf(long segment) => EncryptionHeader.Size + (segment * SealedSize);

    /// <summary>Seals a segment.</summary>
    /// <param name="segment">Its number.</param>
    /// <param name="isLast">Whether none follows.</param>
    /// <param name="plain">Its content.</param>
    /// <param name="target">Takes as many bytes, and the tag.</param>
    public void Seal(long segment, bool isLast, ReadOnlySpan<byte> plain, Span<byte> target)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        WriteNonce(nonce, segment, isLast);
        _aes.Encrypt(nonce, plain, target[..plain.Length], target.Slice(plain.Length, TagSize), _header.Bytes.Span);
    }

    /// <summary>Opens a segment.</summary>
    /// <param name="segment">Its number.</param>
    /// <param name="isLast">Whether none follows.</param>
    /// <param name="sealedBytes">The segment with its tag.</param>
    /// <param name="plain">Takes the content; zeros when it fails.</param>
    /// <exception cref="AuthenticationTagMismatchException">It is not what was sealed under this header, number and place.</exception>
    public void Open(long segment, bool isLast, ReadOnlySpan<byte> sealedBytes, Span<byte> plain)
    {
        Span<byte> nonce = stackalloc byte[NonceSize];
        WriteNonce(nonce, segment, isLast);
        _aes.Decrypt(nonce, sealedBytes[..^TagSize], sealedBytes[^TagSize..], plain, _header.Bytes.Span);
    }

    public void Dispose() => _aes.Dispose();

    private void WriteNonce(Span<byte> nonce, long segment, bool isLast)
    {
        _header.NoncePrefix.CopyTo(nonce);
        BinaryPrimitives.WriteUInt32BigEndian(nonce[NoncePrefixSize..], checked((uint)segment));
        nonce[NonceSize - 1] = isLast ? (byte)1 : (byte)0;
    }
}
