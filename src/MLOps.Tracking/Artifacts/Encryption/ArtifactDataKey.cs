using System.Security.Cryptography;
using System.Text;

namespace MLOps.Tracking.Artifacts.Encryption;

/// <summary>The key of one object, in the plain and wrapped. Not safe for use from several threads at once.</summary>
public sealed class ArtifactDataKey : IDisposable
{
    /// <summary>How many bytes a data key has.</summary>
    internal const int SizeBytes = 32;

    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Takes a data key.</summary>
    /// <param name="keyId">The key that wraps it: not empty, and no secret. It stands in the plain in the object and in manifests.</param>
    /// <param name="plaintext">The key, 32 bytes. The array is this object's from now on, which overwrites it with zeros at its end.</param>
    /// <param name="wrapped">The key as it stands in the object: not empty, and with the key id at most 998 bytes.</param>
    /// <exception cref="ArgumentException">One of them is empty, too long, or the key has not 32 bytes.</exception>
    public ArtifactDataKey(string keyId, byte[] plaintext, ReadOnlyMemory<byte> wrapped)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        ArgumentNullException.ThrowIfNull(plaintext);
        if (plaintext.Length != SizeBytes)
            throw new ArgumentException($"A data key has {SizeBytes} bytes (AES-256), this one {plaintext.Length}.", nameof(plaintext));
        if (wrapped.IsEmpty)
            throw new ArgumentException("The wrapped key is empty.", nameof(wrapped));
        KeyIdBytes = s_utf8.GetBytes(keyId);
        if (KeyIdBytes.Length + wrapped.Length > EncryptionHeader.MaxKeyBytes)
            throw new ArgumentException($"Key id and wrapped key have {KeyIdBytes.Length} + {wrapped.Length} bytes; an object has room for {EncryptionHeader.MaxKeyBytes}. Name the key by a shorter id, an alias for instance.", nameof(wrapped));
        (KeyId, Plaintext, Wrapped) = (keyId, plaintext, wrapped);
    }

    /// <summary>The key that wraps this one.</summary>
    public string KeyId { get; }

    /// <summary>The key that encrypts the object, 32 bytes; zeros after disposal.</summary>
    public ReadOnlyMemory<byte> Plaintext { get; }

    /// <summary>The key as it stands in the object, from which <see cref="IArtifactKeyProvider.UnwrapAsync"/> makes it again.</summary>
    public ReadOnlyMemory<byte> Wrapped { get; }

    internal ReadOnlyMemory<byte> KeyIdBytes { get; }

    /// <summary>Overwrites the key with zeros.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsMemory(Plaintext).Span);
}
