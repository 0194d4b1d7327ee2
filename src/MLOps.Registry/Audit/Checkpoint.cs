using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace MLOps.Registry.Audit;

/// <summary>A signed statement of how an audit log ended. Kept elsewhere, it shows later that the log up to there was neither rewritten nor cut off. Immutable.</summary>
/// <remarks>
/// It is a signed note in the form of c2sp.org/tlog-checkpoint: the log's name, the number of events, the hash of the last one in base64, a blank line, and one
/// line a signature. The hash is the end of our chain of hashes; the form has the root of a Merkle tree there, so that tools for such trees can read and verify a
/// checkpoint, but not prove anything from its hash.
/// </remarks>
public sealed record Checkpoint
{
    private const int MostCharacters = 1 << 20;
    private const string SignatureStart = "— ";

    private Checkpoint(string text, string origin, long count, byte[] hash, IReadOnlyList<CheckpointSignature> signatures, byte[] signed) =>
        (Text, Origin, Count, Hash, Signatures, Signed) = (text, origin, count, hash, signatures, signed);

    /// <summary>The log's name.</summary>
    public string Origin { get; }

    /// <summary>How many events the log had.</summary>
    public long Count { get; }

    /// <summary>The hash of its last event, 32 bytes; 32 zeros for an empty log.</summary>
    public ReadOnlyMemory<byte> Hash { get; }

    /// <summary>The signatures, at least one. Reading a checkpoint verifies none of them: ask a <see cref="CheckpointVerifier"/>.</summary>
    public IReadOnlyList<CheckpointSignature> Signatures { get; }

    /// <summary>The whole checkpoint with its signatures, as it is kept elsewhere.</summary>
    public string Text { get; }

    /// <summary>What is signed.</summary>
    internal ReadOnlyMemory<byte> Signed { get; }

    /// <summary>Reads a checkpoint. Its signatures are not verified.</summary>
    /// <param name="text">What <see cref="Text"/> was.</param>
    /// <returns>The checkpoint.</returns>
    /// <exception cref="FormatException">It is none: cut off, or changed on its way.</exception>
    public static Checkpoint Parse(string text) =>
        TryParse(text, out Checkpoint? checkpoint) ? checkpoint : throw new FormatException("That is no checkpoint. One begins with the log's name, a number and a hash, each on a line that ends with a line feed, and has a signature line after a blank one; keep it byte by byte.");

    /// <summary>Reads a checkpoint. Its signatures are not verified.</summary>
    /// <param name="text">What <see cref="Text"/> was.</param>
    /// <param name="checkpoint">The checkpoint, when it is one.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out Checkpoint? checkpoint)
    {
        checkpoint = null;
        if (text is null || text.Length > MostCharacters || !text.EndsWith('\n') || text.Any(c => c < ' ' && c != '\n') || !IsUnicode(text))
            return false;
        int blank = text.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (blank < 0 || blank + 2 == text.Length)
            return false;
        string[] lines = text[..blank].Split('\n');
        if (lines.Length < 3 || lines.Contains("") || ParseCount(lines[1]) is not { } count || ParseBase64(lines[2]) is not { Length: AuditRecord.HashLength } hash)
            return false;

        List<CheckpointSignature> signatures = [];
        foreach (string line in text[(blank + 2)..^1].Split('\n'))
        {
            if (!line.StartsWith(SignatureStart, StringComparison.Ordinal) || line[SignatureStart.Length..].Split(' ') is not [var name, var value] || !IsName(name) || ParseBase64(value) is not { Length: > 4 } bytes)
                return false;
            signatures.Add(new CheckpointSignature(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(4)));
        }

        checkpoint = new Checkpoint(text, lines[0], count, hash, signatures, Encoding.UTF8.GetBytes(text[..(blank + 1)]));
        return true;
    }

    /// <summary>The whole checkpoint with its signatures.</summary>
    /// <returns><see cref="Text"/>.</returns>
    public override string ToString() => Text;

    /// <summary>Whether another checkpoint has the same text.</summary>
    /// <param name="other">The other.</param>
    /// <returns>Whether it has.</returns>
    public bool Equals(Checkpoint? other) => other is not null && Text == other.Text;

    /// <inheritdoc/>
    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);

    internal static async ValueTask<Checkpoint> SignAsync(string origin, AuditHead head, ICheckpointSigner signer, CancellationToken cancellationToken)
    {
        if (!IsName(signer.Name))
            throw new ArgumentException($"A key's name is not empty and has no white space, control character or '+'; that of this {signer.GetType().Name} has.", nameof(signer));
        string signed = string.Create(CultureInfo.InvariantCulture, $"{origin}\n{head.Count}\n{Convert.ToBase64String(head.Hash.Span)}\n");
        ReadOnlyMemory<byte> signature = await signer.SignAsync(Encoding.UTF8.GetBytes(signed), cancellationToken).ConfigureAwait(false);
        if (signature.IsEmpty)
            throw new InvalidOperationException($"{signer.GetType().Name} gave an empty signature.");
        byte[] value = new byte[4 + signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(value, signer.KeyId);
        signature.CopyTo(value.AsMemory(4));
        return Parse($"{signed}\n{SignatureStart}{signer.Name} {Convert.ToBase64String(value)}\n");
    }

    internal static bool IsName(string? name) => name is { Length: > 0 and <= Limits.KeyLength } && !name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c == '+') && IsUnicode(name);

    private static bool IsUnicode(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (char.IsSurrogate(text[i]) && !(char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[++i])))
                return false;
        }

        return true;
    }

    private static long? ParseCount(string line) => long.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out long count) && count.ToString(CultureInfo.InvariantCulture) == line ? count : null;

    // Only the one canonical form, so that no two texts mean the same.
    private static byte[]? ParseBase64(string text)
    {
        byte[] bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out int length) && Convert.ToBase64String(bytes, 0, length) == text ? bytes[..length] : null;
    }
}
