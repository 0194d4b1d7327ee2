using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace MLOps.Tracking.Journaling;

/// <summary>Builds the payload of a record: fields one after another, padded to whole slots.</summary>
internal ref struct PayloadWriter
{
    private byte[] _buffer;
    private int _length;

    public PayloadWriter() => _buffer = ArrayPool<byte>.Shared.Rent(256);

    public void Write(byte value)
    {
        Ensure(1);
        _buffer[_length++] = value;
    }

    public void Write(uint value)
    {
        Ensure(sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(_length), value);
        _length += sizeof(uint);
    }

    public void Write(long value)
    {
        Ensure(sizeof(long));
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_length), value);
        _length += sizeof(long);
    }

    public void Write(long? value)
    {
        Write((byte)(value is null ? 0 : 1));
        Write(value ?? 0);
    }

    public void Write(string? value)
    {
        if (value is null)
        {
            Write(uint.MaxValue);
            return;
        }

        int bytes = Encoding.UTF8.GetByteCount(value);
        Write((uint)bytes);
        Ensure(bytes);
        _length += Encoding.UTF8.GetBytes(value, _buffer.AsSpan(_length));
    }

    /// <summary>The payload, a whole number of slot payloads; valid until <see cref="Dispose"/>.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        int whole = (_length + Slot.PayloadSize - 1) / Slot.PayloadSize * Slot.PayloadSize;
        Ensure(whole - _length);
        _buffer.AsSpan(_length, whole - _length).Clear();
        _length = whole;
        return _buffer.AsSpan(0, whole);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private void Ensure(int more)
    {
        if (_buffer.Length - _length >= more)
            return;
        byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, _length + more));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }
}
