namespace MLOps.Drift.Statistics;

/// <summary>The Mann–Whitney U test (Wilcoxon's rank sum): whether values of one sample tend to be greater than those of the other.</summary>
/// <remarks>
/// <para>U is the number of pairs in which the reference has the greater value, equal ones counted half: 0 to nm. The effect size is the rank-biserial correlation 2U / nm − 1: −1 when every value of the
/// reference is below every current one, 0 when neither side wins more pairs, 1 when all are above; (1 + r) / 2 is the chance that a value of the reference beats a current one.</para>
/// <para>The test sees shifts; samples of one middle but different spread it takes for alike. Ranks alone matter: infinities are values, units and outliers do not count. NaN is missing: left out and counted.</para>
/// <para>Exact: the number of orders for each U by the generating function ∏ (1 − q^(m+i)) / (1 − q^i), in time min(n, m)·min(U, nm − U) and 8 bytes for each U; within 1e-14 of whole-number counts, with a
/// logarithm where p underflows. Asymptotic: z = (U − nm/2 − ½) / s with s² = nm/12·(N + 1 − Σ(t³ − t) / (N(N − 1))) over ties of t values, in one pass over prepared samples.
/// Stateless and safe for any number of threads.</para>
/// <para>Sources: Mann and Whitney (1947), Ann. Math. Stat. 18, 50–60; Andrews (1976), The Theory of Partitions, chapter 3; Kerby (2014), Compr. Psychol. 3, 1. Agrees with scipy.stats.mannwhitneyu 1.10.1 on
/// tests/MLOps.Drift.Tests/Vectors/cases/twosample.json.</para>
/// </remarks>
public static class MannWhitney
{
    private const int ExactValues = 8;
    private const double AutoWork = 2e8;
    private const double MostWork = 1e10;
    private const long MostCounts = 1 << 27;

    /// <summary>Compares two prepared samples.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current sample.</param>
    /// <param name="alternative">Which differences count: <see cref="Alternative.Greater"/> when the reference tends to have the greater values. Default both.</param>
    /// <param name="law">By which law of U. Default exact for small samples without ties, otherwise asymptotic.</param>
    /// <param name="continuity">Whether the asymptotic law brings U half a pair nearer to its mean. Default true.</param>
    /// <param name="cancellationToken">Ends the counting of the exact law.</param>
    /// <returns>U, its p-value and the rank-biserial correlation; where all values of both samples are alike, p is 1. Not computable when a side has no value, or the exact law is asked for and needs more than 10¹⁰ additions or 1 GiB.</returns>
    /// <exception cref="ArgumentNullException">A sample is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such alternative or law.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        Sample reference, Sample current, Alternative alternative = Alternative.TwoSided, NullLaw law = NullLaw.Auto, bool continuity = true,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);
        if (!Enum.IsDefined(alternative))
            throw new ArgumentOutOfRangeException(nameof(alternative), alternative, "There is no such alternative.");
        if (!Enum.IsDefined(law))
            throw new ArgumentOutOfRangeException(nameof(law), law, "There is no such law.");

        long n = reference.Count, m = current.Count, pairs = n * m;
        string direction = alternative switch { Alternative.Greater => ", reference greater", Alternative.Less => ", reference less", _ => ", two-sided" };
        TestResult result = new()
        {
            Method = "Mann–Whitney U",
            Rule = (law == NullLaw.Exact ? "exact" : "asymptotic") + direction,
            EffectSizeName = "rank-biserial correlation",
            ReferenceCount = n,
            CurrentCount = m,
            ReferenceMissing = reference.Missing,
            CurrentMissing = current.Missing,
        };
        if (pairs == 0)
            return result with { NotComputable = new NotComputable.TooFewValues(n, m, 1) };

        (long twiceU, Int128 ties) = Count(reference.Sorted, current.Sorted);
        result = result with { Statistic = twiceU / 2.0, EffectSize = (twiceU - pairs) / (double)pairs };

        // What counts as extreme is a large number of pairs won: by the reference, by the current sample, or by the one that wins more.
        long twiceWon = alternative switch { Alternative.Greater => twiceU, Alternative.Less => (2 * pairs) - twiceU, _ => Math.Max(twiceU, (2 * pairs) - twiceU) };
        long atMost = pairs - (twiceWon / 2), counted = Math.Min(atMost, pairs - atMost - 1);
        double work = (double)Math.Min(n, m) * (counted + 1);
        if (law == NullLaw.Exact || (law == NullLaw.Auto && Math.Min(n, m) <= ExactValues && ties == 0 && work <= AutoWork))
        {
            if (work > MostWork || counted >= MostCounts)
                return result with { Statistic = double.NaN, EffectSize = double.NaN, NotComputable = new NotComputable.BeyondLimit($"The exact law of U for {n} and {m} values takes too long to count. Use the asymptotic one, which is as good for so many.") };
            Probability lower = AtMost(Math.Min(n, m), Math.Max(n, m), counted, cancellationToken);
            Probability exact = counted == atMost ? lower : Probability.OneMinus(lower.Value);
            return Finish(exact, "exact" + direction, ties == 0 ? [] : ["There are ties, which the exact law of U does not know; the asymptotic one does."]);
        }

        // In whole numbers, so that samples of one value have no variance at all, not a rounded one.
        Int128 total = n + m, untied = (total * total * total) - total - ties;
        if (untied == 0)
            return Finish(Probability.One, "all values alike" + direction, []);
        double deviation = Math.Sqrt(n * (double)m / 12 * ((double)untied / (double)(total * (total - 1))));
        double z = (twiceWon - pairs - (continuity ? 1 : 0)) / (2 * deviation);
        return Finish(Tails.NormalUpper(z), (continuity ? "asymptotic with continuity correction" : "asymptotic") + (ties == 0 ? "" : ", variance corrected for ties") + direction, []);

        TestResult Finish(Probability upper, string rule, IReadOnlyList<string> notes)
        {
            Probability p = alternative == Alternative.TwoSided ? upper.Doubled() : upper;
            return result with { PValue = p.Value, LogPValue = p.Log, Rule = rule, Notes = notes };
        }
    }

    /// <summary>Compares two columns; sorts a copy of each.</summary>
    /// <param name="reference">The reference in any order; NaN is missing.</param>
    /// <param name="current">The current sample in any order; NaN is missing.</param>
    /// <param name="alternative">Which differences count: <see cref="Alternative.Greater"/> when the reference tends to have the greater values. Default both.</param>
    /// <param name="law">By which law of U. Default exact for small samples without ties, otherwise asymptotic.</param>
    /// <param name="continuity">Whether the asymptotic law brings U half a pair nearer to its mean. Default true.</param>
    /// <param name="cancellationToken">Ends the counting of the exact law.</param>
    /// <returns>U, its p-value and the rank-biserial correlation; where all values of both samples are alike, p is 1. Not computable when a side has no value, or the exact law is asked for and needs more than 10¹⁰ additions or 1 GiB.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such alternative or law.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        ReadOnlySpan<double> reference, ReadOnlySpan<double> current, Alternative alternative = Alternative.TwoSided, NullLaw law = NullLaw.Auto, bool continuity = true,
        CancellationToken cancellationToken = default) => Test(Sample.Of(reference), Sample.Of(current), alternative, law, continuity, cancellationToken);

    /// <summary>2U, and the sum of t³ − t over the ties.</summary>
    private static (long TwiceU, Int128 Ties) Count(ReadOnlySpan<double> reference, ReadOnlySpan<double> current)
    {
        long twiceU = 0;
        Int128 ties = 0;
        int i = 0, j = 0;
        while (i < reference.Length)
        {
            double value = reference[i];
            while (j < current.Length && current[j] < value)
                Pass(current, ref j, ref ties);
            int first = i, below = j;
            while (i < reference.Length && reference[i] == value)
                i++;
            while (j < current.Length && current[j] == value)
                j++;
            twiceU += (i - first) * ((long)below + j);
            Add(ref ties, (long)i - first + j - below);
        }

        while (j < current.Length)
            Pass(current, ref j, ref ties);
        return (twiceU, ties);

        static void Pass(ReadOnlySpan<double> sorted, ref int at, ref Int128 ties)
        {
            int first = at++;
            while (at < sorted.Length && sorted[at] == sorted[first])
                at++;
            Add(ref ties, at - first);
        }

        static void Add(ref Int128 ties, long alike)
        {
            if (alike > 1)
                ties += ((Int128)alike * alike * alike) - alike;
        }
    }

    /// <summary>P(U ≤ u) for u below half of nm.</summary>
    private static Probability AtMost(long n, long m, long u, CancellationToken cancellationToken)
    {
        if (u < 0)
            return Probability.Zero;

        // After step i the counts are those of i against m values. They grow as binomials do; a shared power of two keeps them in range. What it makes vanish is 1e-300 of the largest.
        const double Large = 1e250;
        const int Shift = 800;
        double[] counts = new double[u + 1];
        counts[0] = 1;
        double orders = 1;
        long countsShift = 0, ordersShift = 0;
        for (long i = 1; i <= n; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (long k = i; k <= u; k++)
                counts[k] += counts[k - i];
            for (long k = u; k >= m + i; k--)
                counts[k] -= counts[k - m - i];
            orders *= (m + i) / (double)i;
            if (orders > Large)
            {
                orders = Math.ScaleB(orders, -Shift);
                ordersShift += Shift;
            }

            if (counts[Math.Min(u, i * m / 2)] > Large)
            {
                foreach (ref double count in counts.AsSpan())
                    count = Math.ScaleB(count, -Shift);
                countsShift += Shift;
            }
        }

        double sum = 0;
        foreach (double count in counts)
            sum += count;
        double ratio = sum / orders;
        int shift = (int)(countsShift - ordersShift);
        return new Probability(Math.ScaleB(ratio, shift), Math.Log(ratio) + (shift * Math.Log(2)));
    }
}
