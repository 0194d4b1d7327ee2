namespace MLOps.Drift.Statistics;

/// <summary>
/// The Kullback–Leibler divergence of the reference from the current sample, KL = Σ P ln(P / Q) over the cells' shares P of the reference and Q of the current sample: what it costs to take the current shares
/// for the reference's. 0 or more; not the same in the other direction, for which the sides are exchanged.
/// </summary>
/// <remarks>
/// <para>It is +∞, a legal statistic without a p-value, where a cell of the reference is empty on the current side. A <see cref="ZeroRule"/> makes it finite; shares are then divided by their sums, since the divergence
/// is defined, and 0 or more, for shares alone that are 1 together.</para>
/// <para>Without drift, 2 KL in nats is (1/n + 1/m) χ² with B − 1 degrees of freedom, B the cells in which either side has a value: hence the p-value.</para>
/// <para>The statistic is the effect size as well. Contributions are the terms of the sum, negative where the current share is the larger one. Not computable where a side has no value in any cell.
/// Stateless, safe for any number of threads. Time: counting the current column.</para>
/// <para>Source: Kullback and Leibler (1951), Annals of Mathematical Statistics 22, 79–86. Agrees with <c>scipy.stats.entropy(p, q)</c> 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/binned.json.</para>
/// </remarks>
public static class KullbackLeibler
{
    private static readonly ShareDivergence Divergence = new(
        "Kullback–Leibler", "Kullback–Leibler divergence", 2, (p, q, difference) => p == 0 ? 0 : -p * Shares.LogRatio(p, q, difference), Renormalised: true);

    /// <summary>Compares a column with a prepared reference.</summary>
    /// <param name="reference">The prepared reference.</param>
    /// <param name="current">The current values in any order; NaN is missing, and a cell of its own or left out as the reference was prepared for.</param>
    /// <param name="zeroRule">What stands for an empty cell. Default <see cref="ZeroRule.Keep"/>: it stays empty.</param>
    /// <param name="unit">The unit of the divergence. Default nats.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(BinnedReference reference, ReadOnlySpan<double> current, ZeroRule? zeroRule = null, InformationUnit unit = InformationUnit.Nats)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return Test(reference.Compare(current), zeroRule, unit);
    }

    /// <summary>The same for two columns: by ten quantile bins of the reference, values that hold a tenth of it or more in cells of their own, missing values in one more.</summary>
    /// <param name="reference">The reference in any order; a copy is sorted. NaN is missing.</param>
    /// <param name="current">The current values in any order.</param>
    /// <param name="zeroRule">What stands for an empty cell. Default <see cref="ZeroRule.Keep"/>: it stays empty.</param>
    /// <param name="unit">The unit of the divergence.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, ZeroRule? zeroRule = null, InformationUnit unit = InformationUnit.Nats) =>
        Test(BinnedReference.Of(reference), current, zeroRule, unit);

    /// <summary>Compares counts, of bins or of categories.</summary>
    /// <param name="cells">The counts.</param>
    /// <param name="zeroRule">What stands for an empty cell. Default <see cref="ZeroRule.Keep"/>: it stays empty.</param>
    /// <param name="unit">The unit of the divergence.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(CellCounts cells, ZeroRule? zeroRule = null, InformationUnit unit = InformationUnit.Nats)
    {
        TestResult result = Divergence.Test(cells, zeroRule ?? new ZeroRule.Keep(), unit.PerNat());
        return unit == InformationUnit.Nats ? result : result with { Rule = $"{result.Rule}; in bits" };
    }

    /// <summary>The statistic of two rows of shares, or of weights that are divided by their sums.</summary>
    /// <param name="reference">The reference's share of each cell, 0 or more.</param>
    /// <param name="current">The current share of each cell, 0 or more; as many.</param>
    /// <param name="zeroRule">What stands for an empty cell. Default <see cref="ZeroRule.Keep"/>: it stays empty.</param>
    /// <param name="unit">The unit of the divergence.</param>
    /// <returns>The divergence, 0 to ∞; NaN where a side is empty or sums to 0 or beyond a double, or holds a negative value or NaN.</returns>
    /// <exception cref="ArgumentException">There are not as many shares on both sides.</exception>
    public static double OfShares(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, ZeroRule? zeroRule = null, InformationUnit unit = InformationUnit.Nats) =>
        Divergence.OfShares(reference, current, zeroRule) * unit.PerNat();
}
