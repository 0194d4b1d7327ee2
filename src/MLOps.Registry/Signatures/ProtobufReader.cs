using System.Text;

namespace MLOps.Registry.Signatures;

/// <summary>Reads fields of protobuf messages from a stream, in pieces of 4 KiB. What is no message raises <see cref="InvalidDataException"/>; every call comes to an end on every stream that does.</summary>
internal sealed class ProtobufReader(Stream stream)
{
    private const int LongestText = 64 * 1024;
    private readonly byte[] _buffer = new byte[4096];
    private int _at;
    private int _filled;
    private long _position;
    private long _end = long.MaxValue;

    /// <summary>Reads the number and the form of the next field of the message.</summary>
    /// <returns>False at the message's end.</returns>
    public bool TryReadField(out int field, out WireType type)
    {
        (field, type) = (0, default);
        if (_position == _end || (_end == long.MaxValue && !Fill()))
            return false;
        ulong tag = ReadVarint();
        type = (WireType)(tag & 7);
        if (tag >> 3 is 0 or > (1 << 29) - 1 || type is not (WireType.Varint or WireType.Fixed64 or WireType.Bytes or WireType.Fixed32))
            throw Damaged();
        field = (int)(tag >> 3);
        return true;
    }

    public ulong ReadVarint()
    {
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            byte next = ReadByte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }

        throw Damaged();
    }

    /// <summary>Enters the message that is the value of a field.</summary>
    /// <returns>What <see cref="Leave"/> asks for.</returns>
    public long Enter()
    {
        long length = ReadLength();
        (long outer, _end) = (_end, _position + length);
        return outer;
    }

    public void Leave(long outer) => _end = outer;

    /// <summary>Reads a text of at most 64 KiB; bytes that are no UTF-8 become U+FFFD.</summary>
    public string ReadText()
    {
        long length = ReadLength();
        if (length > LongestText)
            throw Damaged();

        // Read as it comes, so that a length alone takes no memory.
        using MemoryStream text = new();
        while (text.Length < length)
        {
            if (!Fill())
                throw Damaged();
            int taken = (int)Math.Min(_filled - _at, length - text.Length);
            text.Write(_buffer, _at, taken);
            Advance(taken);
        }

        return Encoding.UTF8.GetString(text.GetBuffer(), 0, (int)length);
    }

    public void Skip(WireType type)
    {
        switch (type)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Bytes:
                Skip(ReadLength());
                break;
            default:
                Skip(type == WireType.Fixed64 ? 8 : 4);
                break;
        }
    }

    private void Skip(long length)
    {
        if (length > _end - _position)
            throw Damaged();
        int buffered = (int)Math.Min(_filled - _at, length);
        Advance(buffered);
        length -= buffered;
        if (stream.CanSeek)
        {
            // A seek past the end does not fail by itself.
            if (length > stream.Length - stream.Position)
                throw Damaged();
            stream.Seek(length, SeekOrigin.Current);
            _position += length;
            return;
        }

        while (length > 0)
        {
            if (!Fill())
                throw Damaged();
            int taken = (int)Math.Min(_filled - _at, length);
            Advance(taken);
            length -= taken;
        }
    }

    private long ReadLength()
    {
        ulong length = ReadVarint();
        return length <= (ulong)(_end - _position) && length < long.MaxValue - (ulong)_position ? (long)length : throw Damaged();
    }

    private byte ReadByte()
    {
        if (_position == _end || !Fill())
            throw Damaged();
        byte next = _buffer[_at];
        Advance(1);
        return next;
    }

    private void Advance(int count)
    {
        _at += count;
        _position += count;
    }

    /// <returns>Whether there is a byte to read.</returns>
    private bool Fill()
    {
        if (_at < _filled)
            return true;
        (_at, _filled) = (0, stream.Read(_buffer));
        return _filled > 0;
    }

    private static InvalidDataException Damaged() => new("That is no protobuf message.");
}
