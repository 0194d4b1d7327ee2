using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace MLOps.Registry.Events;

/// <summary>Signs and verifies deliveries as Standard Webhooks 1.0 does, symmetrically (<c>v1</c>): HMAC-SHA256 over <c>id.timestamp.body</c>.</summary>
/// <remarks>Safe for use from any thread. Source: github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md.</remarks>
public static class WebhookSignature
{
    internal const string SecretForm = "'whsec_' and 24 to 64 bytes in base64, or several such with a space between them";
    internal const string IdHeader = "webhook-id";
    internal const string TimestampHeader = "webhook-timestamp";
    internal const string SignatureHeader = "webhook-signature";
    private const string SecretPrefix = "whsec_";
    private const string Version = "v1,";

    /// <summary>For receivers: whether a delivery was signed with the secret and is not old.</summary>
    /// <param name="secret"><c>whsec_</c> and 24 to 64 bytes in base64; or several with a space between them, of which one must fit.</param>
    /// <param name="id">The header <c>webhook-id</c>: the same when an event is delivered again.</param>
    /// <param name="timestamp">The header <c>webhook-timestamp</c>: the time of the attempt in seconds since 1970-01-01 UTC.</param>
    /// <param name="signature">The header <c>webhook-signature</c>.</param>
    /// <param name="body">The body as it came, byte by byte.</param>
    /// <param name="now">The time.</param>
    /// <param name="tolerance">How far the attempt's time may be from now, before or after; null for 5 minutes.</param>
    /// <returns>Whether it is genuine and of now.</returns>
    /// <exception cref="ArgumentException">The secret is not one.</exception>
    public static bool Verify(string secret, string id, string timestamp, string signature, ReadOnlySpan<byte> body, DateTimeOffset now, TimeSpan? tolerance = null)
    {
        ArgumentNullException.ThrowIfNull(secret);
        ArgumentNullException.ThrowIfNull(id);
        ArgumentNullException.ThrowIfNull(timestamp);
        ArgumentNullException.ThrowIfNull(signature);
        if (!TryReadSecrets(secret, out List<byte[]> keys))
            throw new ArgumentException($"A secret is {SecretForm}.", nameof(secret));
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out long seconds) || Math.Abs((double)seconds - now.ToUnixTimeSeconds()) > (tolerance ?? TimeSpan.FromMinutes(5)).TotalSeconds)
            return false;
        bool genuine = false;
        foreach (string given in signature.Split(' '))
        {
            foreach (byte[] key in keys)
                genuine |= CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(SignOne(key, id, timestamp, body)));
        }

        return genuine;
    }

    internal static string Sign(IEnumerable<byte[]> keys, string id, string timestamp, byte[] body) => string.Join(' ', keys.Select(key => SignOne(key, id, timestamp, body)));

    internal static bool TryReadSecrets(string secret, out List<byte[]> keys)
    {
        keys = [];
        foreach (string one in secret.Split(' '))
        {
            byte[] key = new byte[one.Length];
            if (!one.StartsWith(SecretPrefix, StringComparison.Ordinal) || !Convert.TryFromBase64String(one[SecretPrefix.Length..], key, out int length) || length is < 24 or > 64)
                return false;
            keys.Add(key[..length]);
        }

        return true;
    }

    private static string SignOne(byte[] key, string id, string timestamp, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData(Encoding.UTF8.GetBytes($"{id}.{timestamp}."));
        mac.AppendData(body);
        return Version + Convert.ToBase64String(mac.GetHashAndReset());
    }
}
