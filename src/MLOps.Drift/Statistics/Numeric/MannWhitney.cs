namespace MLOps.Drift.Statistics;

/// <summary>The Mann–Whitney U test (Wilcoxon's rank sum): whether values of one sample tend to be greater than those of the other.</summary>
/// <remarks>
/// <para>U is the number of pairs in which the reference has the greater value, equal ones counted half: 0 to nm. The effect size is the rank-biserial correlation 2U / nm − 1: −1 when every value of the
/// reference is below every current one, 0 when neither side wins more pairs, 1 when all are above; (1 + r) / 2 is the chance that a value of the reference beats a current one.</para>
/// <para>The test sees shifts; samples of one middle but different spread it takes for alike. Ranks alone matter: infinities are values, units and outliers do not count. NaN is missing: left out and counted.</para>
/// <para>Exact: the number of orders for each U by the generating function ∏ (1 − q^(m+i)) / (1 − q^i) in whole numbers, so that p is right to the last digit, with a logarithm where it
/// underflows; time min(n, m)·min(U, nm − U) additions of as many words as the number of orders has, about a second for 500 values against 500. Asymptotic: z = (U − nm/2 − ½) / s with
/// s² = nm/12·(N + 1 − Σ(t³ − t) / (N(N − 1))) over ties of t values, in one pass over prepared samples. Stateless and safe for any number of threads.</para>
/// <para>Sources: Mann and Whitney (1947), Ann. Math. Stat. 18, 50–60; Andrews (1976), The Theory of Partitions, chapter 3; Kerby (2014), Compr. Psychol. 3, 1. Agrees with scipy.stats.mannwhitneyu 1.10.1 on
/// tests/MLOps.Drift.Tests/Vectors/cases/twosample.json.</para>
/// </remarks>
public static class MannWhitney
{
    private const int ExactValues = 8;
    private const double AutoWords = 2e8;
    private const double MostWords = 5e9;
    private const double AutoHeld = 1 << 24;
    private const double MostHeld = 1 << 27;

    /// <summary>Compares two prepared samples.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current sample.</param>
    /// <param name="alternative">Which differences count: <see cref="Alternative.Greater"/> when the reference tends to have the greater values. Default both.</param>
    /// <param name="law">By which law of U. Default exact for small samples without ties, otherwise asymptotic.</param>
    /// <param name="continuity">Whether the asymptotic law brings U half a pair nearer to its mean. Default true.</param>
    /// <param name="cancellationToken">Ends the counting of the exact law.</param>
    /// <returns>U, its p-value and the rank-biserial correlation; where all values of both samples are alike, p is 1. Not computable when a side has no value, or the exact law is asked for and needs more than 5·10⁹ additions or 1 GiB.</returns>
    /// <exception cref="ArgumentNullException">A sample is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such alternative or law.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        Sample reference, Sample current, Alternative alternative = Alternative.TwoSided, NullLaw law = NullLaw.Auto, bool continuity = true,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);
        AlternativeGuard.Check(alternative);
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
        if (law == NullLaw.Exact || (law == NullLaw.Auto && Math.Min(n, m) <= ExactValues && ties == 0))
        {
            (double added, double held) = MannWhitneyLaw.Cost(n, m, counted);
            bool isAsked = law == NullLaw.Exact, isTooMuch = isAsked ? added > MostWords || held > MostHeld : added > AutoWords || held > AutoHeld;
            if (isTooMuch && isAsked)
                return result with { Statistic = double.NaN, EffectSize = double.NaN, NotComputable = new NotComputable.BeyondLimit($"The exact law of U for {n} and {m} values takes too long to count. Use the asymptotic one, which is as good for so many.") };
            if (!isTooMuch)
                return Exact(MannWhitneyLaw.AtMost(n, m, counted, cancellationToken));
        }

        double deviation = Deviation(n, m, ties);
        if (deviation == 0)
            return Finish(Probability.One, "all values alike" + direction, []);
        double z = (twiceWon - pairs - (continuity ? 1 : 0)) / (2 * deviation);
        return Finish(Tails.NormalUpper(z), (continuity ? "asymptotic with continuity correction" : "asymptotic") + (ties == 0 ? "" : ", variance corrected for ties") + direction, []);

        TestResult Exact(Probability lower) => Finish(
            counted == atMost ? lower : Probability.OneMinus(lower.Value), "exact" + direction,
            ties == 0 ? [] : ["There are ties, which the exact law of U does not know; the asymptotic one does."]);

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
    /// <returns>U, its p-value and the rank-biserial correlation; where all values of both samples are alike, p is 1. Not computable when a side has no value, or the exact law is asked for and needs more than 5·10⁹ additions or 1 GiB.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such alternative or law.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        ReadOnlySpan<double> reference, ReadOnlySpan<double> current, Alternative alternative = Alternative.TwoSided, NullLaw law = NullLaw.Auto, bool continuity = true,
        CancellationToken cancellationToken = default) => Test(Sample.Of(reference), Sample.Of(current), alternative, law, continuity, cancellationToken);

    /// <summary>The standard deviation of U when nothing has changed; 0 when all values are alike.</summary>
    internal static double Deviation(long n, long m, Int128 ties)
    {
        // In whole numbers, so that samples of one value have no variance at all, not a rounded one.
        Int128 total = n + m, untied = (total * total * total) - total - ties;
        return untied == 0 ? 0 : Math.Sqrt(n * (double)m / 12 * ((double)untied / (double)(total * (total - 1))));
    }

    /// <summary>2U of sorted samples, and the sum of t³ − t over the ties.</summary>
    internal static (long TwiceU, Int128 Ties) Count(ReadOnlySpan<double> reference, ReadOnlySpan<double> current)
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
}
