using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace MLOps.Tracking.Storage;

/// <summary>The one encoding of stored metric points that all back ends share: up to 4,096 sorted points of one series as a blob.</summary>
/// <remarks>
/// <para>A chunk is a version byte, a header with a checksum of its own, blocks of 128 points in bit-packed columns, and a CRC-32C of it all. Noisy doubles at
/// regular steps take about 8.2 bytes a point, values that were float32 about 4, constants 0.1. The smallest chunk, of one point, takes 93 bytes.</para>
/// <para>NaN comes back as NaN (its payload does not), infinities as they are, −0.0 as 0.0. All members are pure functions and may be called from any thread.</para>
/// </remarks>
public static class PointChunk
{
    /// <summary>The most points in a chunk: 4,096.</summary>
    public const int Capacity = 4096;

    /// <summary>How many points make one bucket of the coarse level: 64.</summary>
    public const int PointsPerBucket = 64;

    /// <summary>How many bytes of a chunk <see cref="ReadHeader"/> needs: 89.</summary>
    public const int HeaderLength = 89;

    private const byte Version = 1;
    private const byte CoarseVersion = 0x81;
    private const int ChecksumLength = sizeof(uint);

    /// <summary>Encodes points.</summary>
    /// <param name="points">1 to <see cref="Capacity"/> points, ascending by <see cref="MetricPoint.CompareTo"/>, no two equal; <see cref="SortAndCollapse"/> makes them so.</param>
    /// <param name="output">Where the chunk is appended.</param>
    /// <exception cref="ArgumentException">There are too few or too many points, or they are not in order.</exception>
    public static void Encode(ReadOnlySpan<MetricPoint> points, IBufferWriter<byte> output)
    {
        ArgumentNullException.ThrowIfNull(output);
        CheckPoints(points);
        output.Advance(Write(points, output.GetSpan(MaxLength(points.Length))));
    }

    /// <summary>Encodes points.</summary>
    /// <param name="points">1 to <see cref="Capacity"/> points, ascending by <see cref="MetricPoint.CompareTo"/>, no two equal; <see cref="SortAndCollapse"/> makes them so.</param>
    /// <returns>The chunk.</returns>
    /// <exception cref="ArgumentException">There are too few or too many points, or they are not in order.</exception>
    public static byte[] Encode(ReadOnlySpan<MetricPoint> points)
    {
        CheckPoints(points);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MaxLength(points.Length));
        byte[] chunk = buffer.AsSpan(0, Write(points, buffer)).ToArray();
        ArrayPool<byte>.Shared.Return(buffer);
        return chunk;
    }

    /// <summary>Reads what a chunk says of its points.</summary>
    /// <param name="chunk">The chunk, or at least its first <see cref="HeaderLength"/> bytes. What follows them is not looked at.</param>
    /// <returns>The header.</returns>
    /// <exception cref="ChunkCorruptException">The header is damaged.</exception>
    public static PointChunkHeader ReadHeader(ReadOnlySpan<byte> chunk)
    {
        if (chunk.Length < HeaderLength)
            throw new ChunkCorruptException($"It has {chunk.Length} bytes, fewer than a header.");
        ReadOnlySpan<byte> input = CheckedContent(chunk[..HeaderLength], Version);
        PointChunkHeader header = new(
            Count: ReadInt16(ref input),
            NaNCount: ReadInt16(ref input),
            First: ReadPoint(ref input),
            Last: ReadPoint(ref input),
            Min: BitConverter.Int64BitsToDouble(ReadInt64(ref input)),
            Max: BitConverter.Int64BitsToDouble(ReadInt64(ref input)),
            FirstTimestampMs: ReadInt64(ref input),
            LastTimestampMs: ReadInt64(ref input));
        return header.Count is >= 1 and <= Capacity ? header : throw new ChunkCorruptException($"It claims {header.Count} points.");
    }

    /// <summary>Decodes a chunk.</summary>
    /// <param name="chunk">The whole chunk.</param>
    /// <param name="destination">Takes the points in their order; <see cref="PointChunkHeader.Count"/> of them, at most <see cref="Capacity"/>.</param>
    /// <returns>How many points were written.</returns>
    /// <exception cref="ChunkCorruptException">The chunk is damaged or cut; what <paramref name="destination"/> then holds is meaningless.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public static int Decode(ReadOnlySpan<byte> chunk, Span<MetricPoint> destination)
    {
        PointChunkHeader header = ReadHeader(chunk);
        if (destination.Length < header.Count)
            throw new ArgumentException($"The chunk has {header.Count} points; there is room for {destination.Length}. Read Count from its header first.", nameof(destination));

        // A chunk cut right behind its header would pass as whole, for the header ends with a checksum as the chunk does.
        if (chunk.Length < HeaderLength + ChecksumLength)
            throw new ChunkCorruptException("It ends behind its header.");
        ReadOnlySpan<byte> blocks = CheckedContent(chunk, Version)[(HeaderLength - 1)..];
        Span<MetricPoint> points = destination[..header.Count];
        points[0] = header.First;
        for (int at = 1; at < points.Length; at += PointBlock.Capacity)
            PointBlock.Read(ref blocks, points[at - 1], points.Slice(at, Math.Min(PointBlock.Capacity, points.Length - at)));
        if (!blocks.IsEmpty || points[^1] != header.Last)
            throw new ChunkCorruptException("Its points do not agree with its header.");
        return points.Length;
    }

    /// <summary>Encodes the coarse level of a chunk: a <see cref="CoarseBucket"/> for every 64 points.</summary>
    /// <param name="points">The points of the chunk, 1 to <see cref="Capacity"/>.</param>
    /// <returns>The coarse level, at most about 3 KiB.</returns>
    /// <exception cref="ArgumentException">There are too few or too many points.</exception>
    public static byte[] EncodeCoarse(ReadOnlySpan<MetricPoint> points)
    {
        CheckCount(points);
        int count = (points.Length + PointsPerBucket - 1) / PointsPerBucket;
        Span<byte> output = stackalloc byte[2 + count + PointBlock.MaxLength + ChecksumLength];
        output[0] = CoarseVersion;
        output[1] = (byte)count;
        Span<MetricPoint> extremes = stackalloc MetricPoint[2 * count];
        for (int i = 0; i < count; i++)
        {
            int start = i * PointsPerBucket;
            CoarseBucket bucket = CoarseBucket.Of(points.Slice(start, Math.Min(PointsPerBucket, points.Length - start)));
            output[2 + i] = (byte)bucket.NaNCount;
            extremes[2 * i] = bucket.Min;
            extremes[2 * i + 1] = bucket.Max;
        }

        int length = 2 + count;
        length += PointBlock.Write(extremes, default, output[length..]);
        return output[..AppendChecksum(output, length)].ToArray();
    }

    /// <summary>Decodes a coarse level.</summary>
    /// <param name="coarse">What <see cref="EncodeCoarse"/> made.</param>
    /// <param name="destination">Takes the buckets in order; at most 64.</param>
    /// <returns>How many buckets were written.</returns>
    /// <exception cref="ChunkCorruptException">The coarse level is damaged or cut; what <paramref name="destination"/> then holds is meaningless.</exception>
    /// <exception cref="ArgumentException"><paramref name="destination"/> is too short.</exception>
    public static int DecodeCoarse(ReadOnlySpan<byte> coarse, Span<CoarseBucket> destination)
    {
        ReadOnlySpan<byte> input = CheckedContent(coarse, CoarseVersion);
        int count = input.IsEmpty ? 0 : input[0];
        if (count is 0 or > Capacity / PointsPerBucket || input.Length < 1 + count)
            throw new ChunkCorruptException($"It claims {count} buckets.");
        if (destination.Length < count)
            throw new ArgumentException($"The coarse level has {count} buckets; there is room for {destination.Length}. {Capacity / PointsPerBucket} always suffice.", nameof(destination));

        ReadOnlySpan<byte> nans = input.Slice(1, count), block = input[(1 + count)..];
        Span<MetricPoint> extremes = stackalloc MetricPoint[2 * count];
        PointBlock.Read(ref block, default, extremes);
        if (!block.IsEmpty)
            throw new ChunkCorruptException("It has bytes after its last bucket.");
        for (int i = 0; i < count; i++)
            destination[i] = new CoarseBucket(extremes[2 * i], extremes[2 * i + 1], nans[i]);
        return count;
    }

    /// <summary>Brings points into the order of a stored series: sorted, equal points once, −0.0 as 0.0.</summary>
    /// <param name="points">Any points; reordered in place.</param>
    /// <returns>How many remain at the front. What lies behind them is meaningless.</returns>
    /// <remarks>Time n when the points are in order already, n log n else. Allocates nothing.</remarks>
    public static int SortAndCollapse(Span<MetricPoint> points)
    {
        bool ordered = true;
        for (int i = 0; i < points.Length; i++)
        {
            if (points[i].Value == 0)
                points[i] = points[i] with { Value = 0.0 };
            ordered = ordered && (i == 0 || IsBefore(points[i - 1], points[i]));
        }

        if (ordered)
            return points.Length;
        points.Sort();
        int kept = 1;
        for (int i = 1; i < points.Length; i++)
        {
            if (IsBefore(points[kept - 1], points[i]))
                points[kept++] = points[i];
        }

        return kept;
    }

    private static int Write(ReadOnlySpan<MetricPoint> points, Span<byte> output)
    {
        PointChunkHeader header = PointChunkHeader.Of(points);
        output[0] = Version;
        int length = 1;
        WriteInt16(output, ref length, header.Count);
        WriteInt16(output, ref length, header.NaNCount);
        WritePoint(output, ref length, header.First);
        WritePoint(output, ref length, header.Last);
        WriteInt64(output, ref length, BitConverter.DoubleToInt64Bits(header.Min));
        WriteInt64(output, ref length, BitConverter.DoubleToInt64Bits(header.Max));
        WriteInt64(output, ref length, header.FirstTimestampMs);
        WriteInt64(output, ref length, header.LastTimestampMs);
        length = AppendChecksum(output, length);
        for (int at = 1; at < points.Length; at += PointBlock.Capacity)
            length += PointBlock.Write(points.Slice(at, Math.Min(PointBlock.Capacity, points.Length - at)), points[at - 1], output[length..]);
        return AppendChecksum(output, length);
    }

    private static int MaxLength(int count) =>
        HeaderLength + (count + PointBlock.Capacity - 1) / PointBlock.Capacity * PointBlock.MaxLength + ChecksumLength;

    private static void CheckPoints(ReadOnlySpan<MetricPoint> points)
    {
        CheckCount(points);
        for (int i = 1; i < points.Length; i++)
        {
            if (!IsBefore(points[i - 1], points[i]))
                throw new ArgumentException($"Point {i} does not come after the one before it. Call {nameof(SortAndCollapse)} first.", nameof(points));
        }
    }

    private static void CheckCount(ReadOnlySpan<MetricPoint> points)
    {
        if (points.Length is 0 or > Capacity)
            throw new ArgumentException($"A chunk has 1 to {Capacity} points; these are {points.Length}.", nameof(points));
    }

    // Nearly all neighbours differ in step or time; CompareTo settles the rest.
    private static bool IsBefore(in MetricPoint left, in MetricPoint right) =>
        left.Step < right.Step || (left.Step == right.Step && (left.TimestampMs < right.TimestampMs || left.CompareTo(right) < 0));

    private static int AppendChecksum(Span<byte> output, int length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(output[length..], Checksum(output[..length]));
        return length + ChecksumLength;
    }

    private static ReadOnlySpan<byte> CheckedContent(ReadOnlySpan<byte> encoded, byte version)
    {
        if (encoded.Length <= ChecksumLength)
            throw new ChunkCorruptException($"It has {encoded.Length} bytes.");
        ReadOnlySpan<byte> content = encoded[..^ChecksumLength];
        if (BinaryPrimitives.ReadUInt32LittleEndian(encoded[^ChecksumLength..]) != Checksum(content))
            throw new ChunkCorruptException("Its checksum does not match its bytes.");
        if (content[0] != version)
            throw new ChunkCorruptException($"It is of version {content[0]}; this program reads {version}. Perhaps a newer program wrote it.");
        return content[1..];
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (byte rest in bytes)
            crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }

    private static void WriteInt16(Span<byte> output, ref int length, int value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(output[length..], (ushort)value);
        length += sizeof(ushort);
    }

    private static void WriteInt64(Span<byte> output, ref int length, long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(output[length..], value);
        length += sizeof(long);
    }

    private static void WritePoint(Span<byte> output, ref int length, in MetricPoint point)
    {
        WriteInt64(output, ref length, point.Step);
        WriteInt64(output, ref length, point.TimestampMs);
        WriteInt64(output, ref length, BitConverter.DoubleToInt64Bits(point.Value));
    }

    private static int ReadInt16(ref ReadOnlySpan<byte> input)
    {
        int value = BinaryPrimitives.ReadUInt16LittleEndian(input);
        input = input[sizeof(ushort)..];
        return value;
    }

    private static long ReadInt64(ref ReadOnlySpan<byte> input)
    {
        long value = BinaryPrimitives.ReadInt64LittleEndian(input);
        input = input[sizeof(long)..];
        return value;
    }

    private static MetricPoint ReadPoint(ref ReadOnlySpan<byte> input) =>
        new(ReadInt64(ref input), ReadInt64(ref input), BitConverter.Int64BitsToDouble(ReadInt64(ref input)));
}
