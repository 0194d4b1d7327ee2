using System.Security.Cryptography;

namespace MLOps.Tracking.Artifacts.Encryption;

/// <summary>Makes data keys for <see cref="EncryptedArtifactStore"/> and unwraps them again: a file of keys (<see cref="LocalKeyFile"/>), or a key service, whose GenerateDataKey and Decrypt are these two members.</summary>
/// <remarks>
/// Both members are called from any thread at once: one data key for each object that is put, one unwrapping for each that is opened.
/// A key service that is away raises a transient <see cref="ArtifactStoreException"/>, so that callers try again; whatever else is raised reaches the caller as it is.
/// </remarks>
public interface IArtifactKeyProvider
{
    /// <summary>Makes a data key for one object.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A key that was never given before, random in all of its 256 bits. The caller disposes it.</returns>
    /// <exception cref="ArtifactStoreException">No key can be had.</exception>
    ValueTask<ArtifactDataKey> CreateDataKeyAsync(CancellationToken cancellationToken);

    /// <summary>Unwraps the data key of one object.</summary>
    /// <param name="keyId">The key that wraps it, as <see cref="ArtifactDataKey.KeyId"/> named it. It was read from the object: whoever can write the object chose it.</param>
    /// <param name="wrapped">The data key as <see cref="ArtifactDataKey.Wrapped"/> gave it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The data key, 32 bytes, in an array of the caller's own: it is overwritten with zeros after use.</returns>
    /// <exception cref="ArtifactStoreException">There is no such key, or the key service refuses or is away.</exception>
    /// <exception cref="CryptographicException">The key does not unwrap these bytes: they were changed, or another key of that name wrapped them.</exception>
    ValueTask<byte[]> UnwrapAsync(string keyId, ReadOnlyMemory<byte> wrapped, CancellationToken cancellationToken);
}
