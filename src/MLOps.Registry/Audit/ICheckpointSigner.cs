namespace MLOps.Registry.Audit;

/// <summary>
/// Signs checkpoints with a key that whoever can rewrite the registry does not have. <see cref="EcdsaCheckpointSigner"/> has its key in a file; implement this to
/// sign with a key management service.
/// </summary>
/// <remarks>
/// A service that signs with ECDSA on the curve P-256 over SHA-256 makes checkpoints that <see cref="CheckpointVerifier"/> verifies: <see cref="KeyId"/> is then
/// <see cref="CheckpointVerifier.KeyId"/>, and the signature is in DER (RFC 3279), as such services give it.
/// </remarks>
public interface ICheckpointSigner
{
    /// <summary>The key's name: not empty, without white space, control characters and <c>+</c>. Conventionally that of the log, <see cref="RegistryOptions.Origin"/>.</summary>
    string Name { get; }

    /// <summary>The key's id, the four bytes by which a verifier knows it, the first the most significant. See the section on signatures in c2sp.org/signed-note.</summary>
    uint KeyId { get; }

    /// <summary>Signs.</summary>
    /// <param name="text">The text of the checkpoint up to the blank line, in UTF-8.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The signature.</returns>
    ValueTask<ReadOnlyMemory<byte>> SignAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken);
}
