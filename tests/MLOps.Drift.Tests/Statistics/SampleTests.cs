using System.Runtime.InteropServices;

namespace MLOps.Drift.Tests.Statistics;

public sealed class SampleTests
{
    [Fact]
    public void Values_are_sorted_to_the_bit_as_comparing_sorts_them()
    {
        Random random = new(3);
        foreach (int count in (int[])[0, 1, 2, 1023, 1024, 1500, 20_000, 131_071, 131_072, 300_000])
        {
            for (int kind = 0; kind < 9; kind++)
                Check([.. Enumerable.Range(0, count).Select(i => Draw(random, kind, i))], $"kind {kind}, {count} values");
        }
    }

    [Fact]
    public void Wild_values_are_sorted_to_the_bit() =>
        WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
        {
            Check(reference, "reference");
            Check(current, "current");
        });

    [Fact]
    public void Missing_values_and_infinities_are_counted()
    {
        Sample sample = Sample.Of([3, double.NaN, double.PositiveInfinity, -0.0, double.NegativeInfinity, 0.0, double.PositiveInfinity, -double.NaN]);
        Assert.Equal((6, 2L, 3, 4), (sample.Count, sample.Missing, sample.Infinite, sample.Distinct));
        Assert.Equal([double.NegativeInfinity, 0, 0, 3, double.PositiveInfinity, double.PositiveInfinity], sample.Sorted.ToArray());
        Assert.False(double.IsNegative(sample.Sorted[1]), "−0.0 is 0.0");
    }

    [Theory]
    [InlineData(new double[0], double.NaN)]
    [InlineData(new[] { 5.0 }, 0)]
    [InlineData(new[] { 0.1, 0.1, 0.1 }, 0)]
    [InlineData(new[] { 1.0, 2, 3, 4 }, 1.118033988749895)]
    [InlineData(new[] { 1e308, -1e308 }, 1e308)]
    [InlineData(new[] { double.MaxValue, double.MinValue }, double.MaxValue)]
    [InlineData(new[] { 1e-310, 3e-310 }, 1e-310)]
    [InlineData(new[] { 1e15, 1e15 + 1 }, 0.5)]
    [InlineData(new[] { 1, double.PositiveInfinity }, double.NaN)]
    public void The_population_deviation_neither_overflows_nor_cancels(double[] values, double expected) =>
        Assert.Equal(expected, Sample.Of(values).PopulationDeviation, double.IsNaN(expected) ? 0 : 1e-14 * expected);

    private static double Draw(Random random, int kind, int i) => kind switch
    {
        0 => random.NextDouble(),
        1 => (random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-30, 30)),
        2 => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)),
        3 => random.Next(5),
        4 => 7,
        5 => i,
        6 => -i,
        7 => random.Next(3) == 0 ? double.NaN : random.Next(2) == 0 ? -0.0 : 0.0,

        // One value far away leaves all others the same highest bits.
        _ => i == 500 ? 1e300 : 1e6 + random.NextDouble(),
    };

    private static void Check(double[] values, string what)
    {
        double[] expected = [.. values.Where(value => !double.IsNaN(value)).Select(value => value + 0.0)];
        Array.Sort(expected);
        Sample sample = Sample.Of(values);
        Assert.True(MemoryMarshal.AsBytes<double>(expected).SequenceEqual(MemoryMarshal.AsBytes(sample.Sorted)), what);
        Assert.Equal((expected.Length, (long)values.Length - expected.Length, expected.Distinct().Count()), (sample.Count, sample.Missing, sample.Distinct));
    }
}
