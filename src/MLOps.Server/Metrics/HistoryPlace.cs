using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using MLOps.Tracking.Search;

namespace MLOps.Server.Metrics;

/// <summary>Page tokens of histories. A token holds the point after which the next page begins, so that the page reads from there on, and what is logged meanwhile shifts nothing.</summary>
/// <remarks>A token is no secret and no proof: a forged one leads to another place in the same history. It is the base64url of: a version byte; the first 8 bytes of the SHA-256 of run and key;
/// timestamp, step and value of the point, 8 bytes each, most significant byte first; the first 4 bytes of the SHA-256 of all that, against damage.</remarks>
internal static class HistoryPlace
{
    private const byte Version = 1;
    private const int FingerprintLength = 8;
    private const int ContentLength = 1 + FingerprintLength + (3 * sizeof(long));
    private const int Length = ContentLength + sizeof(int);

    public static string Write(RunId run, string key, in MetricPoint last)
    {
        Span<byte> token = stackalloc byte[Length];
        token[0] = Version;
        Fingerprint(run, key).CopyTo(token[1..]);
        Span<byte> numbers = token[(1 + FingerprintLength)..];
        BinaryPrimitives.WriteInt64BigEndian(numbers, last.TimestampMs);
        BinaryPrimitives.WriteInt64BigEndian(numbers[sizeof(long)..], last.Step);
        BinaryPrimitives.WriteDoubleBigEndian(numbers[(2 * sizeof(long))..], last.Value);
        Check(token[..ContentLength]).CopyTo(token[ContentLength..]);
        return Base64Url.EncodeToString(token);
    }

    /// <exception cref="InvalidPageTokenException">It is damaged, or was given for another history.</exception>
    public static MetricPoint Read(RunId run, string key, string token)
    {
        Span<byte> bytes = stackalloc byte[Length];
        if (token.Length != Base64Url.GetEncodedLength(Length) || Base64Url.DecodeFromChars(token, bytes, out _, out int length) != OperationStatus.Done || length != Length
            || bytes[0] != Version || !Check(bytes[..ContentLength]).SequenceEqual(bytes[ContentLength..]))
            throw new InvalidPageTokenException("The page token is damaged, or was not made by this server.");
        if (!Fingerprint(run, key).SequenceEqual(bytes.Slice(1, FingerprintLength)))
            throw new InvalidPageTokenException("The page token belongs to the history of another run or metric.");
        ReadOnlySpan<byte> numbers = bytes[(1 + FingerprintLength)..];
        return new MetricPoint(
            BinaryPrimitives.ReadInt64BigEndian(numbers[sizeof(long)..]),
            BinaryPrimitives.ReadInt64BigEndian(numbers),
            BinaryPrimitives.ReadDoubleBigEndian(numbers[(2 * sizeof(long))..]));
    }

    // No run id has a line break.
    private static ReadOnlySpan<byte> Fingerprint(RunId run, string key) => SHA256.HashData(Encoding.UTF8.GetBytes($"{run.Value}\n{key}")).AsSpan(..FingerprintLength);

    private static ReadOnlySpan<byte> Check(ReadOnlySpan<byte> content) => SHA256.HashData(content).AsSpan(..sizeof(int));
}
