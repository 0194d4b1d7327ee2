using System.Numerics;

namespace MLOps.Drift.Tests.Statistics;

public sealed class DescriptiveTests
{
    private static readonly double[] Probabilities = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99];

    [Fact]
    public void Vectors_agree_with_numpy_and_scipy() => VectorCase.CheckAll(VectorCase.Of("descriptive.json"), vector =>
    {
        double[] values = vector.Numbers("data");
        Sample sample = Sample.Of(values);
        vector.CheckNumber("count", sample.Count);
        vector.CheckNumber("min", sample.Sorted[0]);
        vector.CheckNumber("max", sample.Sorted[^1]);
        vector.CheckNumber("mean", Descriptive.Mean(values));
        vector.CheckNumber("std_ddof0", Descriptive.StandardDeviation(values, 0));
        vector.CheckNumber("std_ddof1", Math.Sqrt(Descriptive.Variance(values, 1)));
        vector.CheckNumber("skew", Descriptive.Skewness(values));
        vector.CheckNumber("excess_kurtosis", Descriptive.ExcessKurtosis(values));
        vector.CheckNumber("distinct", Descriptive.Distinct(sample.Sorted));
        vector.CheckNumber("iqr", Descriptive.InterquartileRange(sample.Sorted));
        Assert.Equal(VectorCase.NumbersOf(vector.Expected.GetProperty("q")), Probabilities.Select(probability => Descriptive.Quantile(sample.Sorted, probability)));
    });

    [Theory]
    [InlineData(1e-305)]
    [InlineData(1e-155)]
    [InlineData(1)]
    [InlineData(1e155)]
    [InlineData(1e307)]
    public void Scale_changes_the_moments_by_that_scale_alone(double scale)
    {
        double[] plain = [1, 2, 4, 8, 3, 3, -9], scaled = [.. plain.Select(value => value * scale)];
        Assert.Equal(12 / 7.0, Descriptive.Mean(scaled) / scale, 1e-14);
        Assert.Equal(Descriptive.StandardDeviation(plain, 1), Descriptive.StandardDeviation(scaled, 1) / scale, 1e-14);
        Assert.Equal(Descriptive.Skewness(plain), Descriptive.Skewness(scaled), 1e-14);
        Assert.Equal(Descriptive.ExcessKurtosis(plain), Descriptive.ExcessKurtosis(scaled), 1e-14);
        Array.Sort(scaled);
        Assert.Equal(3, Descriptive.Quantile(scaled, 0.5) / scale, 1e-14);
    }

    [Fact]
    public void Sums_beyond_the_range_of_a_double_still_have_their_mean()
    {
        Assert.Equal(1e308, Descriptive.Mean([1e308, 1e308, 1e308, 1e308, 1e308]));
        Assert.Equal(0, Descriptive.Mean([double.MaxValue, double.MinValue]));
        Assert.Equal(double.MaxValue, Descriptive.Mean([double.MaxValue, double.MaxValue]));
        Assert.Equal(0, Descriptive.Variance([1e308, 1e308], 1));
        Assert.Equal(1e308, Descriptive.StandardDeviation([1e308, -1e308], 0), 1e294);
        Assert.Equal(double.PositiveInfinity, Descriptive.Variance([1e308, -1e308], 0));
        Assert.Equal(0.5, Descriptive.Variance([1e-160, 2e-160], 1) * 1e160 * 1e160, 1e-3);
    }

    [Fact]
    public void Quantiles_of_the_widest_samples_are_finite()
    {
        double[] widest = [double.MinValue, double.MaxValue];
        Assert.Equal(0, Descriptive.Quantile(widest, 0.5));
        Assert.Equal(0.5, Descriptive.Quantile(widest, 0.75) / double.MaxValue, 1e-15);
        Assert.Equal(-0.5, Descriptive.Quantile(widest, 0.25) / double.MaxValue, 1e-15);
        Assert.Equal(double.NegativeInfinity, Descriptive.Quantile([double.NegativeInfinity, 5], 0.3));
        Assert.Equal(double.PositiveInfinity, Descriptive.Quantile([5, double.PositiveInfinity], 0.3));
        Assert.Equal(double.NaN, Descriptive.Quantile([double.NegativeInfinity, double.PositiveInfinity], 0.3));
        Assert.Equal(0, Descriptive.InterquartileRange([double.PositiveInfinity, double.PositiveInfinity]));
    }

    [Fact]
    public void Quantiles_lie_between_their_neighbours_and_never_fall()
    {
        Random random = new(2);
        for (int trial = 0; trial < 2_000; trial++)
        {
            Sample sample = Sample.Of(WildSample.Next(random));
            double before = double.NegativeInfinity;
            for (double probability = 0; probability <= 1 && sample.Count > 0; probability += 1 / 64.0)
            {
                double quantile = Descriptive.Quantile(sample.Sorted, probability), at = probability * (sample.Count - 1);
                if (double.IsNaN(quantile))
                {
                    Assert.NotEqual(0, sample.Infinite);
                    continue;
                }

                Assert.InRange(quantile, sample.Sorted[(int)at], sample.Sorted[(int)Math.Ceiling(at)]);
                Assert.True(quantile >= before);
                before = quantile;
            }
        }
    }

    [Fact]
    public void Values_all_alike_have_exactly_that_mean_and_no_spread()
    {
        foreach (int count in (int[])[1, 2, 3, 7, 1_000, 12_345])
        {
            foreach (double value in (double[])[0.1, -1 / 3.0, 1e308, 5e-324, 1e16 + 2, 0])
            {
                double[] values = [.. Enumerable.Repeat(value, count)];
                Assert.Equal(value, Descriptive.Mean(values));
                Assert.Equal(0, Descriptive.Variance(values, 0));
                Assert.Equal(0, Descriptive.StandardDeviation(values, 0));
                Assert.Equal(double.NaN, Descriptive.Skewness(values));
                Assert.Equal(double.NaN, Descriptive.ExcessKurtosis(values));
                Assert.Equal(1, Descriptive.Distinct(values));
            }
        }
    }

    [Fact]
    public void An_offset_of_a_billion_keeps_the_moments()
    {
        // Integers, so that the sums are exact in whole numbers.
        Random random = new(3);
        long[] whole = [.. Enumerable.Range(0, 999).Select(_ => random.NextInt64(1000))];
        double[] shifted = [.. whole.Select(value => 1e9 + value)];
        BigInteger sum = 0, squares = 0, cubes = 0, fourths = 0;
        foreach (long value in whole)
            sum += value;
        foreach (long value in whole)
        {
            // n times the difference from the mean.
            BigInteger difference = (value * (BigInteger)whole.Length) - sum, square = difference * difference;
            squares += square;
            cubes += square * difference;
            fourths += square * square;
        }

        double n = whole.Length, second = (double)squares / n;
        Assert.Equal(1e9 + ((double)sum / n), Descriptive.Mean(shifted));
        Assert.Equal((double)squares / (n * n * n), Descriptive.Variance(shifted, 0), 1e-8);
        Assert.Equal((double)cubes / n / Math.Pow(second, 1.5), Descriptive.Skewness(shifted), 1e-13);
        Assert.Equal(((double)fourths / n / (second * second)) - 3, Descriptive.ExcessKurtosis(shifted), 1e-13);
    }

    [Fact]
    public void Wild_values_never_raise()
    {
        Random random = new(4);
        for (int trial = 0; trial < TestLength.Of(10_000, 200_000); trial++)
        {
            double[] values = WildSample.Next(random);
            ReadOnlySpan<double> sorted = Sample.Of(values).Sorted;
            double mean = Descriptive.Mean(sorted), variance = Descriptive.Variance(sorted, 1), deviation = Descriptive.StandardDeviation(sorted, 0);
            double skewness = Descriptive.Skewness(sorted), kurtosis = Descriptive.ExcessKurtosis(sorted);
            if (sorted.Length > 0 && double.IsFinite(sorted[0]) && double.IsFinite(sorted[^1]))
            {
                Assert.InRange(mean, sorted[0], sorted[^1]);
                Assert.True(deviation >= 0);
                Assert.True(sorted.Length == 1 || variance >= 0);
                Assert.Equal(sorted[0] == sorted[^1], double.IsNaN(skewness));
                Assert.Equal(sorted[0] == sorted[^1], double.IsNaN(kurtosis));
            }
        }
    }

    [Theory]
    [InlineData(-0.01)]
    [InlineData(1.01)]
    [InlineData(double.NaN)]
    public void A_probability_outside_0_to_1_is_refused(double probability) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Descriptive.Quantile([1, 2], probability));

    [Fact]
    public void Nothing_has_no_numbers()
    {
        Assert.Equal(double.NaN, Descriptive.Quantile([], 0.5));
        Assert.Equal(double.NaN, Descriptive.Mean([]));
        Assert.Equal(double.NaN, Descriptive.Variance([], 0));
        Assert.Equal(double.NaN, Descriptive.StandardDeviation([3], 1));
        Assert.Equal(double.NaN, Descriptive.Skewness([]));
        Assert.Equal(0, Descriptive.Distinct([]));
    }
}
