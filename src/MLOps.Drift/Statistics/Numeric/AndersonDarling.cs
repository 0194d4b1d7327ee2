namespace MLOps.Drift.Statistics;

/// <summary>The Anderson–Darling test that two or more samples come from one distribution: squared differences of the distribution functions, with more weight on the tails than Kolmogorov–Smirnov gives them.</summary>
/// <remarks>
/// <para>The statistic is T = (A² − (k − 1)) / σ of Scholz and Stephens: of mean 0 and deviation 1 when k samples come from one distribution, and larger the more they differ. Ties are handled by midranks
/// (A²ₐₖN), or by the right-continuous distribution functions (A²ₖN).</para>
/// <para>Without permutations p comes from a quadratic in T fitted to the logarithms of seven tabulated levels, 0.25 to 0.001, and is clipped to these, which a note tells. With R permutations p is
/// (1 + the number of permutations with at least this A²) / (1 + R), which is a valid p-value for any sizes and ties, and never 0.</para>
/// <para>Ranks alone matter: infinities are values, units and outliers do not count. NaN is missing: left out and counted. Time N·log k to merge prepared samples and k for each distinct value, once and for
/// each permutation; 12 bytes a value. Stateless; safe for any number of threads, but a <see cref="Random"/> is not.</para>
/// <para>Source: Scholz and Stephens (1987), JASA 82, 918–924; Phipson and Smyth (2010), Stat. Appl. Genet. Mol. Biol. 9, 39. Agrees with scipy.stats.anderson_ksamp 1.10.1 on
/// tests/MLOps.Drift.Tests/Vectors/cases/twosample.json.</para>
/// </remarks>
public static class AndersonDarling
{
    private const int MostPermutations = 10_000_000;

    // Table 2 of Scholz and Stephens: the critical value of each level is b₀ + b₁/√(k − 1) + b₂/(k − 1).
    private static readonly double[] Levels = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001];
    private static readonly double[] B0 = [0.675, 1.281, 1.645, 1.96, 2.326, 2.573, 3.085];
    private static readonly double[] B1 = [-0.245, 0.25, 0.678, 1.149, 1.822, 2.364, 3.615];
    private static readonly double[] B2 = [-0.105, -0.305, -0.362, -0.391, -0.396, -0.345, -0.154];

    /// <summary>Compares two prepared samples.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current sample.</param>
    /// <param name="midrank">Whether ties count by midranks. Default true.</param>
    /// <param name="permutations">How many permutations give the p-value, 0 to 10,000,000. Default 0: the table does.</param>
    /// <param name="random">Where permutations come from; null for <c>new Random(1)</c>.</param>
    /// <param name="cancellationToken">Ends the work before the next permutation.</param>
    /// <returns>T and its p-value; not computable when a side has no value, there are fewer than 4 in all, or all are alike.</returns>
    /// <exception cref="ArgumentNullException">A sample is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of permutations is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        Sample reference, Sample current, bool midrank = true, int permutations = 0, Random? random = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);
        return Test([reference, current], midrank, permutations, random, cancellationToken);
    }

    /// <summary>Compares two columns; sorts a copy of each.</summary>
    /// <param name="reference">The reference in any order; NaN is missing.</param>
    /// <param name="current">The current sample in any order; NaN is missing.</param>
    /// <param name="midrank">Whether ties count by midranks. Default true.</param>
    /// <param name="permutations">How many permutations give the p-value, 0 to 10,000,000. Default 0: the table does.</param>
    /// <param name="random">Where permutations come from; null for <c>new Random(1)</c>.</param>
    /// <param name="cancellationToken">Ends the work before the next permutation.</param>
    /// <returns>T and its p-value; not computable when a side has no value, there are fewer than 4 in all, or all are alike.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of permutations is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        ReadOnlySpan<double> reference, ReadOnlySpan<double> current, bool midrank = true, int permutations = 0, Random? random = null, CancellationToken cancellationToken = default) =>
        Test([Sample.Of(reference), Sample.Of(current)], midrank, permutations, random, cancellationToken);

    /// <summary>Compares two or more prepared samples, for example the chunks of a stream with each other.</summary>
    /// <param name="samples">The samples, 2 or more. Counts in the result are those of the first as the reference, and of all others together as the current sample.</param>
    /// <param name="midrank">Whether ties count by midranks. Default true.</param>
    /// <param name="permutations">How many permutations give the p-value, 0 to 10,000,000. Default 0: the table does.</param>
    /// <param name="random">Where permutations come from; null for <c>new Random(1)</c>.</param>
    /// <param name="cancellationToken">Ends the work before the next permutation.</param>
    /// <returns>T and its p-value; not computable when a sample has no value, there are fewer than 4 in all, or all are alike.</returns>
    /// <exception cref="ArgumentNullException">The list or a sample is null.</exception>
    /// <exception cref="ArgumentException">There are fewer than two samples.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of permutations is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        IReadOnlyList<Sample> samples, bool midrank = true, int permutations = 0, Random? random = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(samples);
        ArgumentOutOfRangeException.ThrowIfNegative(permutations);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(permutations, MostPermutations);
        if (samples.Count < 2)
            throw new ArgumentException("There is nothing to compare with fewer than two samples.", nameof(samples));
        foreach (Sample sample in samples)
            ArgumentNullException.ThrowIfNull(sample, nameof(samples));

        int[] counts = [.. samples.Select(sample => sample.Count)];
        long total = counts.Sum(count => (long)count);
        string ties = midrank ? "midranks" : "right-continuous distribution functions";
        TestResult result = new()
        {
            Method = "Anderson–Darling",
            Rule = $"{ties}, {(permutations > 0 ? $"{permutations} permutations" : "p by interpolation of critical values")}",
            ReferenceCount = counts[0],
            CurrentCount = total - counts[0],
            ReferenceMissing = samples[0].Missing,
            CurrentMissing = samples.Skip(1).Sum(sample => sample.Missing),
        };
        if (counts.Min() == 0)
            return result with { NotComputable = new NotComputable.TooFewValues(counts[0], counts[1..].Min(), 1) };
        if (total < 4)
            return result with { NotComputable = new NotComputable.BeyondLimit($"The deviation of the statistic is defined for 4 values or more in all; there are {total}.") };
        if (total > Array.MaxLength)
            return result with { NotComputable = new NotComputable.BeyondLimit($"The samples are merged in one array, which has room for {Array.MaxLength} values; there are {total}. Compare a part of them.") };
        if (samples.Min(sample => sample.Sorted[0]) == samples.Max(sample => sample.Sorted[^1]))
            return result with { NotComputable = new NotComputable.NoSpread("The pooled sample") };

        (double[] pooled, int[] labels) = Pool(samples, 0, samples.Count);
        double distance = Distance(pooled, labels, counts, midrank), statistic = (distance - (counts.Length - 1)) / Deviation(counts, total);
        if (permutations > 0)
        {
            double p = (1.0 + AtLeast(distance, pooled, labels, counts, midrank, permutations, random ?? new Random(Seed.Default), cancellationToken)) / (1.0 + permutations);
            return result with { Statistic = statistic, PValue = p, LogPValue = Math.Log(p) };
        }

        double interpolated = Interpolated(statistic, counts.Length - 1), clipped = Math.Clamp(interpolated, Levels[^1], Levels[0]);
        return result with
        {
            Statistic = statistic,
            PValue = clipped,
            LogPValue = Math.Log(clipped),
            Notes = interpolated > Levels[0] ? ["p is clipped: it is 0.25 or more, where the table of critical values begins."]
                : interpolated < Levels[^1] ? ["p is clipped: it is 0.001 or less, where the table of critical values ends. Permutations can go below."]
                : [],
        };
    }

    /// <summary>All values in ascending order, and of which sample each is.</summary>
    private static (double[] Values, int[] Labels) Pool(IReadOnlyList<Sample> samples, int from, int to)
    {
        if (to - from == 1)
        {
            int[] one = new int[samples[from].Count];
            Array.Fill(one, from);
            return (samples[from].Sorted.ToArray(), one);
        }

        int middle = (from + to) / 2, i = 0, j = 0;
        ((double[] left, int[] leftLabels), (double[] right, int[] rightLabels)) = (Pool(samples, from, middle), Pool(samples, middle, to));
        double[] values = new double[left.Length + right.Length];
        int[] labels = new int[values.Length];
        for (int at = 0; at < values.Length; at++)
        {
            if (j == right.Length || (i < left.Length && left[i] <= right[j]))
                (values[at], labels[at]) = (left[i], leftLabels[i++]);
            else
                (values[at], labels[at]) = (right[j], rightLabels[j++]);
        }

        return (values, labels);
    }

    /// <summary>A² of equations 6 and 7.</summary>
    private static double Distance(ReadOnlySpan<double> pooled, ReadOnlySpan<int> labels, ReadOnlySpan<int> counts, bool midrank)
    {
        Span<int> before = counts.Length <= 64 ? stackalloc int[counts.Length] : new int[counts.Length], here = counts.Length <= 64 ? stackalloc int[counts.Length] : new int[counts.Length];
        before.Clear();
        double total = pooled.Length, sum = 0;
        for (int start = 0, end; start < pooled.Length; start = end)
        {
            here.Clear();
            end = start;
            do
                here[labels[end++]]++;
            while (end < pooled.Length && pooled[end] == pooled[start]);

            // Twice N·M − B·n of the paper, a whole number; and the divisor in a form without differences.
            double alike = end - start, after = total - end, twicePooled = midrank ? start + end : 2.0 * end, squares = 0;
            for (int sample = 0; sample < counts.Length; sample++)
            {
                double twiceOwn = midrank ? (2.0 * before[sample]) + here[sample] : 2.0 * (before[sample] + here[sample]), twice = (total * twiceOwn) - (twicePooled * counts[sample]);
                squares += twice * twice / counts[sample];
                before[sample] += here[sample];
            }

            double divisor = midrank ? (start * after) + (alike * (start + after) / 4) : end * after;
            if (divisor > 0)
                sum += alike * squares / divisor;
        }

        return sum / (4 * total) * (midrank ? (total - 1) / total : 1);
    }

    private static int AtLeast(
        double distance, double[] pooled, int[] labels, int[] counts, bool midrank, int permutations, Random random, CancellationToken cancellationToken)
    {
        // Permutations that are mirror images have the same distance but for rounding, which must not decide between ≥ and <.
        double bound = distance * (1 - 1e-12);
        int atLeast = 0;
        for (int permutation = 0; permutation < permutations; permutation++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            random.Shuffle(labels);
            if (Distance(pooled, labels, counts, midrank) >= bound)
                atLeast++;
        }

        return atLeast;
    }

    /// <summary>σ of A², equation 4.</summary>
    private static double Deviation(int[] counts, double n)
    {
        // g = Σ_{i<j<N} 1 / ((N − i)j) is H⁽²⁾ − (2H − 1/N)/N by the generating function ln²(1 − x) / (1 − x), with H and H⁽²⁾ the sums of 1/i and 1/i² to N.
        double harmonic = 0, squares = 0;
        if (n < 200)
        {
            for (int i = 1; i <= n; i++)
                (harmonic, squares) = (harmonic + (1.0 / i), squares + (1.0 / i / i));
        }
        else
        {
            const double EulerGamma = 0.57721566490153286;
            double r = 1 / n, r2 = r * r;
            harmonic = Math.Log(n) + EulerGamma + (r / 2) - (r2 / 12 * (1 - (r2 / 10 * (1 - (r2 * 10 / 21)))));
            squares = (Math.PI * Math.PI / 6) - (r * (1 - (r / 2) + (r2 / 6 * (1 - (r2 / 5 * (1 - (r2 * 5 / 7)))))));
        }

        double h = harmonic - (1 / n), g = squares - (((2 * harmonic) - (1 / n)) / n), k = counts.Length, inverse = counts.Sum(count => 1.0 / count);
        double a = (((4 * g) - 6) * (k - 1)) + ((10 - (6 * g)) * inverse);
        double b = (((2 * g) - 4) * k * k) + (8 * h * k) + (((2 * g) - (14 * h) - 4) * inverse) - (8 * h) + (4 * g) - 6;
        double c = (((6 * h) + (2 * g) - 2) * k * k) + (((4 * h) - (4 * g) + 6) * k) + (((2 * h) - 6) * inverse) + (4 * h);
        double d = (((2 * h) + 6) * k * k) - (4 * h * k);
        return Math.Sqrt(((((((a * n) + b) * n) + c) * n) + d) / ((n - 1) * (n - 2) * (n - 3)));
    }

    /// <summary>The level of a statistic by the quadratic of least squares through the logarithms of the tabulated levels; beyond the table infinity or 0.</summary>
    private static double Interpolated(double statistic, double m)
    {
        Span<double> critical = stackalloc double[7], logs = stackalloc double[7];
        for (int i = 0; i < 7; i++)
            (critical[i], logs[i]) = (B0[i] + (B1[i] / Math.Sqrt(m)) + (B2[i] / m), Math.Log(Levels[i]));
        if (statistic < critical[0])
            return double.PositiveInfinity;
        if (statistic > critical[^1])
            return 0;

        // By polynomials that are orthogonal on the critical values: x and x² − αx − β about their mean.
        double mean = Descriptive.Mean(critical), s2 = 0, s3 = 0, y1 = 0;
        for (int i = 0; i < 7; i++)
        {
            double x = critical[i] - mean;
            (s2, s3, y1) = (s2 + (x * x), s3 + (x * x * x), y1 + (x * logs[i]));
        }

        double alpha = s3 / s2, beta = s2 / 7, p2 = 0, y2 = 0;
        for (int i = 0; i < 7; i++)
        {
            double x = critical[i] - mean, second = (x * x) - (alpha * x) - beta;
            (p2, y2) = (p2 + (second * second), y2 + (second * logs[i]));
        }

        double at = statistic - mean;
        return Math.Exp(Descriptive.Mean(logs) + (y1 / s2 * at) + (y2 / p2 * ((at * at) - (alpha * at) - beta)));
    }
}
