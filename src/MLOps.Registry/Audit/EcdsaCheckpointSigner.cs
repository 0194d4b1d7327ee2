using System.Security.Cryptography;
using System.Text;

namespace MLOps.Registry.Audit;

/// <summary>Signs checkpoints with ECDSA on the curve P-256 over SHA-256, the type 0x02 of c2sp.org/signed-note.</summary>
/// <remarks>
/// Safe for use from any thread. Keep the key where whoever can write the registry's store cannot read it: on the machine that takes the checkpoints. The form's
/// own choice, Ed25519, is not in .NET 10.
/// </remarks>
public sealed class EcdsaCheckpointSigner : ICheckpointSigner, IDisposable
{
    private readonly ECDsa _key;
    private readonly Lock _gate = new();

    private EcdsaCheckpointSigner(string name, ECDsa key)
    {
        _key = key;
        Verifier = CheckpointVerifier.Of(name, key);
    }

    /// <inheritdoc/>
    public string Name => Verifier.Name;

    /// <inheritdoc/>
    public uint KeyId => Verifier.KeyId;

    /// <summary>The public half, which verifies what this signs.</summary>
    public CheckpointVerifier Verifier { get; }

    /// <summary>Makes a new key.</summary>
    /// <param name="name">Its name: 1 to 250 characters, none of them white space, a control character or <c>+</c>.</param>
    /// <returns>The signer.</returns>
    /// <exception cref="ArgumentException">The name is not legal.</exception>
    public static EcdsaCheckpointSigner Create(string name)
    {
        CheckpointVerifier.CheckName(name);
        return new EcdsaCheckpointSigner(name, ECDsa.Create(ECCurve.NamedCurves.nistP256));
    }

    /// <summary>Takes a private key.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="pem">The key as <c>PRIVATE KEY</c> or <c>EC PRIVATE KEY</c> in PEM, not encrypted.</param>
    /// <returns>The signer.</returns>
    /// <exception cref="ArgumentException">The name is not legal, or the text has no such key. The message has nothing of the text.</exception>
    public static EcdsaCheckpointSigner FromPem(string name, string pem)
    {
        var signer = new EcdsaCheckpointSigner(name, CheckpointVerifier.Import(name, pem));
        if (signer.CanSign())
            return signer;
        signer.Dispose();
        throw new ArgumentException("The text has a public key only; signing takes the private one.", nameof(pem));
    }

    /// <summary>Takes the private key in a file, and makes both when the file is not there, readable and writable by this user alone (0600; on Windows as the folder has it).</summary>
    /// <param name="name">The key's name.</param>
    /// <param name="path">The file, PEM.</param>
    /// <returns>The signer.</returns>
    /// <exception cref="ArgumentException">The name is not legal, or the file has no such key.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public static EcdsaCheckpointSigner OpenFile(string name, string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        CheckpointVerifier.CheckName(name);
        if (!File.Exists(path))
            CreateFile(name, path);
        return FromPem(name, File.ReadAllText(path));
    }

    /// <summary>Writes the private key. It is a secret: write it nowhere that others can read.</summary>
    /// <returns>The key as <c>PRIVATE KEY</c> in PEM, not encrypted.</returns>
    public string ExportPem()
    {
        lock (_gate)
            return _key.ExportPkcs8PrivateKeyPem();
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>> SignAsync(ReadOnlyMemory<byte> text, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<ReadOnlyMemory<byte>>(SignData(text.Span));
    }

    /// <summary>Forgets the key.</summary>
    public void Dispose() => _key.Dispose();

    private byte[] SignData(ReadOnlySpan<byte> text)
    {
        lock (_gate)
            return _key.SignData(text, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private bool CanSign()
    {
        try
        {
            return SignData([]).Length > 0;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static void CreateFile(string name, string path)
    {
        using EcdsaCheckpointSigner made = Create(name);
        string temporary = $"{path}.{Guid.NewGuid():N}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        try
        {
            using (var file = new FileStream(temporary, options))
            {
                file.Write(Encoding.ASCII.GetBytes(made.ExportPem() + "\n"));
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was faster: its key is the one.
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
