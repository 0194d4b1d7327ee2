using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MLOps.Registry.Audit;

/// <summary>Verifies signatures of checkpoints with a public key: ECDSA on the curve P-256 over SHA-256, the type 0x02 of c2sp.org/signed-note.</summary>
/// <remarks>Safe for use from any thread. Holds no secret.</remarks>
public sealed class CheckpointVerifier
{
    private const string P256 = "1.2.840.10045.3.1.7";
    private readonly byte[] _publicKey;

    private CheckpointVerifier(string name, ECDsa key)
    {
        Name = name;
        _publicKey = key.ExportSubjectPublicKeyInfo();
        KeyId = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(_publicKey));
    }

    /// <summary>The key's name.</summary>
    public string Name { get; }

    /// <summary>The key's id: the first four bytes of the SHA-256 of the public key in DER, as the form has it for this type of signature.</summary>
    public uint KeyId { get; }

    /// <summary>Takes a public key.</summary>
    /// <param name="name">The key's name, as its signer has it.</param>
    /// <param name="pem">The key as <c>PUBLIC KEY</c> in PEM, as <see cref="ExportPem"/> and <c>openssl ec -pubout</c> write it.</param>
    /// <returns>The verifier.</returns>
    /// <exception cref="ArgumentException">The name is not legal, or the text has no such key.</exception>
    public static CheckpointVerifier FromPem(string name, string pem)
    {
        using ECDsa key = Import(name, pem);
        return new CheckpointVerifier(name, key);
    }

    /// <summary>Whether a checkpoint bears a signature by this key, and the signature is right. Signatures by other keys are not looked at.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <returns>False also when this key has not signed it.</returns>
    public bool Verify(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        CheckpointSignature[] ours = [.. checkpoint.Signatures.Where(signature => signature.KeyId == KeyId && signature.Name == Name)];
        if (ours.Length == 0)
            return false;
        using ECDsa key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(_publicKey, out _);
        return ours.All(signature => key.VerifyData(checkpoint.Signed.Span, signature.Value.Span, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));
    }

    /// <summary>Writes the public key.</summary>
    /// <returns>The key as <c>PUBLIC KEY</c> in PEM.</returns>
    public string ExportPem() => PemEncoding.WriteString("PUBLIC KEY", _publicKey);

    internal static CheckpointVerifier Of(string name, ECDsa key) => new(name, key);

    internal static ECDsa Import(string name, string pem)
    {
        ArgumentNullException.ThrowIfNull(pem);
        CheckName(name);
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            if (key.ExportParameters(includePrivateParameters: false).Curve is { IsNamed: true, Oid.Value: P256 })
                return key;
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            // Not chained: the cause may quote a part of the key.
        }

        key.Dispose();
        throw new ArgumentException("The text has no key for ECDSA on the curve P-256 in PEM, or one that is encrypted.", nameof(pem));
    }

    internal static void CheckName(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!Checkpoint.IsName(name))
            throw new ArgumentException("A key's name has 1 to 250 characters, none of them white space, a control character or '+'.", nameof(name));
    }
}
