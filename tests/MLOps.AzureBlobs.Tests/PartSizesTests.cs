namespace MLOps.AzureBlobs.Tests;

public sealed class PartSizesTests
{
    private const long MiB = 1 << 20, GiB = 1 << 30, TiB = GiB * 1024;
    private const int Default = 8 << 20;

    public static TheoryData<long> Sizes => [0, 1, Default - 1, Default, Default + 1, 5 * GiB, 5 * GiB + 1, 390 * GiB, 391 * GiB, 5 * TiB, 5 * TiB - 1, 80 * TiB];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Parts_of_a_known_size_are_few_enough_and_small_enough(long size) =>
        Assert.InRange(CountOf(size, PartSizes.For(size, Default)), 0, PartSizes.MostParts);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Parts_of_an_unknown_size_are_few_enough_and_small_enough(long size)
    {
        // 5,000 parts each of 8, 16, 32 ... MiB up to 2,000 reach 27 TiB and no further.
        if (size <= 20 * TiB)
            Assert.InRange(CountOf(size, PartSizes.For(sizeBytes: null, Default)), 0, PartSizes.MostParts);
    }

    [Fact]
    public void Parts_have_the_size_that_was_asked_for_where_that_suffices()
    {
        Func<int, int> known = PartSizes.For(300 * GiB, Default), unknown = PartSizes.For(null, Default);
        Assert.Equal(Default, known(0));
        Assert.Equal(Default, known(38_000));
        Assert.Equal(Default, unknown(4_999));
        Assert.Equal(2 * Default, unknown(5_000));
        Assert.Equal(4 * Default, unknown(10_000));
    }

    [Fact]
    public void Parts_of_five_tebibytes_have_whole_mebibytes_and_all_the_same() =>
        Assert.Equal([117 * MiB], Enumerable.Range(0, 44_000).Select(number => (long)PartSizes.For(5 * TiB, Default)(number)).Distinct());

    [Theory]
    [InlineData(1_000_000, 100 * GiB)]
    [InlineData(300 * GiB, 2 * TiB)]
    public void Content_that_turns_out_longer_than_was_said_still_finds_room(long said, long size) =>
        Assert.InRange(CountOf(size, PartSizes.For(said, Default)), 1, PartSizes.MostParts);

    private static int CountOf(long size, Func<int, int> sizeOf)
    {
        int count = 0;
        for (long left = size; left > 0; count++)
        {
            Assert.InRange(sizeOf(count), Default, PartSizes.MostBytes);
            left -= sizeOf(count);
        }

        return count;
    }
}
