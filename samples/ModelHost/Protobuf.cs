using System.Buffers;
using System.Text;

namespace ModelHost;

/// <summary>Writes a protobuf message, field by field.</summary>
internal sealed class Protobuf
{
    private readonly ArrayBufferWriter<byte> _bytes = new();

    public Protobuf Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public Protobuf Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public Protobuf Message(int field, Protobuf message) => Bytes(field, message.ToArray());

    public Protobuf Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        const int LengthDelimited = 2;
        Varint(((ulong)field << 3) | LengthDelimited);
        Varint((ulong)bytes.Length);
        _bytes.Write(bytes);
        return this;
    }

    public byte[] ToArray() => _bytes.WrittenSpan.ToArray();

    private void Varint(ulong value)
    {
        for (; value > 0x7F; value >>= 7)
            _bytes.Write([(byte)(value | 0x80)]);
        _bytes.Write([(byte)value]);
    }
}
