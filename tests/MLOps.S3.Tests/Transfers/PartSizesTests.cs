namespace MLOps.S3.Tests.Transfers;

public sealed class PartSizesTests
{
    private const long MiB = 1 << 20, GiB = MiB << 10, TiB = GiB << 10;

    public static TheoryData<int, long> Known => new()
    {
        { 5 << 20, 0 }, { 5 << 20, 1 }, { 5 << 20, 5 * MiB }, { 8 << 20, 5 * GiB }, { 5 << 20, 5 * GiB }, { 5 << 20, (5 * GiB) + 1 }, { 5 << 20, 50 * GiB },
        { 8 << 20, TiB }, { 5 << 20, 5 * TiB }, { 8 << 20, 5 * TiB }, { 1 << 30, 5 * TiB }, { 8 << 20, (5 * TiB) - 1 }, { 5 << 20, 10 * TiB },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Content_of_a_known_size_fits_into_the_parts_and_a_tenth_more_does_too(int partSize, long size)
    {
        PartSizes sizes = new(partSize, size);
        (int parts, long largest) = Fill(sizes, size);
        Assert.True(parts <= PartSizes.MaxParts, $"{parts} parts");
        Assert.True(largest <= PartSizes.Largest && sizes.SizeOf(0) >= partSize, $"{largest} bytes");
        Assert.Equal(sizes.SizeOf(0), largest);
        Assert.True(Fill(sizes, size + (size / 10)).Parts <= PartSizes.MaxParts);
    }

    [Theory]
    [InlineData(5 << 20)]
    [InlineData(8 << 20)]
    [InlineData(1 << 30)]
    public void Content_of_an_unknown_size_fits_up_to_five_tebibytes(int partSize)
    {
        PartSizes sizes = new(partSize, sizeBytes: null);
        Assert.Equal(partSize, sizes.SizeOf(0));
        Assert.Equal(partSize, sizes.SizeOf(899));
        (int parts, long largest) = Fill(sizes, 5 * TiB);
        Assert.True(parts <= PartSizes.MaxParts, $"{parts} parts");
        Assert.True(largest <= PartSizes.Largest, $"{largest} bytes");
    }

    [Fact]
    public void Content_that_is_far_longer_than_it_was_said_to_be_gets_larger_parts()
    {
        PartSizes sizes = new(8 << 20, 100 * MiB);
        Assert.Equal(8 << 20, sizes.SizeOf(12));
        Assert.True(Fill(sizes, 5 * TiB).Parts <= PartSizes.MaxParts);
        Assert.Equal(PartSizes.Largest, sizes.SizeOf(PartSizes.MaxParts));
    }

    private static (int Parts, long Largest) Fill(PartSizes sizes, long size)
    {
        (int parts, long largest) = (0, 0);
        for (long left = size; left > 0 && parts <= PartSizes.MaxParts; parts++)
        {
            largest = Math.Max(largest, sizes.SizeOf(parts));
            left -= sizes.SizeOf(parts);
        }

        return (parts, Math.Max(largest, sizes.SizeOf(0)));
    }
}
