namespace MLOps.Drift.Statistics;

/// <summary>
/// The Hellinger distance, H = √(½ Σ (√P − √Q)²) = √(1 − Σ √(P Q)) over the cells' shares P of the reference and Q of the current sample: a metric from 0 to 1, finite also where cells are empty, 1 where no cell is shared.
/// </summary>
/// <remarks>
/// <para>Without drift, 8 H² is (1/n + 1/m) χ² with B − 1 degrees of freedom, B the cells in which either side has a value: hence the p-value. 1 − H² is the Bhattacharyya coefficient.</para>
/// <para>The statistic is the effect size as well. Contributions are the terms ½ (√P − √Q)² of H², each 0 or more. Not computable where a side has no value in any cell.
/// Stateless, safe for any number of threads. Time: counting the current column.</para>
/// <para>Source: Hellinger (1909), Journal für die reine und angewandte Mathematik 136, 210–271; Pardo (2006), Statistical Inference Based on Divergence Measures, chapter 3.
/// Agrees with tests/MLOps.Drift.Tests/Vectors/cases/binned.json.</para>
/// </remarks>
public static class Hellinger
{
    private static readonly ShareDivergence Divergence = new("Hellinger", "Hellinger distance", 8, Term);

    /// <summary>Compares a column with a prepared reference.</summary>
    /// <param name="reference">The prepared reference.</param>
    /// <param name="current">The current values in any order; NaN is missing, and a cell of its own or left out as the reference was prepared for.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(BinnedReference reference, ReadOnlySpan<double> current)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return Test(reference.Compare(current));
    }

    /// <summary>The same for two columns: by ten quantile bins of the reference, values that hold a tenth of it or more in cells of their own, missing values in one more.</summary>
    /// <param name="reference">The reference in any order; a copy is sorted. NaN is missing.</param>
    /// <param name="current">The current values in any order.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(ReadOnlySpan<double> reference, ReadOnlySpan<double> current) => Test(BinnedReference.Of(reference), current);

    /// <summary>Compares counts, of bins or of categories.</summary>
    /// <param name="cells">The counts.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(CellCounts cells) => Divergence.Test(cells, zeroRule: null, root: true);

    /// <summary>The statistic of two rows of shares, or of weights that are divided by their sums.</summary>
    /// <param name="reference">The reference's share of each cell, 0 or more.</param>
    /// <param name="current">The current share of each cell, 0 or more; as many.</param>
    /// <returns>The distance, 0 to 1; NaN where a side is empty or sums to 0 or beyond a double, or holds a negative value or NaN.</returns>
    /// <exception cref="ArgumentException">There are not as many shares on both sides.</exception>
    public static double OfShares(ReadOnlySpan<double> reference, ReadOnlySpan<double> current) => Math.Sqrt(Divergence.OfShares(reference, current));

    private static double Term(double p, double q, double difference)
    {
        // √P − √Q by the difference of the shares, which has more digits than that of their roots.
        double root = difference / (Math.Sqrt(p) + Math.Sqrt(q));
        return root * root / 2;
    }
}
