namespace MLOps.Drift.Statistics;

/// <summary>The Wasserstein distance W₁ of two samples, the earth mover's: how far their values must be moved on average to turn one into the other.</summary>
/// <remarks>
/// <para>Statistic: W₁ = ∫|F − G| dx = ∫|F⁻¹ − G⁻¹| du, 0 or more, in the unit of the values or in standard deviations of the reference (<see cref="DistanceUnit"/>). There is no p-value.
/// Effect size: W₁ / σ with the reference's standard deviation σ, divided by n and without any least value; NaN when the reference is constant.</para>
/// <para>Values that are NaN are left out and counted. One value a side is needed. Not computable where a value is infinite, or the distance beyond the range of a double. Sums never leave it on the way.</para>
/// <para>Agrees with scipy.stats.wasserstein_distance 1.10.1, and with Evidently 0.7.21's normed distance, on tests/MLOps.Drift.Tests/Vectors/cases/distances.json. Stateless: safe for any number of threads.
/// Time, once the samples are sorted: n + m. Source: Vallender (1974), Theory of Probability and its Applications 18, 784–786.</para>
/// </remarks>
public static class Wasserstein
{
    private const string Name = "Wasserstein";
    private const int Block = 512;

    /// <summary>Measures the distance of two samples.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current sample.</param>
    /// <param name="unit">The statistic's unit. Default: that of the values.</param>
    /// <returns>The distance, and the effect size W₁ / σ. Not computable: <see cref="NotComputable.TooFewValues"/>, <see cref="NotComputable.InfiniteValues"/>, <see cref="NotComputable.Overflow"/>.</returns>
    /// <exception cref="ArgumentNullException">A sample is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The unit is no member of its enumeration.</exception>
    public static TestResult Test(Sample reference, Sample current, DistanceUnit unit = DistanceUnit.Values)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);
        TestResult result = DistanceResult.Start(Name, reference, current, unit);
        return result.IsComputed ? Complete(result, Distance(reference.Sorted, current.Sorted), reference.PopulationDeviation, unit) : result;
    }

    /// <summary>Sorts copies of two columns and measures their distance.</summary>
    /// <param name="reference">The reference, in any order; NaN is missing.</param>
    /// <param name="current">The current sample, in any order; NaN is missing.</param>
    /// <param name="unit">The statistic's unit. Default: that of the values.</param>
    /// <returns>As for prepared samples.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The unit is no member of its enumeration.</exception>
    public static TestResult Test(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, DistanceUnit unit = DistanceUnit.Values) =>
        Test(Sample.Of(reference), Sample.Of(current), unit);

    /// <summary>Measures the distance of two weighted samples, such as the centres of bins with their counts.</summary>
    /// <param name="reference">The reference, in any order; NaN is missing.</param>
    /// <param name="referenceWeights">The weight of each value, finite, 0 or more; what they add up to does not matter.</param>
    /// <param name="current">The current sample, in any order; NaN is missing.</param>
    /// <param name="currentWeights">The weight of each value, finite, 0 or more.</param>
    /// <param name="unit">The statistic's unit. Default: that of the values.</param>
    /// <returns>As for prepared samples; values without weight are not counted.</returns>
    /// <exception cref="ArgumentException">There are not as many weights as values.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A weight is negative, NaN or infinite, or the unit is no member of its enumeration.</exception>
    public static TestResult Test(
        ReadOnlySpan<double> reference, ReadOnlySpan<double> referenceWeights, ReadOnlySpan<double> current, ReadOnlySpan<double> currentWeights, DistanceUnit unit = DistanceUnit.Values)
    {
        WeightedSample first = WeightedSample.Of(reference, referenceWeights, nameof(referenceWeights)), second = WeightedSample.Of(current, currentWeights, nameof(currentWeights));
        TestResult result = DistanceResult.Start(Name, first.Sample, second.Sample, unit);
        if (!result.IsComputed)
            return result;
        double scale = Sample.CommonScale(first.Sample.Sorted, second.Sample.Sorted);
        return Complete(result, first.Integrate(second, scale, static gap => Math.Abs(gap)) / scale, first.PopulationDeviation(), unit);
    }

    private static TestResult Complete(TestResult result, double distance, double deviation, DistanceUnit unit) =>
        DistanceResult.Complete(result, distance, deviation == 0 ? double.NaN : distance / deviation, "W₁ / σ", unit == DistanceUnit.Values ? distance : distance / DistanceResult.Floored(deviation));

    /// <summary>By quantiles: each stretch of probability in which both quantile functions are constant adds its length times their difference. Nothing cancels, and ties are nothing special.</summary>
    private static double Distance(ReadOnlySpan<double> reference, ReadOnlySpan<double> current)
    {
        double scale = Sample.CommonScale(reference, current);
        return (reference.Length == current.Length ? Paired(reference, current, scale) : Coupled(reference, current, scale)) / scale;
    }

    private static double Paired(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, double scale)
    {
        double sum = 0;
        for (int start = 0; start < reference.Length; start += Block)
        {
            int length = Math.Min(Block, reference.Length - start), i = 0;
            ReadOnlySpan<double> first = reference.Slice(start, length), second = current.Slice(start, length);

            // Four sums, so that no addition waits for the one before it.
            double sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
            for (; i <= length - 4; i += 4)
            {
                sum0 += Math.Abs((first[i] * scale) - (second[i] * scale));
                sum1 += Math.Abs((first[i + 1] * scale) - (second[i + 1] * scale));
                sum2 += Math.Abs((first[i + 2] * scale) - (second[i + 2] * scale));
                sum3 += Math.Abs((first[i + 3] * scale) - (second[i + 3] * scale));
            }

            for (; i < length; i++)
                sum0 += Math.Abs((first[i] * scale) - (second[i] * scale));
            sum += sum0 + sum1 + (sum2 + sum3);
        }

        return sum / reference.Length;
    }

    private static double Coupled(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, double scale)
    {
        // Probability in units of 1 / (nm): a value of the reference has m of them, one of the current sample n.
        long n = reference.Length, m = current.Length, leftOfFirst = m, leftOfSecond = n;
        int i = 0, j = 0;
        double sum = 0;
        while (i < n && j < m)
        {
            double part = 0;
            for (int step = 0; step < Block && i < n && j < m; step++)
            {
                long length = Math.Min(leftOfFirst, leftOfSecond);
                part += Math.Abs((reference[i] * scale) - (current[j] * scale)) * length;
                leftOfFirst -= length;
                leftOfSecond -= length;
                bool firstEnds = leftOfFirst == 0, secondEnds = leftOfSecond == 0;
                i += firstEnds ? 1 : 0;
                j += secondEnds ? 1 : 0;
                leftOfFirst = firstEnds ? m : leftOfFirst;
                leftOfSecond = secondEnds ? n : leftOfSecond;
            }

            sum += part;
        }

        return sum / ((double)n * m);
    }
}
