namespace MLOps.Drift.Statistics;

/// <summary>Welch's t-test: whether the means differ, without supposing that the variances are equal. Student's test, which supposes it, is an option.</summary>
/// <remarks>
/// <para>t = (x̄ − ȳ) / √(s²ₓ/n + s²ᵧ/m), positive when the reference has the greater mean, with variances divided by n − 1 and the degrees of freedom of Satterthwaite; for Student's test
/// (equal variances) with the pooled variance and n + m − 2 degrees of freedom. The effect size is Cohen's d = (x̄ − ȳ) / s, where s² is the pooled variance: differences in standard deviations, with the sign of t.</para>
/// <para>Where neither sample has any spread the t law does not apply: equal means give t = 0 and p = 1, for each alternative; different means t = ±∞ and p = 0, or 1 for the alternative that looks the other way.</para>
/// <para>NaN is missing: left out and counted. Stateless and safe for any number of threads. Time in proportion to the values; nothing is sorted, so preparing samples for this test alone does not pay.
/// Sources: Welch (1947), Biometrika 34, 28–35; Satterthwaite (1946), Biometrics Bull. 2, 110–114; Cohen (1988), Statistical Power Analysis, 2nd ed., 66–67.
/// Agrees with scipy.stats.ttest_ind 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/twosample.json.</para>
/// </remarks>
public static class WelchT
{
    private const string ConstantNote = "Neither sample has any spread: p is 1 where both have one value, and otherwise says only that the two values differ.";

    /// <summary>Compares two prepared samples.</summary>
    /// <param name="reference">The reference, 2 values or more.</param>
    /// <param name="current">The current sample, 2 values or more.</param>
    /// <param name="alternative">Which differences count: <see cref="Alternative.Greater"/> when the reference has the greater mean. Default both.</param>
    /// <param name="equalVariances">Whether to suppose equal variances: Student's test. Default false.</param>
    /// <returns>t, its p-value and Cohen's d; not computable for fewer than 2 values on a side, infinite values, and where a standard deviation or t is beyond the range of a double.</returns>
    /// <exception cref="ArgumentNullException">A sample is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such alternative.</exception>
    public static TestResult Test(Sample reference, Sample current, Alternative alternative = Alternative.TwoSided, bool equalVariances = false)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);
        return Test(reference.Sorted, reference.Missing, current.Sorted, current.Missing, alternative, equalVariances);
    }

    /// <summary>Compares two columns.</summary>
    /// <param name="reference">The reference in any order, 2 values or more; NaN is missing.</param>
    /// <param name="current">The current sample in any order, 2 values or more; NaN is missing.</param>
    /// <param name="alternative">Which differences count: <see cref="Alternative.Greater"/> when the reference has the greater mean. Default both.</param>
    /// <param name="equalVariances">Whether to suppose equal variances: Student's test. Default false.</param>
    /// <returns>t, its p-value and Cohen's d; not computable for fewer than 2 values on a side, infinite values, and where a standard deviation or t is beyond the range of a double.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such alternative.</exception>
    public static TestResult Test(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, Alternative alternative = Alternative.TwoSided, bool equalVariances = false)
    {
        ReadOnlySpan<double> presentReference = Present(reference), presentCurrent = Present(current);
        return Test(presentReference, reference.Length - presentReference.Length, presentCurrent, current.Length - presentCurrent.Length, alternative, equalVariances);
    }

    private static TestResult Test(
        ReadOnlySpan<double> reference, long referenceMissing, ReadOnlySpan<double> current, long currentMissing, Alternative alternative, bool equalVariances)
    {
        AlternativeGuard.Check(alternative);

        TestResult result = new()
        {
            Method = equalVariances ? "Student's t" : "Welch's t",
            Rule = (equalVariances ? "pooled variance" : "a variance for each sample, degrees of freedom of Satterthwaite")
                + alternative switch { Alternative.Greater => ", reference greater", Alternative.Less => ", reference less", _ => ", two-sided" },
            EffectSizeName = "Cohen's d",
            ReferenceCount = reference.Length,
            CurrentCount = current.Length,
            ReferenceMissing = referenceMissing,
            CurrentMissing = currentMissing,
        };
        if (reference.Length < 2 || current.Length < 2)
            return result with { NotComputable = new NotComputable.TooFewValues(reference.Length, current.Length, 2) };
        (long referenceInfinite, long currentInfinite) = (Infinite(reference), Infinite(current));
        if (referenceInfinite + currentInfinite > 0)
            return result with { NotComputable = new NotComputable.InfiniteValues(referenceInfinite, currentInfinite) };

        double n = reference.Length, m = current.Length;
        double referenceMean = Descriptive.Mean(reference), currentMean = Descriptive.Mean(current);
        double referenceSpread = Descriptive.StandardDeviation(reference, 1), currentSpread = Descriptive.StandardDeviation(current, 1), unit = Math.Max(referenceSpread, currentSpread);
        if (!double.IsFinite(unit))
            return result with { NotComputable = new NotComputable.Overflow("A standard deviation") };
        if (unit == 0)
            return Constant(result, referenceMean.CompareTo(currentMean), alternative);

        // In units of the larger standard deviation no square overflows, and none that matters vanishes.
        double difference = double.IsFinite(referenceMean - currentMean) ? (referenceMean - currentMean) / unit : ((referenceMean / unit) - (currentMean / unit));
        double referenceVariance = Square(referenceSpread / unit), currentVariance = Square(currentSpread / unit);
        double pooled = (((n - 1) * referenceVariance) + ((m - 1) * currentVariance)) / (n + m - 2);
        double a = (equalVariances ? pooled : referenceVariance) / n, b = (equalVariances ? pooled : currentVariance) / m;
        double degreesOfFreedom = equalVariances ? n + m - 2 : Square(a + b) / ((a * a / (n - 1)) + (b * b / (m - 1)));
        double t = difference / Math.Sqrt(a + b);
        if (!double.IsFinite(t))
            return result with { NotComputable = new NotComputable.Overflow("The t statistic") };

        Probability p = alternative switch
        {
            Alternative.Greater => Tails.StudentUpper(t, degreesOfFreedom),
            Alternative.Less => Tails.StudentUpper(-t, degreesOfFreedom),
            _ => Tails.StudentTwoSided(t, degreesOfFreedom),
        };
        return result with { Statistic = t, PValue = p.Value, LogPValue = p.Log, EffectSize = difference / Math.Sqrt(pooled) };
    }

    private static TestResult Constant(TestResult result, int sign, Alternative alternative)
    {
        bool isExtreme = alternative switch { Alternative.Greater => sign > 0, Alternative.Less => sign < 0, _ => sign != 0 };
        Probability p = isExtreme ? Probability.Zero : Probability.One;
        double statistic = sign == 0 ? 0 : sign * double.PositiveInfinity;
        return result with { Statistic = statistic, PValue = p.Value, LogPValue = p.Log, EffectSize = statistic, Notes = [ConstantNote] };
    }

    private static double Square(double value) => value * value;

    private static long Infinite(ReadOnlySpan<double> values)
    {
        long count = 0;
        foreach (double value in values)
            count += double.IsInfinity(value) ? 1 : 0;
        return count;
    }

    private static ReadOnlySpan<double> Present(ReadOnlySpan<double> values)
    {
        double[] present = new double[values.Length];
        int count = 0;
        foreach (double value in values)
        {
            if (!double.IsNaN(value))
                present[count++] = value;
        }

        return present.AsSpan(0, count);
    }
}
