using System.Numerics;

namespace MLOps.Drift.Statistics;

/// <summary>The Cramér–von Mises test of two samples: how far apart their empirical distribution functions are, all along and not at one place only.</summary>
/// <remarks>
/// <para>Statistic: T = U / (nmN) − (4nm − 1) / (6N) with N = n + m and U = n Σ(rᵢ − i)² + m Σ(sⱼ − j)² of the midranks r and s that the sorted values have in the pooled sample; without ties
/// T = nm/N² Σ(F − G)² over the pooled values. It depends on the order of the values alone: infinities are fine. Effect size: T·N/(nm), without ties the mean of (F − G)² over the pooled values, 0 to about ⅓.</para>
/// <para>p-value, exact: the share of all ways to deal the pooled values, tied or not, out to the samples; asymptotic: the limiting law at 1/6 + (T − E) / √(45 V) with the mean E and variance V that T has without ties.
/// Neither loses digits in the tail.</para>
/// <para>Values that are NaN are left out and counted. One value a side is needed. Agrees with scipy.stats.cramervonmises_2samp 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/twosample.json, but for two things that the tests
/// prove: scipy's 1 − CDF has errors up to 1e-8 where p is small, and its exact p-value ignores ties. Stateless: safe for any number of threads.</para>
/// <para>Time, once the samples are sorted: n + m; the exact p-value up to 10 ms at 20 values a side. Source: Anderson (1962), Annals of Mathematical Statistics 33, 1148–1159.</para>
/// </remarks>
public static class CramerVonMises
{
    private const string Name = "Cramér–von Mises";
    private const int ExactMost = 20;

    /// <summary>Tests whether two samples come from one distribution.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current sample.</param>
    /// <param name="law">Which null law gives the p-value. Default: exact up to 20 values a side.</param>
    /// <returns>T, its p-value and the effect size. Not computable: <see cref="NotComputable.TooFewValues"/>, or <see cref="NotComputable.BeyondLimit"/> where an exact p-value is asked of more than 20 values a side.</returns>
    /// <exception cref="ArgumentNullException">A sample is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The law is no member of its enumeration.</exception>
    public static TestResult Test(Sample reference, Sample current, NullLaw law = NullLaw.Auto)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);
        if (law is < NullLaw.Auto or > NullLaw.Asymptotic)
            throw new ArgumentOutOfRangeException(nameof(law), law, "There is no such law.");
        int n = reference.Count, m = current.Count;
        TestResult result = new()
        {
            Method = Name,
            Rule = "none",
            ReferenceCount = n,
            CurrentCount = m,
            ReferenceMissing = reference.Missing,
            CurrentMissing = current.Missing,
        };
        if (n == 0 || m == 0)
            return result with { NotComputable = new NotComputable.TooFewValues(n, m, 1) };
        bool small = Math.Max(n, m) <= ExactMost, exact = law == NullLaw.Exact || (law == NullLaw.Auto && small);
        if (exact && !small)
            return result with { NotComputable = new NotComputable.BeyondLimit("The exact p-value is for 20 values a side at most. Use the asymptotic one.") };

        (BigInteger sum, List<int> ties) = Sum(reference.Sorted, current.Sorted, keepTies: exact);
        double statistic = Statistic(sum, n, m);
        Probability p = exact
            ? Probability.Of(CramerVonMisesPermutations.AtLeast(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(ties), n, m, (long)sum))
            : Asymptotic(statistic, n, m);
        return result with
        {
            Rule = exact ? "exact" : "asymptotic",
            Statistic = statistic,
            PValue = p.Value,
            LogPValue = p.Log,
            EffectSize = statistic * ((double)n + m) / ((double)n * m),
            EffectSizeName = "mean of (F − G)²",
            Notes = !exact && (reference.Distinct < n || current.Distinct < m) ? ["Some values are tied: the p-value, whose law is that of values that differ, is approximate."] : [],
        };
    }

    /// <summary>Sorts copies of two columns and tests whether they come from one distribution.</summary>
    /// <param name="reference">The reference, in any order; NaN is missing.</param>
    /// <param name="current">The current sample, in any order; NaN is missing.</param>
    /// <param name="law">Which null law gives the p-value. Default: exact up to 20 values a side.</param>
    /// <returns>As for prepared samples.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The law is no member of its enumeration.</exception>
    public static TestResult Test(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, NullLaw law = NullLaw.Auto) =>
        Test(Sample.Of(reference), Sample.Of(current), law);

    /// <summary>What values that are alike add to 4U, of which i and j smaller ones are in the samples and a and b are alike.</summary>
    internal static long TieSum(int i, int j, int a, int b, int n, int m) => (long)((n * (Int128)Squares(j, a, a + b)) + (m * (Int128)Squares(i, b, a + b)));

    /// <summary>4U, by whole numbers: T is a small difference of large ones.</summary>
    private static (BigInteger Sum, List<int> Ties) Sum(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, bool keepTies)
    {
        UInt128 ofReference = 0, ofCurrent = 0;
        List<int> ties = [];
        int i = 0, j = 0;
        while (i < reference.Length || j < current.Length)
        {
            double value = j == current.Length || (i < reference.Length && reference[i] <= current[j]) ? reference[i] : current[j];
            int a = Run(reference, i, value), b = Run(current, j, value);
            ofReference += Squares(j, a, a + b);
            ofCurrent += Squares(i, b, a + b);
            (i, j) = (i + a, j + b);
            if (keepTies)
                ties.Add(a + b);
        }

        return ((ofReference * (BigInteger)reference.Length) + (ofCurrent * (BigInteger)current.Length), ties);
    }

    private static int Run(ReadOnlySpan<double> sorted, int from, double value)
    {
        int to = from;
        while (to < sorted.Length && sorted[to] == value)
            to++;
        return to - from;
    }

    /// <summary>Σ(2r − 2k)² over a sample's values among those alike: their common rank is (alike + 1)/2 above the others' number plus their own.</summary>
    private static UInt128 Squares(int others, int own, int alike)
    {
        UInt128 sum = 0;
        for (int k = 1; k <= own; k++)
        {
            long twice = (2L * others) + alike + 1 - (2L * k);
            sum += (ulong)(twice * twice);
        }

        return sum;
    }

    private static double Statistic(BigInteger sum, long n, long m)
    {
        BigInteger product = (BigInteger)n * m, numerator = (6 * sum) - (4 * product * ((4 * product) - 1)), denominator = 24 * product * (n + m);

        // 2^80 keeps what a double has of any quotient that is not 0.
        return Math.ScaleB((double)((numerator << 80) / denominator), -80);
    }

    private static Probability Asymptotic(double statistic, double n, double m)
    {
        double total = n + m, mean = (1 + (1 / total)) / 6;
        double variance = (total + 1) / (total * total) * ((4 * total) - (3 * ((n / m) + (m / n))) - 2) / 180;

        // Of two values the statistic is always the same.
        return variance <= 0 ? Probability.One : CramerVonMisesDistribution.Upper((1.0 / 6) + ((statistic - mean) / Math.Sqrt(45 * variance)));
    }
}
