using System.Globalization;

namespace MLOps.Drift.Statistics;

/// <summary>The p-values of distances of shares, by permutations.</summary>
internal static class CellPermutation
{
    public const int DefaultPermutations = 999;

    private const long MostValues = 1L << 31;

    /// <summary>Whether the largest difference of a cell is the statistic, or the sum of all.</summary>
    public static TestResult WithP(this TestResult result, CellCounts cells, bool largest, int permutations, Random? random, CancellationToken cancellationToken)
    {
        long n = cells.ReferenceTotal!.Value, m = cells.CurrentTotal!.Value;
        if (permutations == 0)
            return result with { Notes = ["There is no p-value, since no permutations were asked for."] };
        if (n > MostValues - m)
            return result with { Notes = ["There is no p-value: permutations are drawn of 2,147,483,648 values at most."] };
        long[] sizes = new long[cells.Names.Count];
        for (int cell = 0; cell < sizes.Length; cell++)
            sizes[cell] = cells.Reference[cell] + cells.Current[cell];
        long observed = Statistic(cells.Reference, sizes, n, n + m, largest);
        (Probability p, _) = new TablePermutations(cells, random)
            .Count((drawn, sizes) => Statistic(drawn, sizes, n, n + m, largest) >= observed, permutations, cancellationToken);
        return result with { PValue = p.Value, LogPValue = p.Log, Rule = string.Create(CultureInfo.InvariantCulture, $"{result.Rule}; {permutations:N0} permutations") };
    }

    /// <summary>n m times the difference of the shares, in whole numbers: equal statistics are equal, whatever the order of the sum.</summary>
    private static long Statistic(ReadOnlySpan<long> reference, ReadOnlySpan<long> sizes, long n, long all, bool largest)
    {
        long statistic = 0;
        for (int cell = 0; cell < reference.Length; cell++)
        {
            // a m − b n = a (n + m) − (a + b) n; below 2⁶², and the sum at most 2 n m < 2⁶².
            long difference = Math.Abs((reference[cell] * all) - (sizes[cell] * n));
            statistic = largest ? Math.Max(statistic, difference) : statistic + difference;
        }

        return statistic;
    }
}
