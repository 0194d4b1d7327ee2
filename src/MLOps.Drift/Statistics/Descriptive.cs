using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MLOps.Drift.Statistics;

/// <summary>Numbers that describe one sample. Count, minimum and maximum are those of a <see cref="Sample"/>: its count, first and last value.</summary>
/// <remarks>
/// <para>Values are finite and none NaN unless a method says otherwise; what an infinite value gives is an infinity or NaN, never an exception. Sums that overflow are done again on values scaled by
/// a power of two, so that each result that a double can hold is found, also of values near 1e308 and 1e-308. Sums run in four fixed lanes: the same digits on every processor.</para>
/// <para>Stateless and safe for any number of threads; no allocation; time in proportion to the values.
/// Agrees with numpy 1.24.2 and scipy.stats 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/descriptive.json.</para>
/// </remarks>
public static class Descriptive
{
    /// <summary>A quantile by linear interpolation between order statistics, type 7 of Hyndman and Fan (1996), as numpy and R have by default.</summary>
    /// <param name="sorted">In ascending order, without NaN; infinities are values.</param>
    /// <param name="probability">0 to 1.</param>
    /// <returns>The quantile; NaN when the sample is empty. Between a number and an infinity lies that infinity, between −∞ and ∞ NaN.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The probability is NaN or outside [0, 1].</exception>
    public static double Quantile(ReadOnlySpan<double> sorted, double probability)
    {
        if (!(probability is >= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(probability), probability, "A probability is between 0 and 1.");
        if (sorted.IsEmpty)
            return double.NaN;
        double at = probability * (sorted.Length - 1);
        int below = (int)at;
        double fraction = at - below;
        return fraction == 0 ? sorted[below] : Between(sorted[below], sorted[below + 1], fraction);
    }

    /// <summary>The interquartile range: the quantile of 0.75 less that of 0.25, both of type 7.</summary>
    /// <param name="sorted">In ascending order, without NaN.</param>
    /// <returns>The range, 0 or more; NaN when the sample is empty; ∞ when it is beyond the range of a double.</returns>
    public static double InterquartileRange(ReadOnlySpan<double> sorted)
    {
        double lower = Quantile(sorted, 0.25), upper = Quantile(sorted, 0.75);
        return lower == upper ? 0 : upper - lower;
    }

    /// <summary>How many different values there are. −0.0 is 0.0.</summary>
    /// <param name="sorted">In ascending order, without NaN; infinities are values.</param>
    /// <returns>The count; 0 when the sample is empty.</returns>
    public static int Distinct(ReadOnlySpan<double> sorted)
    {
        int count = sorted.IsEmpty ? 0 : 1;
        for (int i = 1; i < sorted.Length; i++)
        {
            if (sorted[i] != sorted[i - 1])
                count++;
        }

        return count;
    }

    /// <summary>The arithmetic mean.</summary>
    /// <param name="values">The values in any order, none NaN.</param>
    /// <returns>The mean; NaN when there is no value, or infinities of both signs.</returns>
    public static double Mean(ReadOnlySpan<double> values)
    {
        double mean = ScaledMean(values, 1);
        if (double.IsFinite(mean) || values.IsEmpty)
            return mean;
        double scale = Scale(values);
        return scale == 0 ? PlainSum(values, 1) : ScaledMean(values, scale) / scale;
    }

    /// <summary>The variance: the sum of squared differences from the mean, divided by n − <paramref name="ddof"/>.</summary>
    /// <param name="values">The values in any order, none NaN.</param>
    /// <param name="ddof">0 for the population's, 1 for the sample's.</param>
    /// <returns>The variance in the square of the values' unit, 0 or more; NaN when there are <paramref name="ddof"/> values or fewer; ∞ or 0 when it is beyond the range of a double, where <see cref="StandardDeviation"/> still has its root.</returns>
    public static double Variance(ReadOnlySpan<double> values, int ddof)
    {
        if (values.Length <= ddof)
            return double.NaN;
        double variance = SquaresAbout(values, ScaledMean(values, 1), 1) / (values.Length - ddof);
        if (variance is > 1e-280 and < double.PositiveInfinity)
            return variance;
        double deviation = StandardDeviation(values, ddof);
        return deviation * deviation;
    }

    /// <summary>The standard deviation: the root of the variance.</summary>
    /// <param name="values">The values in any order, none NaN.</param>
    /// <param name="ddof">0 for the population's, 1 for the sample's.</param>
    /// <returns>The deviation in the values' unit, 0 or more; NaN when there are <paramref name="ddof"/> values or fewer, or an infinite one; ∞ when it is beyond the range of a double.</returns>
    public static double StandardDeviation(ReadOnlySpan<double> values, int ddof)
    {
        if (values.Length <= ddof)
            return double.NaN;
        double squares = SquaresAbout(values, ScaledMean(values, 1), 1), scale = 1;
        if (!(squares is > 1e-280 and < double.PositiveInfinity))
        {
            scale = Scale(values);
            if (scale == 0)
                return double.NaN;
            squares = SquaresAbout(values, ScaledMean(values, scale), scale);
        }

        return Math.Sqrt(squares / (values.Length - ddof)) / scale;
    }

    /// <summary>The skewness g₁ = m₃ / m₂^1.5 of the population, where m_k is the mean of (value − mean)^k: 0 for a symmetric sample, above 0 for a long tail of large values.</summary>
    /// <param name="values">The values in any order, none NaN.</param>
    /// <returns>The skewness, of no unit, at most √n in size; NaN when the values are all alike, or there are none, or an infinite one.</returns>
    public static double Skewness(ReadOnlySpan<double> values)
    {
        (double second, double third, _) = Moments(values);
        return third / (second * Math.Sqrt(second));
    }

    /// <summary>The excess kurtosis g₂ = m₄ / m₂² − 3 of the population, where m_k is the mean of (value − mean)^k: 0 for a normal distribution, above 0 for heavier tails.</summary>
    /// <param name="values">The values in any order, none NaN.</param>
    /// <returns>The excess kurtosis, of no unit, −2 to n; NaN when the values are all alike, or there are none, or an infinite one.</returns>
    public static double ExcessKurtosis(ReadOnlySpan<double> values)
    {
        (double second, _, double fourth) = Moments(values);
        return (fourth / (second * second)) - 3;
    }

    /// <summary>The point between two order statistics.</summary>
    internal static double Between(double low, double high, double fraction)
    {
        if (low == high)
            return low;

        // numpy's form of the interpolation, so that edges are the same to the last bit; where the difference overflows there is nothing to be the same as.
        double difference = high - low;
        if (!double.IsFinite(difference))
            return (low * (1 - fraction)) + (high * fraction);
        return fraction >= 0.5 ? high - (difference * (1 - fraction)) : low + (difference * fraction);
    }

    /// <summary>The mean of values · scale. The second pass returns what the first has lost, so that the mean of values all alike is that value.</summary>
    private static double ScaledMean(ReadOnlySpan<double> values, double scale)
    {
        double mean = PlainSum(values, scale) / values.Length;
        return mean + (SumAbout(values, mean, scale) / values.Length);
    }

    private static double PlainSum(ReadOnlySpan<double> values, double scale) => SumAbout(values, 0, scale);

    private static double SumAbout(ReadOnlySpan<double> values, double center, double scale)
    {
        Vector256<double> sums = default, centers = Vector256.Create(center), scales = Vector256.Create(scale);
        ReadOnlySpan<Vector256<double>> fours = MemoryMarshal.Cast<double, Vector256<double>>(values);
        foreach (Vector256<double> four in fours)
            sums += (four * scales) - centers;
        double sum = sums[0] + sums[1] + (sums[2] + sums[3]);
        foreach (double value in values[(fours.Length * 4)..])
            sum += (value * scale) - center;
        return sum;
    }

    private static double SquaresAbout(ReadOnlySpan<double> values, double center, double scale)
    {
        Vector256<double> sums = default, centers = Vector256.Create(center), scales = Vector256.Create(scale);
        ReadOnlySpan<Vector256<double>> fours = MemoryMarshal.Cast<double, Vector256<double>>(values);
        foreach (Vector256<double> four in fours)
        {
            Vector256<double> difference = (four * scales) - centers;
            sums += difference * difference;
        }

        double sum = sums[0] + sums[1] + (sums[2] + sums[3]);
        foreach (double value in values[(fours.Length * 4)..])
        {
            double difference = (value * scale) - center;
            sum += difference * difference;
        }

        return sum;
    }

    /// <summary>The second, third and fourth central moments of the values divided by their largest difference from the mean, which the ratios of moments do not see.</summary>
    private static (double Second, double Third, double Fourth) Moments(ReadOnlySpan<double> values)
    {
        double scale = Scale(values);
        if (values.IsEmpty || scale == 0)
            return (double.NaN, double.NaN, double.NaN);
        double mean = ScaledMean(values, scale), largest = 0;
        foreach (double value in values)
            largest = Math.Max(largest, Math.Abs((value * scale) - mean));

        // Far from zero the mean itself is rounded; the odd moments see by how much.
        double rest = SumAbout(values, mean, scale) / values.Length;

        double second = 0, third = 0, fourth = 0;
        foreach (double value in values)
        {
            double difference = ((value * scale) - mean - rest) / largest, square = difference * difference;
            second += square;
            third += square * difference;
            fourth += square * square;
        }

        return (second / values.Length, third / values.Length, fourth / values.Length);
    }

    /// <summary>A power of two that brings the largest value near 1, so that no sum of fourth powers overflows; 0 when a value is infinite.</summary>
    private static double Scale(ReadOnlySpan<double> values)
    {
        double largest = 0;
        foreach (double value in values)
            largest = Math.Max(largest, Math.Abs(value));
        if (!double.IsFinite(largest))
            return 0;
        return largest == 0 ? 1 : Math.ScaleB(1, Math.Clamp(-Math.ILogB(largest) - 1, -1022, 1022));
    }
}
