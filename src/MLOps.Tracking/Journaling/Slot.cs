using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MLOps.Tracking.Journaling;

/// <summary>
/// The unit of a segment: a commit word of 8 bytes, stored last, and 40 bytes of payload. The word holds the kind (8 bits), the number of slots
/// of the record (24 bits) and a CRC-32C (32 bits) over the segment, the slot's index, kind, count and the payloads of all its slots.
/// </summary>
internal static class Slot
{
    public const int Size = 48;
    public const int PayloadSize = 40;
    public const int MaxCount = (1 << 24) - 1;

    public static ulong Word(RecordKind kind, int count, uint crc) => ((ulong)kind << 56) | ((ulong)(uint)count << 32) | crc;

    public static RecordKind Kind(ulong word) => (RecordKind)(word >> 56);

    public static int Count(ulong word) => (int)((word >> 32) & MaxCount);

    public static uint Crc(ulong word) => (uint)word;

    /// <summary>What the CRC of a slot starts from: binds a record to its segment, place, kind and length.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint CrcStart(uint seed, int index, RecordKind kind, int count) =>
        BitOperations.Crc32C(seed, ((ulong)(uint)index << 32) | ((ulong)kind << 24) | (uint)count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint CrcPayload(uint crc, ulong a, ulong b, ulong c, ulong d, ulong e)
    {
        crc = BitOperations.Crc32C(crc, a);
        crc = BitOperations.Crc32C(crc, b);
        crc = BitOperations.Crc32C(crc, c);
        crc = BitOperations.Crc32C(crc, d);
        return BitOperations.Crc32C(crc, e);
    }

    public static uint CrcPayload(uint crc, ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(payload);
        return CrcPayload(crc, words[0], words[1], words[2], words[3], words[4]);
    }

    /// <summary>The word of a slot that carries no count of its own: padding or a continuation.</summary>
    public static ulong Filler(uint seed, int index, RecordKind kind) => Word(kind, 1, CrcStart(seed, index, kind, 1));

    /// <summary>The seed of a segment's CRCs, so that a slot of another segment or journal never passes.</summary>
    public static uint Seed(Guid journal, int segment)
    {
        Span<byte> bytes = stackalloc byte[16];
        journal.TryWriteBytes(bytes);
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        uint crc = BitOperations.Crc32C(~0u, words[0]);
        crc = BitOperations.Crc32C(crc, words[1]);
        return BitOperations.Crc32C(crc, (uint)segment);
    }
}
