using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MLOps.Tracking.Artifacts.Encryption;

/// <summary>The first bytes of an encrypted object, which say how to decrypt the rest: docs/operate/encryption.md, "The format". Its size is always the same, so that the size of the content follows from that of the object.</summary>
internal sealed class EncryptionHeader
{
    public const int Size = 1024, MaxKeyBytes = Size - KeysAt;

    private const byte Version = 1, Aes256GcmStream = 1;
    private const int VersionAt = 8, AlgorithmAt = 9, KeyIdLengthAt = 10, SegmentSizeAt = 12, NoncePrefixAt = 16, WrappedLengthAt = 24, KeysAt = 26;
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private EncryptionHeader(byte[] bytes, string keyId, ReadOnlyMemory<byte> wrapped) => (Bytes, KeyId, Wrapped) = (bytes, keyId, wrapped);

    public ReadOnlyMemory<byte> Bytes { get; }

    public string KeyId { get; }

    public ReadOnlyMemory<byte> Wrapped { get; }

    public ReadOnlySpan<byte> NoncePrefix => Bytes.Span.Slice(NoncePrefixAt, SegmentCipher.NoncePrefixSize);

    private static ReadOnlySpan<byte> Magic => "MLOPSENC"u8;

    public static EncryptionHeader Create(ArtifactDataKey key)
    {
        byte[] bytes = new byte[Size];
        Magic.CopyTo(bytes);
        bytes[VersionAt] = Version;
        bytes[AlgorithmAt] = Aes256GcmStream;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(KeyIdLengthAt), (ushort)key.KeyIdBytes.Length);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(SegmentSizeAt), SegmentCipher.SegmentSize);
        RandomNumberGenerator.Fill(bytes.AsSpan(NoncePrefixAt, SegmentCipher.NoncePrefixSize));
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(WrappedLengthAt), (ushort)key.Wrapped.Length);
        key.KeyIdBytes.Span.CopyTo(bytes.AsSpan(KeysAt));
        key.Wrapped.Span.CopyTo(bytes.AsSpan(KeysAt + key.KeyIdBytes.Length));
        return new EncryptionHeader(bytes, key.KeyId, key.Wrapped);
    }

    /// <summary>Whether bytes begin as an encrypted object does.</summary>
    public static bool IsAt(ReadOnlySpan<byte> bytes) => bytes.StartsWith(Magic);

    /// <summary>Reads a header. What it says is to be believed only when a segment has been opened with it.</summary>
    /// <param name="bytes">An array that <see cref="IsAt"/> accepts.</param>
    /// <param name="location">Where the object lies, for messages.</param>
    /// <param name="path">Its path, for messages.</param>
    public static EncryptionHeader Parse(byte[] bytes, Uri location, string path)
    {
        if (bytes.Length != Size)
            throw new ArtifactCorruptException(location, path, $"it ends within the {Size} bytes of its header.", innerException: null);
        if (bytes[VersionAt] != Version || bytes[AlgorithmAt] != Aes256GcmStream || BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(SegmentSizeAt)) != SegmentCipher.SegmentSize)
            throw new ArtifactStoreException($"Artifact '{path}' at {location} is encrypted in a way that this version of MLOps.Tracking does not know (version {bytes[VersionAt]}, algorithm {bytes[AlgorithmAt]}). Update the package; if no later one wrote it, its header was changed.", isTransient: false);
        int keyIdLength = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(KeyIdLengthAt)), wrappedLength = BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(WrappedLengthAt));
        if (keyIdLength == 0 || wrappedLength == 0 || keyIdLength + wrappedLength > MaxKeyBytes)
            throw new ArtifactCorruptException(location, path, "its header is damaged.", innerException: null);
        try
        {
            return new EncryptionHeader(bytes, s_utf8.GetString(bytes, KeysAt, keyIdLength), bytes.AsMemory(KeysAt + keyIdLength, wrappedLength));
        }
        catch (DecoderFallbackException e)
        {
            throw new ArtifactCorruptException(location, path, "its header is damaged.", e);
        }
    }
}
