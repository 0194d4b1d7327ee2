using System.Buffers;
using System.Buffers.Binary;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace MLOps.Tracking.Search;

/// <summary>Writes and reads page tokens: opaque to callers, they hold the place in the order after which the next page begins, so that what is added or deleted meanwhile shifts nothing.</summary>
/// <remarks>
/// A token is no secret and no proof: a forged one leads to another place in the same answer, never to something that the question does not find.
/// It is the base64url of: a version byte; the first 8 bytes of the question's SHA-256; for each order key a byte for the kind, then 8 bytes for a number or
/// 4 bytes of length and the UTF-8 for a text, most significant byte first; the first 4 bytes of the SHA-256 of all that, against damage.
/// </remarks>
public static class PageToken
{
    private const byte Version = 1;
    private const byte Missing = 0;
    private const byte NaN = 1;
    private const byte Number = 2;
    private const byte Text = 3;
    private const int FingerprintLength = 8;
    private const int CheckLength = 4;
    private const string Damaged = "The page token is damaged, or was not made by this store.";

    private static readonly UTF8Encoding s_strictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Writes a token.</summary>
    /// <param name="question">The question whose answer is paged: <see cref="RunQuery.Canonical"/> or <see cref="ExperimentQuery.Canonical"/>.</param>
    /// <param name="place">What the last item of the page has for each order key of the full order, tie-breakers included.</param>
    /// <returns>The token: letters, digits, <c>-</c> and <c>_</c>.</returns>
    /// <exception cref="ArgumentException">A number is NaN; <see cref="OrderValue.NaN"/> stands for that.</exception>
    public static string Write(string question, IReadOnlyList<OrderValue> place)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(place);
        ArrayBufferWriter<byte> token = new();
        token.Write([Version]);
        token.Write(Fingerprint(question));
        foreach (OrderValue value in place)
            Write(token, value);
        token.Write(Check(token.WrittenSpan));
        return Base64Url.EncodeToString(token.WrittenSpan);
    }

    /// <summary>Reads a token.</summary>
    /// <param name="question">The question that it is sent with.</param>
    /// <param name="token">The token.</param>
    /// <param name="order">The full order of the question, tie-breakers included.</param>
    /// <param name="vocabulary">What is searched: it tells which attributes are numbers.</param>
    /// <returns>One value for each order key, of a kind that the key can have: for a metric a number, NaN or missing; for another number a number or missing; for a text a text or missing.</returns>
    /// <exception cref="InvalidPageTokenException">It is damaged, or was given for another question.</exception>
    public static IReadOnlyList<OrderValue> Read(string question, string token, IReadOnlyList<OrderKey> order, SearchVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(token);
        ArgumentNullException.ThrowIfNull(order);
        ArgumentNullException.ThrowIfNull(vocabulary);
        if (!TryDecode(token, out byte[]? bytes) || bytes.Length < 1 + FingerprintLength + CheckLength)
            throw new InvalidPageTokenException(Damaged);
        if (bytes[0] != Version)
            throw new InvalidPageTokenException("The page token is damaged, or was made by another version of this program.");
        ReadOnlySpan<byte> content = bytes.AsSpan(..^CheckLength);
        if (!Check(content).SequenceEqual(bytes.AsSpan(^CheckLength..)))
            throw new InvalidPageTokenException(Damaged);
        if (!content.Slice(1, FingerprintLength).SequenceEqual(Fingerprint(question)))
            throw new InvalidPageTokenException("The page token belongs to another question.");

        content = content[(1 + FingerprintLength)..];
        OrderValue[] place = new OrderValue[order.Count];
        for (int i = 0; i < place.Length; i++)
            place[i] = Read(ref content, order[i].Field, vocabulary);
        return content.IsEmpty ? place : throw new InvalidPageTokenException(Damaged);
    }

    private static void Write(ArrayBufferWriter<byte> token, OrderValue value)
    {
        switch (value)
        {
            case OrderValue.Missing:
                token.Write([Missing]);
                break;
            case OrderValue.NaN:
                token.Write([NaN]);
                break;
            case OrderValue.Number { Value: var number }:
                if (double.IsNaN(number))
                    throw new ArgumentException("A number that is NaN is written as OrderValue.NaN.", nameof(value));
                token.Write([Number]);
                BinaryPrimitives.WriteDoubleBigEndian(token.GetSpan(sizeof(double)), number);
                token.Advance(sizeof(double));
                break;
            case OrderValue.Text { Value: var text }:
                token.Write([Text]);
                BinaryPrimitives.WriteInt32BigEndian(token.GetSpan(sizeof(int)), Encoding.UTF8.GetByteCount(text));
                token.Advance(sizeof(int));
                Encoding.UTF8.GetBytes(text, token);
                break;
            default:
                throw new ArgumentNullException(nameof(value));
        }
    }

    private static OrderValue Read(ref ReadOnlySpan<byte> content, SearchField field, SearchVocabulary vocabulary)
    {
        bool isNumber = SearchRules.IsNumber(vocabulary, field);
        switch (Take(ref content, 1)[0])
        {
            case Missing:
                return new OrderValue.Missing();
            case NaN when field.Entity == SearchEntity.Metric:
                return new OrderValue.NaN();
            case Number when isNumber:
                double number = BinaryPrimitives.ReadDoubleBigEndian(Take(ref content, sizeof(double)));
                return double.IsNaN(number) ? throw new InvalidPageTokenException(Damaged) : new OrderValue.Number(number);
            case Text when !isNumber:
                int length = BinaryPrimitives.ReadInt32BigEndian(Take(ref content, sizeof(int)));
                return new OrderValue.Text(ReadText(Take(ref content, length)));
            default:
                throw new InvalidPageTokenException(Damaged);
        }
    }

    private static string ReadText(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return s_strictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidPageTokenException(Damaged);
        }
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> content, int length)
    {
        if ((uint)length > (uint)content.Length)
            throw new InvalidPageTokenException(Damaged);
        ReadOnlySpan<byte> taken = content[..length];
        content = content[length..];
        return taken;
    }

    // A place has one token: padding, white space and unused bits, which decoders overlook, are damage.
    private static bool TryDecode(string token, [NotNullWhen(true)] out byte[]? bytes)
    {
        byte[] decoded = new byte[Base64Url.GetMaxDecodedLength(token.Length)];
        bool isBase64 = Base64Url.DecodeFromChars(token, decoded, out _, out int length) == OperationStatus.Done;
        bytes = isBase64 ? decoded[..length] : null;
        return bytes is not null && string.Equals(Base64Url.EncodeToString(bytes), token, StringComparison.Ordinal);
    }

    private static ReadOnlySpan<byte> Fingerprint(string question) => SHA256.HashData(Encoding.UTF8.GetBytes(question)).AsSpan(..FingerprintLength);

    private static ReadOnlySpan<byte> Check(ReadOnlySpan<byte> content) => SHA256.HashData(content).AsSpan(..CheckLength);
}
