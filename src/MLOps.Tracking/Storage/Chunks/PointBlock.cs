using System.Buffers.Binary;
using System.Numerics;

namespace MLOps.Tracking.Storage;

/// <summary>Up to 128 points as three bit-packed columns: what chunks and coarse levels are made of.</summary>
/// <remarks>
/// Steps and timestamps are Parquet's DELTA_BINARY_PACKED (differences, less the smallest of them, in as many bits as the largest needs), so that
/// regular columns take no bits at all. Values are Gorilla's XOR with the value before (Pelkonen et al., 2015), but with one bit range for the block
/// instead of one per value, which needs no branches and keeps float32-born values in 4 bytes; whole numbers take the delta form where that is smaller.
/// Differences wrap, so that any 64-bit numbers come back. A packed column fills whole little-endian 64-bit words.
/// </remarks>
internal static class PointBlock
{
    public const int Capacity = 128;

    /// <summary>The most bytes that a block takes: per column one byte of form, a varint, one byte of width and the words.</summary>
    public const int MaxLength = 3 * (1 + 10 + 1 + Capacity * sizeof(ulong));

    private const byte WholeNumbers = 0xFF;
    private const double LargestWhole = 1L << 53;

    public static double Normalize(double value) => double.IsNaN(value) ? double.NaN : value + 0.0;

    public static MetricPoint Normalize(in MetricPoint point) => new(point.Step, point.TimestampMs, Normalize(point.Value));

    public static int Write(ReadOnlySpan<MetricPoint> points, in MetricPoint before, Span<byte> output)
    {
        Span<long> column = (stackalloc long[Capacity])[..points.Length];
        for (int i = 0; i < points.Length; i++)
            column[i] = points[i].Step;
        int written = WriteDeltas(column, before.Step, output);
        for (int i = 0; i < points.Length; i++)
            column[i] = points[i].TimestampMs;
        written += WriteDeltas(column, before.TimestampMs, output[written..]);
        return written + WriteValues(points, before.Value, column, output[written..]);
    }

    public static void Read(ref ReadOnlySpan<byte> input, in MetricPoint before, scoped Span<MetricPoint> points)
    {
        Span<long> steps = (stackalloc long[Capacity])[..points.Length];
        Span<long> timestamps = (stackalloc long[Capacity])[..points.Length];
        Span<long> bits = (stackalloc long[Capacity])[..points.Length];
        ReadDeltas(ref input, before.Step, steps);
        ReadDeltas(ref input, before.TimestampMs, timestamps);
        ReadValues(ref input, before.Value, bits);
        for (int i = 0; i < points.Length; i++)
            points[i] = new MetricPoint(steps[i], timestamps[i], BitConverter.Int64BitsToDouble(bits[i]));
    }

    private static int WriteValues(ReadOnlySpan<MetricPoint> points, double before, Span<long> column, Span<byte> output)
    {
        ulong previous = Bits(before), different = 0;
        for (int i = 0; i < points.Length; i++)
        {
            ulong bits = Bits(points[i].Value), xor = bits ^ previous;
            column[i] = (long)xor;
            different |= xor;
            previous = bits;
        }

        int shift = different == 0 ? 0 : BitOperations.TrailingZeroCount(different);
        int width = Width(different >> shift);
        int length = 2 + PackedLength(points.Length, width);
        if (width > 0)
        {
            Span<long> numbers = (stackalloc long[Capacity])[..points.Length];
            if (AreWhole(points, before, numbers))
            {
                int deltas = 1 + WriteDeltas(numbers, (long)before, output[1..]);
                if (deltas < length)
                {
                    output[0] = WholeNumbers;
                    return deltas;
                }
            }

            foreach (ref long xor in column)
                xor >>>= shift;
        }

        output[0] = (byte)shift;
        output[1] = (byte)width;
        Pack(column, 0, width, output[2..]);
        return length;
    }

    private static void ReadValues(ref ReadOnlySpan<byte> input, double before, scoped Span<long> column)
    {
        byte form = ReadByte(ref input);
        if (form == WholeNumbers)
        {
            ReadDeltas(ref input, (long)before, column);
            foreach (ref long value in column)
                value = BitConverter.DoubleToInt64Bits((double)value);
            return;
        }

        if (form >= 64)
            throw new ChunkCorruptException($"It has a column of the unknown form {form}.");
        Unpack(ref input, ReadByte(ref input), column);
        long bits = (long)Bits(before);
        foreach (ref long value in column)
            value = bits ^= value << form;
    }

    private static bool AreWhole(ReadOnlySpan<MetricPoint> points, double before, Span<long> numbers)
    {
        if (!IsWhole(before))
            return false;
        for (int i = 0; i < points.Length; i++)
        {
            double value = points[i].Value;
            if (!IsWhole(value))
                return false;
            numbers[i] = (long)value;
        }

        return true;
    }

    private static bool IsWhole(double value) => Math.Abs(value) <= LargestWhole && value == (long)value;

    private static int WriteDeltas(Span<long> column, long before, Span<byte> output)
    {
        long min = long.MaxValue, max = long.MinValue;
        foreach (ref long value in column)
        {
            long delta = value - before;
            before = value;
            value = delta;
            min = Math.Min(min, delta);
            max = Math.Max(max, delta);
        }

        int width = Width((ulong)(max - min));
        int length = WriteVarint(min, output);
        output[length++] = (byte)width;
        Pack(column, min, width, output[length..]);
        return length + PackedLength(column.Length, width);
    }

    private static void ReadDeltas(ref ReadOnlySpan<byte> input, long before, scoped Span<long> column)
    {
        long min = ReadVarint(ref input);
        Unpack(ref input, ReadByte(ref input), column);
        foreach (ref long value in column)
            value = before += min + value;
    }

    private static void Pack(ReadOnlySpan<long> column, long origin, int width, Span<byte> output)
    {
        if (width == 0)
            return;
        ulong word = 0;
        int filled = 0, at = 0;
        foreach (long number in column)
        {
            ulong value = (ulong)(number - origin);
            word |= value << filled;
            filled += width;
            if (filled >= 64)
            {
                BinaryPrimitives.WriteUInt64LittleEndian(output[at..], word);
                at += sizeof(ulong);
                filled -= 64;
                word = filled == 0 ? 0 : value >> (width - filled);
            }
        }

        if (filled > 0)
            BinaryPrimitives.WriteUInt64LittleEndian(output[at..], word);
    }

    private static void Unpack(ref ReadOnlySpan<byte> input, int width, scoped Span<long> column)
    {
        if (width > 64)
            throw new ChunkCorruptException($"It has a column of {width} bits.");
        ReadOnlySpan<byte> packed = Take(ref input, PackedLength(column.Length, width));
        if (width == 0)
        {
            column.Clear();
            return;
        }

        ulong mask = ulong.MaxValue >> (64 - width), word = 0;
        int left = 0, at = 0;
        foreach (ref long number in column)
        {
            ulong value = word;
            if (left < width)
            {
                ulong next = BinaryPrimitives.ReadUInt64LittleEndian(packed[at..]);
                at += sizeof(ulong);
                value |= next << left;
                int taken = width - left;
                word = taken == 64 ? 0 : next >> taken;
                left += 64 - width;
            }
            else
            {
                word >>= width;
                left -= width;
            }

            number = (long)(value & mask);
        }
    }

    private static int WriteVarint(long number, Span<byte> output)
    {
        ulong zigzag = ((ulong)number << 1) ^ (ulong)(number >> 63);
        int length = 0;
        for (; zigzag >= 0x80; zigzag >>= 7)
            output[length++] = (byte)(zigzag | 0x80);
        output[length++] = (byte)zigzag;
        return length;
    }

    private static long ReadVarint(ref ReadOnlySpan<byte> input)
    {
        ulong zigzag = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            byte part = ReadByte(ref input);
            zigzag |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80)
                return (long)(zigzag >> 1) ^ -(long)(zigzag & 1);
        }

        throw new ChunkCorruptException("It has a number of more than 64 bits.");
    }

    private static byte ReadByte(ref ReadOnlySpan<byte> input) => Take(ref input, 1)[0];

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> input, int length)
    {
        if (input.Length < length)
            throw new ChunkCorruptException("It ends in the middle of a block.");
        ReadOnlySpan<byte> taken = input[..length];
        input = input[length..];
        return taken;
    }

    private static ulong Bits(double value) => BitConverter.DoubleToUInt64Bits(Normalize(value));

    private static int Width(ulong largest) => 64 - BitOperations.LeadingZeroCount(largest);

    private static int PackedLength(int count, int width) => (count * width + 63) / 64 * sizeof(ulong);
}
