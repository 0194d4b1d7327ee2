using System.Buffers.Binary;

namespace MLOps.Drift.Streams;

/// <summary>Reads what <see cref="StateWriter"/> wrote, and believes nothing of it: each number is checked against the range in which a detector can work.</summary>
internal ref struct StateReader
{
    private ReadOnlySpan<byte> _rest;

    private StateReader(DetectorKind kind, ReadOnlySpan<byte> rest)
    {
        Kind = kind;
        _rest = rest;
    }

    public DetectorKind Kind { get; }

    public static StateReader Open(ReadOnlySpan<byte> state)
    {
        if (!state.StartsWith(StateWriter.Magic))
            throw DetectorStateException.Foreign(state.IsEmpty ? "it is empty" : "it does not begin as one");
        if (state.Length < StateWriter.HeaderBytes + StateWriter.ChecksumBytes)
            throw TooShort();

        // Before the checksum: a newer version may have another.
        byte version = state[StateWriter.Magic.Length];
        if (version > StateWriter.Version)
            throw DetectorStateException.Newer(version, StateWriter.Version);
        ReadOnlySpan<byte> body = state[..^StateWriter.ChecksumBytes];
        if (version == 0 || BinaryPrimitives.ReadUInt32LittleEndian(state[body.Length..]) != StateWriter.Checksum(body))
            throw DetectorStateException.Damaged("its checksum does not fit");
        return new StateReader((DetectorKind)state[StateWriter.HeaderBytes - 1], body[StateWriter.HeaderBytes..]);
    }

    public bool Bool() => Int(0, 1) == 1;

    public int Int() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public int Int(int least, int most)
    {
        int value = Int();
        return value >= least && value <= most ? value : throw OutOfRange();
    }

    public long Long() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public long Long(long least, long most)
    {
        long value = Long();
        return value >= least && value <= most ? value : throw OutOfRange();
    }

    /// <summary>A number of values: not negative, and exact as a double.</summary>
    public long Count() => Long(0, 1L << 53);

    public double Double() => BitConverter.Int64BitsToDouble(Long());

    /// <summary>A number in a range; NaN is in none.</summary>
    public double Double(double least, double most)
    {
        double value = Double();
        return value >= least && value <= most ? value : throw OutOfRange();
    }

    public readonly void End()
    {
        if (!_rest.IsEmpty)
            throw DetectorStateException.Damaged($"{_rest.Length} bytes follow its end");
    }

    private static DetectorStateException TooShort() => DetectorStateException.Damaged("it ends too early");

    private static DetectorStateException OutOfRange() => DetectorStateException.Damaged("a number in it is out of its range");

    private ReadOnlySpan<byte> Take(int bytes)
    {
        if (_rest.Length < bytes)
            throw TooShort();
        ReadOnlySpan<byte> taken = _rest[..bytes];
        _rest = _rest[bytes..];
        return taken;
    }
}
