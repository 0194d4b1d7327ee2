using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace MLOps.Tracking.Tests.Artifacts.Encryption;

/// <summary>The format once more, written from docs/operate/encryption.md alone, with the keys of a key file.</summary>
internal static class ByHand
{
    public static byte[] Decrypt(byte[] file, Func<string, byte[]> keyOf)
    {
        byte[] header = file[..1024];
        Assert.Equal("MLOPSENC", Encoding.ASCII.GetString(header, 0, 8));
        Assert.Equal((1, 1), (header[8], header[9]));
        int keyIdLength = BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(10));
        Assert.Equal(65_536u, BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12)));
        Assert.Equal(0, header[23]);
        Assert.Equal(60, BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(24)));
        string keyId = Encoding.UTF8.GetString(header, 26, keyIdLength);
        byte[] wrapped = header[(26 + keyIdLength)..(86 + keyIdLength)];
        Assert.All(header[(86 + keyIdLength)..], padding => Assert.Equal(0, padding));

        byte[] dataKey = new byte[32];
        using (AesGcm wrapping = new(keyOf(keyId), 16))
            wrapping.Decrypt(wrapped[..12], wrapped[12..44], wrapped[44..], dataKey, Encoding.UTF8.GetBytes(keyId));
        using AesGcm aes = new(dataKey, 16);
        List<byte> content = [];
        byte[][] segments = [.. file.Skip(1024).Chunk(65_552)];
        for (int i = 0; i < segments.Length; i++)
        {
            byte[] plain = new byte[segments[i].Length - 16];
            aes.Decrypt(Nonce(header[16..23], i, i == segments.Length - 1), segments[i][..^16], segments[i][^16..], plain, header);
            content.AddRange(plain);
        }

        return [.. content];
    }

    public static byte[] Encrypt(byte[] content, string keyId, byte[] key, byte[] dataKey, byte[] prefix)
    {
        byte[] header = new byte[1024], id = Encoding.UTF8.GetBytes(keyId), wrapped = new byte[60];
        "MLOPSENC"u8.CopyTo(header);
        (header[8], header[9]) = (1, 1);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(10), (ushort)id.Length);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(12), 65_536);
        prefix.CopyTo(header, 16);
        BinaryPrimitives.WriteUInt16BigEndian(header.AsSpan(24), 60);
        using (AesGcm wrapping = new(key, 16))
            wrapping.Encrypt(wrapped.AsSpan(0, 12), dataKey, wrapped.AsSpan(12, 32), wrapped.AsSpan(44), id);
        id.CopyTo(header, 26);
        wrapped.CopyTo(header, 26 + id.Length);

        using AesGcm aes = new(dataKey, 16);
        List<byte> file = [.. header];
        byte[][] segments = content.Length == 0 ? [[]] : [.. content.Chunk(65_536)];
        for (int i = 0; i < segments.Length; i++)
        {
            byte[] sealedBytes = new byte[segments[i].Length], tag = new byte[16];
            aes.Encrypt(Nonce(prefix, i, i == segments.Length - 1), segments[i], sealedBytes, tag, header);
            file.AddRange(sealedBytes);
            file.AddRange(tag);
        }

        return [.. file];
    }

    private static byte[] Nonce(byte[] prefix, int segment, bool isLast) =>
        [.. prefix, (byte)(segment >> 24), (byte)(segment >> 16), (byte)(segment >> 8), (byte)segment, isLast ? (byte)1 : (byte)0];
}
