using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Audit;

/// <summary>An event of the audit log as a store keeps it.</summary>
/// <remarks>
/// <see cref="Content"/> is, numbers most significant byte first: a version byte, 1; the sequence number, 8 bytes; the time in ms since 1970-01-01 UTC, 8 bytes;
/// the model's key, 16 bytes; the length of the actor, 4 bytes, and its UTF-8; then the event as JSON to the end. <see cref="Hash"/> is the SHA-256 over the
/// hash of the event before it, 32 zeros for the first, and the content. A store keeps both as they are and adds nothing that it would have to trust.
/// </remarks>
/// <param name="Sequence">Its place in the log.</param>
/// <param name="Content">What happened.</param>
/// <param name="Hash">The hash, 32 bytes.</param>
public readonly record struct AuditRecord(long Sequence, ReadOnlyMemory<byte> Content, ReadOnlyMemory<byte> Hash)
{
    internal const int HashLength = 32;
    private const byte Version = 1;
    private const int ActorAt = 1 + 8 + 8 + 16;
    private const long LastMillisecond = 253_402_300_799_999; // The end of the year 9999, and of DateTimeOffset.

    /// <summary>For stores: writes the event that comes after the end of a log.</summary>
    /// <param name="head">The end of the log.</param>
    /// <param name="at">When it happened; the time of the event before it where that is later.</param>
    /// <param name="modelKey">The model's key.</param>
    /// <param name="actor">Who caused it.</param>
    /// <param name="change">What changed.</param>
    /// <returns>The event.</returns>
    public static AuditRecord After(AuditHead head, DateTimeOffset at, Guid modelKey, string actor, RegistryEvent change)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(change);
        byte[] json = RegistryJson.Write(change);
        ArrayBufferWriter<byte> content = new(ActorAt + 4 + actor.Length + json.Length);
        Span<byte> start = content.GetSpan(ActorAt + 4);
        start[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(start[1..], head.Count + 1);
        BinaryPrimitives.WriteInt64BigEndian(start[9..], Math.Max(at.ToUnixTimeMilliseconds(), head.At.ToUnixTimeMilliseconds()));
        modelKey.TryWriteBytes(start[17..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt32BigEndian(start[ActorAt..], Encoding.UTF8.GetByteCount(actor));
        content.Advance(ActorAt + 4);
        Encoding.UTF8.GetBytes(actor, content);
        content.Write(json);
        byte[] hash = new byte[HashLength];
        HashAfter(head.Hash.Span, content.WrittenSpan, hash);
        return new AuditRecord(head.Count + 1, content.WrittenMemory, hash);
    }

    /// <summary>The end of the log when this is its last event.</summary>
    /// <exception cref="InvalidDataException">The content is damaged.</exception>
    public AuditHead ToHead() => new(Sequence, Hash, Time);

    /// <summary>Reads the event.</summary>
    /// <returns>The event.</returns>
    /// <exception cref="InvalidDataException">The content is damaged; <see cref="ModelRegistry.VerifyAuditAsync"/> tells where the damage begins.</exception>
    public AuditEvent Read()
    {
        ReadOnlySpan<byte> content = Checked();
        RegistryEvent change;
        try
        {
            change = RegistryJson.ReadEvent(JsonIn(content));
        }
        catch (System.Text.Json.JsonException)
        {
            throw Damaged();
        }

        return new AuditEvent
        {
            Sequence = Sequence,
            At = Time,
            Actor = Encoding.UTF8.GetString(ActorIn(content)),
            ModelKey = ModelKeyIn(content),
            Change = change,
            Hash = Convert.ToHexStringLower(Hash.Span),
        };
    }

    /// <summary>The event's JSON as it was written.</summary>
    internal ReadOnlyMemory<byte> Json => Content[(Checked().Length - JsonIn(Content.Span).Length)..];

    internal long Milliseconds => MillisecondsIn(Checked());

    /// <summary>Whether the event is of a kind, or of one of those that begin alike, without reading it: its JSON begins with its kind.</summary>
    internal bool IsOf(ReadOnlySpan<byte> kind)
    {
        ReadOnlySpan<byte> json = JsonIn(Checked());
        return json.StartsWith(KindStart) && json[KindStart.Length..].StartsWith(kind);
    }

    internal static void HashAfter(ReadOnlySpan<byte> previous, ReadOnlySpan<byte> content, Span<byte> hash)
    {
        byte[]? rented = null;
        int length = HashLength + content.Length;
        Span<byte> both = length <= 1024 ? stackalloc byte[length] : (rented = ArrayPool<byte>.Shared.Rent(length)).AsSpan(0, length);
        previous.CopyTo(both);
        content.CopyTo(both[HashLength..]);
        SHA256.HashData(both, hash);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>The sequence number that the content has; -1 when no event could have this content.</summary>
    internal static long SequenceIn(ReadOnlySpan<byte> content) =>
        content.Length > ActorAt + 4 && content[0] == Version && MillisecondsIn(content) is >= 0 and <= LastMillisecond
        && BinaryPrimitives.ReadInt32BigEndian(content[ActorAt..]) is >= 0 and int actor && actor < content.Length - ActorAt - 4
            ? BinaryPrimitives.ReadInt64BigEndian(content[1..]) : -1;

    internal static long MillisecondsIn(ReadOnlySpan<byte> content) => BinaryPrimitives.ReadInt64BigEndian(content[9..]);

    internal static Guid ModelKeyIn(ReadOnlySpan<byte> content) => new(content.Slice(17, 16), bigEndian: true);

    internal static ReadOnlySpan<byte> ActorIn(ReadOnlySpan<byte> content) => content.Slice(ActorAt + 4, BinaryPrimitives.ReadInt32BigEndian(content[ActorAt..]));

    internal static ReadOnlySpan<byte> JsonIn(ReadOnlySpan<byte> content) => content[(ActorAt + 4 + BinaryPrimitives.ReadInt32BigEndian(content[ActorAt..]))..];

    private static ReadOnlySpan<byte> KindStart => "{\"event\":\""u8;

    private DateTimeOffset Time => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);

    private ReadOnlySpan<byte> Checked() => SequenceIn(Content.Span) == Sequence ? Content.Span : throw Damaged();

    private InvalidDataException Damaged() => new($"Event {Sequence} of the audit log is damaged. VerifyAuditAsync tells where the damage begins; export what is left, and compare it with a backup.");
}
