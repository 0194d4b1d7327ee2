using System.Runtime.InteropServices;

namespace MLOps.Drift.Statistics;

/// <summary>Permutation tests on counts: where both samples come from one distribution, which of the pooled values went to the reference is chance, so that its counts are a multivariate hypergeometric draw.</summary>
internal static class CellPermutation
{
    public const int DefaultRounds = 999;
    public const int DefaultSeed = 1;

    private const long MostValues = 1L << 31;
    private const int MostRounds = 10_000_000;

    /// <summary>Whether the largest difference of a cell is the statistic, or the sum of all.</summary>
    public static TestResult WithP(this TestResult result, CellCounts cells, bool largest, int rounds, Random? random, CancellationToken cancellationToken)
    {
        long n = cells.ReferenceTotal!.Value, m = cells.CurrentTotal!.Value;
        if (rounds == 0)
            return result with { Notes = ["There is no p-value, since no permutations were asked for."] };
        if (n > MostValues - m)
            return result with { Notes = ["There is no p-value: permutations are drawn of 2,147,483,648 values at most."] };
        random ??= new Random(DefaultSeed);
        long[] pooled = new long[cells.Names.Count];
        for (int cell = 0; cell < pooled.Length; cell++)
            pooled[cell] = cells.Reference[cell] + cells.Current[cell];
        long observed = Statistic(cells.Reference, pooled, n, n + m, largest);
        long[] drawn = new long[pooled.Length];
        long atLeast = 0, sinceAsked = 0;
        for (int round = 0; round < rounds; round++)
        {
            if ((sinceAsked += pooled.Length) >= 10_000)
            {
                cancellationToken.ThrowIfCancellationRequested();
                sinceAsked = 0;
            }

            long marked = n, all = n + m;
            for (int cell = 0; cell < pooled.Length; cell++)
            {
                // Of all that are left, those of this cell are the marked ones, and the reference draws what it still needs.
                drawn[cell] = HypergeometricDraws.Draw(random, pooled[cell], all - pooled[cell], marked);
                marked -= drawn[cell];
                all -= pooled[cell];
            }

            if (Statistic(drawn, pooled, n, n + m, largest) >= observed)
                atLeast++;
        }

        Probability p = Probability.Of((1.0 + atLeast) / (1.0 + rounds));
        return result with { PValue = p.Value, LogPValue = p.Log, Rule = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{result.Rule}; p of {rounds} permutations") };
    }

    public static void CheckRounds(int rounds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rounds);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rounds, MostRounds);
    }

    /// <summary>n m times the difference of the shares, in whole numbers: equal statistics are equal, whatever the order of the sum.</summary>
    private static long Statistic(ReadOnlySpan<long> reference, ReadOnlySpan<long> pooled, long n, long all, bool largest)
    {
        long statistic = 0;
        for (int cell = 0; cell < reference.Length; cell++)
        {
            // a m − b n = a (n + m) − (a + b) n; below 2⁶², and the sum at most 2 n m < 2⁶².
            long difference = Math.Abs((reference[cell] * all) - (pooled[cell] * n));
            statistic = largest ? Math.Max(statistic, difference) : statistic + difference;
        }

        return statistic;
    }
}
