namespace MLOps.Drift.Statistics;

/// <summary>
/// The population stability index, PSI = Σ (Q − P) ln(Q / P) over the cells' shares P of the reference and Q of the current sample: the Kullback–Leibler divergence in both directions, 0 or more, in nats.
/// </summary>
/// <remarks>
/// <para>Its customary thresholds, 0.1 and 0.25, ignore the size of the samples. Without any drift, PSI is (1/n + 1/m) χ² with B − 1 degrees of freedom: 0.09 on average for 10 cells and 200 values a side.
/// Hence the p-value, and <see cref="Threshold"/>. B counts the cells in which either side has a value.</para>
/// <para>An empty cell has an infinite logarithm: a <see cref="ZeroRule"/> says what stands for it, and decides what it adds. The same data has another PSI by other bins or another rule, so that
/// <see cref="TestResult.Rule"/> names both.</para>
/// <para>The statistic is the effect size as well. Contributions are the terms of the sum. Not computable where a side has no value in any cell. Stateless, safe for any number of threads. Time: counting the current column.</para>
/// <para>Source: Kullback (1959), Information Theory and Statistics, chapter 6; Yurdakul (2018), Statistical Properties of Population Stability Index.
/// Agrees with tests/MLOps.Drift.Tests/Vectors/cases/binned.json by all of its seven rules for empty cells.</para>
/// </remarks>
public static class PopulationStability
{
    private static readonly ShareDivergence Divergence = new("Population stability index", "PSI", 1, (p, q, difference) => difference * Shares.LogRatio(p, q, difference));

    /// <summary>Compares a column with a prepared reference.</summary>
    /// <param name="reference">The prepared reference.</param>
    /// <param name="current">The current values in any order; NaN is missing, and a cell of its own or left out as the reference was prepared for.</param>
    /// <param name="zeroRule">What stands for an empty cell. Default <see cref="ZeroRule.Default"/>, a share of 0.0001.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(BinnedReference reference, ReadOnlySpan<double> current, ZeroRule? zeroRule = null)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return Test(reference.Compare(current), zeroRule);
    }

    /// <summary>The same for two columns: by ten quantile bins of the reference, values that hold a tenth of it or more in cells of their own, missing values in one more.</summary>
    /// <param name="reference">The reference in any order; a copy is sorted. NaN is missing.</param>
    /// <param name="current">The current values in any order.</param>
    /// <param name="zeroRule">What stands for an empty cell.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, ZeroRule? zeroRule = null) => Test(BinnedReference.Of(reference), current, zeroRule);

    /// <summary>Compares counts, of bins or of categories.</summary>
    /// <param name="cells">The counts.</param>
    /// <param name="zeroRule">What stands for an empty cell.</param>
    /// <returns>The result; +∞ without a p-value where one side of a cell is empty and the rule is <see cref="ZeroRule.Keep"/>.</returns>
    public static TestResult Test(CellCounts cells, ZeroRule? zeroRule = null) => Divergence.Test(cells, zeroRule ?? ZeroRule.Default);

    /// <summary>The statistic of two rows of shares, or of weights that are divided by their sums.</summary>
    /// <param name="reference">The reference's share of each cell, 0 or more.</param>
    /// <param name="current">The current share of each cell, 0 or more; as many.</param>
    /// <param name="zeroRule">What stands for an empty cell; a pseudo-count is added to the weights as they are given.</param>
    /// <returns>PSI, 0 to ∞; NaN where a side is empty or sums to 0 or beyond a double, or holds a negative value or NaN.</returns>
    /// <exception cref="ArgumentException">There are not as many shares on both sides.</exception>
    public static double OfShares(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, ZeroRule? zeroRule = null) => Divergence.OfShares(reference, current, zeroRule ?? ZeroRule.Default);

    /// <summary>The PSI that samples of these sizes exceed by chance alone with a given probability: (1/n + 1/m) times the upper quantile of χ² with B − 1 degrees of freedom.</summary>
    /// <param name="cells">B, how many cells, at least 1.</param>
    /// <param name="referenceCount">n, at least 1.</param>
    /// <param name="currentCount">m, at least 1.</param>
    /// <param name="alpha">The probability of a false alarm, 0 to 1 exclusive. Default 0.05.</param>
    /// <returns>The threshold; 0 for one cell.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    /// <remarks>The law is one of large samples; it is rough where cells expect fewer than 5 values.</remarks>
    public static double Threshold(int cells, long referenceCount, long currentCount, double alpha = 0.05)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cells, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(referenceCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(currentCount, 1);
        if (alpha is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(alpha), alpha, "A probability of false alarms is between 0 and 1, for example 0.05.");
        return cells == 1 ? 0 : ((1.0 / referenceCount) + (1.0 / currentCount)) * Tails.ChiSquaredUpperQuantile(alpha, cells - 1);
    }
}
