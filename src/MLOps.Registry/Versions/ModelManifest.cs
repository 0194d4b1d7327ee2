using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MLOps.Registry;

/// <summary>The files of a version. Immutable; files stand in ordinal order of their paths.</summary>
public sealed record ModelManifest
{
    /// <summary>The files, at least one, in ordinal order of their paths.</summary>
    public required IReadOnlyList<ModelFile> Files { get; init; }

    /// <summary>The size of all files in bytes.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public long SizeBytes => Files.Sum(file => file.SizeBytes);

    /// <summary>What identifies the content: the SHA-256, as 64 lower-case hex digits, over path, size and hash of each file in order. Two versions with the same files have the same digest.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public string Digest => field ??= Compute();

    private string Compute()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> number = stackalloc byte[sizeof(long)];
        foreach (ModelFile file in Files)
        {
            byte[] path = Encoding.UTF8.GetBytes(file.Path);
            BinaryPrimitives.WriteInt64BigEndian(number, path.Length);
            hash.AppendData(number);
            hash.AppendData(path);
            BinaryPrimitives.WriteInt64BigEndian(number, file.SizeBytes);
            hash.AppendData(number);
            hash.AppendData(Convert.FromHexString(file.Sha256));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
