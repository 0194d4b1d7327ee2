using System.Buffers.Binary;
using System.Security.Cryptography;

namespace MLOps.AzureBlobs;

/// <summary>The ids of blocks: number and hash, so that a block of an earlier upload is known for what it is. All have one length, as the service asks.</summary>
internal static class BlockId
{
    private const int NumberBytes = sizeof(int);

    /// <summary>The id of a block by its content.</summary>
    public static string Of(int number, ReadOnlySpan<byte> content)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(content, hash);
        return Of(number, nonce: hash);
    }

    /// <summary>The ids of blocks whose content is not seen here: no other upload has the same.</summary>
    public static string[] Unique(int count)
    {
        Span<byte> nonce = stackalloc byte[SHA256.HashSizeInBytes];
        RandomNumberGenerator.Fill(nonce);
        string[] ids = new string[count];
        for (int number = 0; number < count; number++)
            ids[number] = Of(number, nonce: nonce);
        return ids;
    }

    private static string Of(int number, Span<byte> nonce)
    {
        Span<byte> id = stackalloc byte[NumberBytes + SHA256.HashSizeInBytes];
        BinaryPrimitives.WriteInt32BigEndian(id, number);
        nonce.CopyTo(id[NumberBytes..]);
        return Convert.ToBase64String(id);
    }
}
