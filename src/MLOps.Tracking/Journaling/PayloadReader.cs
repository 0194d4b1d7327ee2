using System.Buffers.Binary;
using System.Text;

namespace MLOps.Tracking.Journaling;

/// <summary>Reads the fields of a record whose CRC held.</summary>
internal ref struct PayloadReader
{
    private ReadOnlySpan<byte> _rest;

    /// <param name="record">The slots of a record, words included.</param>
    public PayloadReader(ReadOnlySpan<byte> record)
    {
        if (record.Length == Slot.Size)
        {
            _rest = record[sizeof(ulong)..];
            return;
        }

        byte[] payload = new byte[record.Length / Slot.Size * Slot.PayloadSize];
        for (int i = 0; i < record.Length / Slot.Size; i++)
            record.Slice((i * Slot.Size) + sizeof(ulong), Slot.PayloadSize).CopyTo(payload.AsSpan(i * Slot.PayloadSize));
        _rest = payload;
    }

    public byte ReadByte() => Take(1)[0];

    public uint ReadUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));

    /// <summary>Reads a field that records had not always: where they end before it, it is 0.</summary>
    public uint ReadUInt32OrZero() => _rest.Length < sizeof(uint) ? 0 : ReadUInt32();

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public long? ReadOptionalInt64()
    {
        bool present = ReadByte() != 0;
        long value = ReadInt64();
        return present ? value : null;
    }

    public string? ReadOptionalString()
    {
        uint bytes = ReadUInt32();
        return bytes == uint.MaxValue ? null : Encoding.UTF8.GetString(Take((int)bytes));
    }

    public string ReadString() => ReadOptionalString() ?? "";

    private ReadOnlySpan<byte> Take(int bytes)
    {
        ReadOnlySpan<byte> taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }
}
