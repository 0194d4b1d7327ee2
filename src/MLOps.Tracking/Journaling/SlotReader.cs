using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace MLOps.Tracking.Journaling;

/// <summary>Walks the slots of a segment from one index on and gives its committed records in order.</summary>
/// <remarks>
/// While the owner lives, an empty slot ends the walk: its thread is between reserving and publishing. Once the owner is dead an empty slot is a
/// call that had not returned, and is skipped; a slot whose CRC does not hold is skipped and counted.
/// </remarks>
internal ref struct SlotReader
{
    private readonly ReadOnlySpan<byte> _slots;
    private readonly int _first;
    private readonly int _slotCount;
    private readonly uint _seed;
    private readonly bool _ownerIsDead;
    private int _at;

    /// <param name="slots">Whole slots, the first of which has index <paramref name="first"/> in its segment.</param>
    /// <param name="first">The index of the first slot.</param>
    /// <param name="seed">The segment's seed.</param>
    /// <param name="ownerIsDead">Whether empty slots will stay empty.</param>
    public SlotReader(ReadOnlySpan<byte> slots, int first, uint seed, bool ownerIsDead)
    {
        _slots = slots;
        _first = first;
        _slotCount = slots.Length / Slot.Size;
        _seed = seed;
        _ownerIsDead = ownerIsDead;
    }

    /// <summary>The index in the segment of the slot to read next.</summary>
    public readonly int Index => _first + _at;

    /// <summary>Slots whose content was damaged.</summary>
    public int Damaged { get; private set; }

    /// <summary>The kind of the record last read.</summary>
    public RecordKind Kind { get; private set; }

    /// <summary>The number of slots of the record last read.</summary>
    public int Count { get; private set; }

    /// <summary>The slots of the record last read, words included.</summary>
    public readonly ReadOnlySpan<byte> Record => _slots.Slice((_at - Count) * Slot.Size, Count * Slot.Size);

    /// <summary>Reads the next record.</summary>
    /// <returns>False at the end of what can be read now.</returns>
    public bool Read()
    {
        while (_at < _slotCount)
        {
            int offset = _at * Slot.Size;
            ulong word = Volatile.Read(ref Unsafe.As<byte, ulong>(ref Unsafe.AsRef(in _slots[offset])));
            if (word == 0)
            {
                if (!_ownerIsDead)
                    return false;
                _at++;
                continue;
            }

            RecordKind kind = Slot.Kind(word);
            int count = Slot.Count(word);
            if (kind is RecordKind.Pad or RecordKind.Continuation)
            {
                if (word != Slot.Filler(_seed, Index, kind))
                    Damaged++;
                _at++;
                continue;
            }

            if (count == 0 || count > _slotCount - _at || !CrcHolds(kind, count, Slot.Crc(word)))
            {
                Damaged++;
                _at++;
                continue;
            }

            Kind = kind;
            Count = count;
            _at += count;
            return true;
        }

        return false;
    }

    /// <summary>The series number of a point.</summary>
    public readonly uint PointSeries => BinaryPrimitives.ReadUInt32LittleEndian(Record[8..]);

    /// <summary>The point last read.</summary>
    public readonly MetricPoint Point
    {
        get
        {
            ReadOnlySpan<byte> record = Record;
            return new MetricPoint(
                BinaryPrimitives.ReadInt64LittleEndian(record[16..]),
                BinaryPrimitives.ReadInt64LittleEndian(record[24..]),
                BinaryPrimitives.ReadDoubleLittleEndian(record[32..]));
        }
    }

    private readonly bool CrcHolds(RecordKind kind, int count, uint expected)
    {
        uint crc = Slot.CrcStart(_seed, Index, kind, count);
        for (int i = 0; i < count; i++)
            crc = Slot.CrcPayload(crc, _slots.Slice(((_at + i) * Slot.Size) + sizeof(ulong), Slot.PayloadSize));
        return crc == expected;
    }
}
