using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using FsCheck.Xunit;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Tests.Storage.Chunks;

[Properties(Arbitrary = [typeof(AnyPoints)])]
public sealed class PointChunkTests
{
    private const long Start = 1_790_000_000_000;

    [Property(MaxTest = 300)]
    public void Any_points_come_back_as_they_were(AnyPoints any)
    {
        MetricPoint[] points = any.SortedAndCollapsed();

        Assert.Equal(points, Decode(PointChunk.Encode(points)));
    }

    [Property(MaxTest = 300)]
    public void Sorting_agrees_with_a_sorted_set(AnyPoints any)
    {
        SortedSet<MetricPoint> expected = [.. any.Points];

        MetricPoint[] points = any.SortedAndCollapsed();

        Assert.Equal(expected, points);
        Assert.DoesNotContain(points, point => point.Value == 0 && double.IsNegative(point.Value));
    }

    [Property(MaxTest = 300)]
    public void The_header_says_what_the_points_say(AnyPoints any)
    {
        MetricPoint[] points = any.SortedAndCollapsed();
        double[] numbers = [.. points.Select(point => point.Value).Where(value => !double.IsNaN(value))];

        PointChunkHeader header = PointChunk.ReadHeader(PointChunk.Encode(points).AsSpan(0, PointChunk.HeaderLength));

        Assert.Equal(
            new PointChunkHeader(
                points.Length,
                points[0],
                points[^1],
                numbers.DefaultIfEmpty(double.NaN).Min(),
                numbers.DefaultIfEmpty(double.NaN).Max(),
                points.Length - numbers.Length,
                points.Min(point => point.TimestampMs),
                points.Max(point => point.TimestampMs)),
            header);
    }

    [Property(MaxTest = 300)]
    public void Any_changed_byte_is_found(AnyPoints any, uint position, byte change)
    {
        byte[] chunk = PointChunk.Encode(any.SortedAndCollapsed());
        chunk[position % chunk.Length] ^= Math.Max((byte)1, change);

        Assert.Throws<ChunkCorruptException>(() => Decode(chunk));
    }

    [Property(MaxTest = 300)]
    public void A_forged_chunk_with_right_checksums_is_read_within_its_bounds_or_refused(AnyPoints any, (uint Position, byte Change)[] changes)
    {
        byte[] chunk = PointChunk.Encode(any.SortedAndCollapsed());
        foreach ((uint position, byte change) in changes)
            chunk[position % chunk.Length] ^= change;
        chunk[0] = 1;
        Seal(chunk.AsSpan(0, PointChunk.HeaderLength));
        Seal(chunk);

        MetricPoint[] room = new MetricPoint[PointChunk.Capacity];
        Exception? refused = Record.Exception(() => PointChunk.Decode(chunk, room));

        Assert.True(refused is null or ChunkCorruptException, refused?.ToString());
    }

    [Fact]
    public void A_forged_header_with_a_right_checksum_does_not_agree_with_the_points()
    {
        byte[] chunk = PointChunk.Encode([new MetricPoint(1, 2, 3), new MetricPoint(2, 3, 4)]);
        int lastStep = 1 + 2 + 2 + 24;
        Assert.Equal(2, chunk[lastStep]);
        chunk[lastStep] = 7;
        Seal(chunk.AsSpan(0, PointChunk.HeaderLength));
        Seal(chunk);

        Assert.Throws<ChunkCorruptException>(() => Decode(chunk));
    }

    [Property(MaxTest = 300)]
    public void The_coarse_level_keeps_the_extremes_of_every_64_points(AnyPoints any)
    {
        MetricPoint[] points = any.SortedAndCollapsed();

        CoarseBucket[] buckets = DecodeCoarse(PointChunk.EncodeCoarse(points));

        Assert.Equal(points.Chunk(PointChunk.PointsPerBucket).Select(Summarize), buckets);
    }

    [Property(MaxTest = 300)]
    public void Any_changed_byte_of_the_coarse_level_is_found(AnyPoints any, uint position, byte change)
    {
        byte[] coarse = PointChunk.EncodeCoarse(any.SortedAndCollapsed());
        coarse[position % coarse.Length] ^= Math.Max((byte)1, change);

        Assert.Throws<ChunkCorruptException>(() => DecodeCoarse(coarse));
    }

    [Fact]
    public void Any_cut_is_found()
    {
        MetricPoint[] points = [.. Enumerable.Range(0, 300).Select(i => new MetricPoint(i, Start + i, Math.Sqrt(i)))];
        byte[] chunk = PointChunk.Encode(points), coarse = PointChunk.EncodeCoarse(points);

        for (int length = 0; length < chunk.Length; length++)
            Assert.Throws<ChunkCorruptException>(() => Decode(chunk[..length]));
        for (int length = 0; length < coarse.Length; length++)
            Assert.Throws<ChunkCorruptException>(() => DecodeCoarse(coarse[..length]));
        for (int length = 0; length < PointChunk.HeaderLength; length++)
            Assert.Throws<ChunkCorruptException>(() => PointChunk.ReadHeader(chunk.AsSpan(0, length)));
    }

    [Fact]
    public void A_chunk_of_one_point_is_cut_behind_its_header_and_refused()
    {
        byte[] chunk = PointChunk.Encode([new MetricPoint(1, 2, 3)]);

        Assert.Equal([new MetricPoint(1, 2, 3)], Decode(chunk));
        Assert.Throws<ChunkCorruptException>(() => PointChunk.Decode(chunk.AsSpan(0, PointChunk.HeaderLength), new MetricPoint[1]));
    }

    [Fact]
    public void A_chunk_and_a_coarse_level_are_not_taken_for_each_other()
    {
        MetricPoint[] points = [.. Enumerable.Range(0, 200).Select(i => new MetricPoint(i, Start, i))];

        Assert.Throws<ChunkCorruptException>(() => DecodeCoarse(PointChunk.Encode(points)));
        Assert.Throws<ChunkCorruptException>(() => Decode(PointChunk.EncodeCoarse(points)));
    }

    [Fact]
    public void Appending_to_a_writer_gives_the_same_bytes()
    {
        MetricPoint[] points = [.. Enumerable.Range(0, 1000).Select(i => new MetricPoint(i, Start + i, Math.Sin(i)))];
        ArrayBufferWriter<byte> output = new();
        output.Write<byte>([42]);

        PointChunk.Encode(points, output);

        Assert.Equal([42, .. PointChunk.Encode(points)], output.WrittenSpan.ToArray());
    }

    [Fact]
    public void A_full_chunk_of_noise_at_regular_steps_takes_less_than_eight_and_a_half_bytes_a_point()
    {
        Random random = new(7);
        Assert.InRange(BytesPerPoint(i => new MetricPoint(i, Start + i / 7, random.NextDouble() * Math.Pow(10, random.Next(-8, 8)) * (random.Next(2) == 0 ? -1 : 1))), 7, 8.5);
    }

    [Fact]
    public void Thousands_of_points_to_the_millisecond_cost_no_time_bits() =>
        Assert.InRange(BytesPerPoint(i => new MetricPoint(i, Start + i / 2000, 0.5)), 0, 0.1);

    [Fact]
    public void A_jitter_of_one_millisecond_costs_one_bit() =>
        Assert.InRange(BytesPerPoint(i => new MetricPoint(i, Start + i * 10 + i * 7 % 11 % 2, 0.5)), 0, 0.4);

    [Fact]
    public void Constants_cost_next_to_nothing() =>
        Assert.InRange(BytesPerPoint(i => new MetricPoint(i, Start + i * 10, 0.1)), 0, 0.1);

    [Fact]
    public void Values_that_were_float32_cost_half()
    {
        Random random = new(7);
        Assert.InRange(BytesPerPoint(i => new MetricPoint(i, Start + i * 10, (float)random.NextDouble())), 3, 4.5);
    }

    [Fact]
    public void Small_whole_numbers_cost_their_digits()
    {
        Random random = new(7);
        Assert.InRange(BytesPerPoint(i => new MetricPoint(i, Start + i * 10, random.Next(1000))), 1, 1.6);
    }

    [Fact]
    public void The_worst_points_cost_less_than_a_tenth_more_than_plain()
    {
        Random random = new(7);
        Assert.InRange(BytesPerPoint(_ => new MetricPoint(random.NextInt64(long.MinValue, long.MaxValue), random.NextInt64(), BitConverter.Int64BitsToDouble(random.NextInt64()))), 0, 24.5);
    }

    [Fact]
    public void The_coarse_level_adds_less_than_a_byte_a_point()
    {
        Random random = new(7);
        MetricPoint[] points = Full(i => new MetricPoint(i, Start + i * 10, random.NextDouble()));

        Assert.InRange(PointChunk.EncodeCoarse(points).Length, 1, PointChunk.Capacity * 3 / 4);
    }

    [Fact]
    public void The_format_of_version_1_does_not_change()
    {
        MetricPoint[] points = [new(-1, 0, 0.5), new(0, 1_000, double.NaN), new(1, 1_000, 2), new(1, 1_001, 3)];

        Assert.Equal(
            "0104000100FFFFFFFFFFFFFFFF0000000000000000000000000000E03F0100000000000000E9030000000000000000000000000840000000000000E0"
            + "3F00000000000008400000000000000000E90300000000000026B5892C00010300000000000000000AE803100000000000330D03F8FF060000000042"
            + "C31BBE",
            Convert.ToHexString(PointChunk.Encode(points)));
        Assert.Equal(
            "0102000000FFFFFFFFFFFFFFFF0000000000000000000000000000F03F0000000000000000E8030000000000000000000000000840000000000000F0"
            + "3F00000000000008400000000000000000E8030000000000005AE21D6C0200D00F00FF0400B1DC86D9",
            Convert.ToHexString(PointChunk.Encode([new(-1, 0, 1), new(0, 1_000, 3)])));
        Assert.Equal(
            "81010101020C00000000000000000A00A40F0000000000330CFCD7FF0000000000A27F789E",
            Convert.ToHexString(PointChunk.EncodeCoarse(points)));
    }

    [Fact]
    public void Too_few_or_too_many_points_are_refused()
    {
        MetricPoint[] tooMany = [.. Enumerable.Range(0, PointChunk.Capacity + 1).Select(i => new MetricPoint(i, 0, 0))];

        Assert.Throws<ArgumentException>("points", () => PointChunk.Encode([]));
        Assert.Throws<ArgumentException>("points", () => PointChunk.Encode(tooMany));
        Assert.Throws<ArgumentException>("points", () => PointChunk.EncodeCoarse([]));
        Assert.Throws<ArgumentException>("points", () => PointChunk.EncodeCoarse(tooMany));
    }

    [Fact]
    public void Points_out_of_order_or_twice_are_refused()
    {
        MetricPoint one = new(1, 5, 0.1), two = new(2, 4, 0.1);

        Assert.Throws<ArgumentException>("points", () => PointChunk.Encode([two, one]));
        Assert.Throws<ArgumentException>("points", () => PointChunk.Encode([one, one]));
        Assert.Throws<ArgumentException>("points", () => PointChunk.Encode([one with { Value = 0.0 }, one with { Value = -0.0 }]));
        Assert.Throws<ArgumentException>("points", () => PointChunk.Encode([one with { Value = double.NaN }, one with { Value = double.NaN }]));
    }

    [Fact]
    public void A_destination_without_room_is_refused()
    {
        MetricPoint[] points = [.. Enumerable.Range(0, 65).Select(i => new MetricPoint(i, 0, 0))];

        Assert.Throws<ArgumentException>("destination", () => PointChunk.Decode(PointChunk.Encode(points), new MetricPoint[64]));
        Assert.Throws<ArgumentException>("destination", () => PointChunk.DecodeCoarse(PointChunk.EncodeCoarse(points), new CoarseBucket[1]));
    }

    private static MetricPoint[] Decode(byte[] chunk)
    {
        MetricPoint[] room = new MetricPoint[PointChunk.Capacity];
        return room[..PointChunk.Decode(chunk, room)];
    }

    private static CoarseBucket[] DecodeCoarse(byte[] coarse)
    {
        CoarseBucket[] room = new CoarseBucket[PointChunk.Capacity / PointChunk.PointsPerBucket];
        return room[..PointChunk.DecodeCoarse(coarse, room)];
    }

    private static CoarseBucket Summarize(MetricPoint[] points)
    {
        MetricPoint[] numbers = [.. points.Where(point => !double.IsNaN(point.Value))];
        return numbers.Length == 0
            ? new CoarseBucket(points[0], points[0], points.Length)
            : new CoarseBucket(numbers.MinBy(point => point.Value), numbers.MaxBy(point => point.Value), points.Length - numbers.Length);
    }

    private static MetricPoint[] Full(Func<int, MetricPoint> point)
    {
        MetricPoint[] points = [.. Enumerable.Range(0, PointChunk.Capacity).Select(point)];
        Assert.Equal(points.Length, PointChunk.SortAndCollapse(points));
        return points;
    }

    private static double BytesPerPoint(Func<int, MetricPoint> point) => PointChunk.Encode(Full(point)).Length / (double)PointChunk.Capacity;

    private static void Seal(Span<byte> encoded)
    {
        uint crc = uint.MaxValue;
        foreach (byte part in encoded[..^sizeof(uint)])
            crc = BitOperations.Crc32C(crc, part);
        BinaryPrimitives.WriteUInt32LittleEndian(encoded[^sizeof(uint)..], ~crc);
    }
}
