using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace MLOps.Drift.Streams;

/// <summary>Writes a detector's state: four bytes of magic, the version, the kind, parameters and state in little-endian order, and a CRC-32C of all before it.</summary>
internal sealed class StateWriter
{
    public const byte Version = 1;
    public const int HeaderBytes = 6;
    public const int ChecksumBytes = sizeof(uint);

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public StateWriter(DetectorKind kind)
    {
        _bytes.Write(Magic);
        _bytes.Write([Version, (byte)kind]);
    }

    public static ReadOnlySpan<byte> Magic => "MLSD"u8;

    public static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    public void Write(bool value) => Write(value ? 1 : 0);

    public void Write(int value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.GetSpan(sizeof(int)), value);
        _bytes.Advance(sizeof(int));
    }

    public void Write(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(sizeof(long)), value);
        _bytes.Advance(sizeof(long));
    }

    public void Write(double value) => Write(BitConverter.DoubleToInt64Bits(value));

    public byte[] Finish()
    {
        uint checksum = Checksum(_bytes.WrittenSpan);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(sizeof(uint)), checksum);
        _bytes.Advance(sizeof(uint));
        return _bytes.WrittenSpan.ToArray();
    }
}
