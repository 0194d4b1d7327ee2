namespace MLOps.Drift.Statistics;

/// <summary>
/// The Jensen–Shannon distance, the square root of the divergence JSD = ½ Σ P ln(P / M) + ½ Σ Q ln(Q / M) with M = (P + Q) / 2: a metric, finite also where cells are empty, and the same in both directions.
/// </summary>
/// <remarks>
/// <para>The distance is 0 to 1 in bits, 0 to √ln 2 = 0.8326 in nats. Without drift, 8 JSD in nats is (1/n + 1/m) χ² with B − 1 degrees of freedom, B the cells in which either side has a value: hence the p-value.</para>
/// <para>The statistic is the distance, and the effect size as well; its square is the divergence. Contributions are the terms of the divergence in the same unit, each 0 or more. Not computable where a side has no value in any cell.
/// Stateless, safe for any number of threads. Time: counting the current column.</para>
/// <para>Source: Lin (1991), IEEE Transactions on Information Theory 37, 145–151; Endres and Schindelin (2003), ibid. 49, 1858–1860.
/// Agrees with <c>scipy.spatial.distance.jensenshannon</c> 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/binned.json.</para>
/// </remarks>
public static class JensenShannon
{
    private static readonly ShareDivergence Divergence = new("Jensen–Shannon", "Jensen–Shannon distance", 8, Term);

    /// <summary>Compares a column with a prepared reference.</summary>
    /// <param name="reference">The prepared reference.</param>
    /// <param name="current">The current values in any order; NaN is missing, and a cell of its own or left out as the reference was prepared for.</param>
    /// <param name="unit">The unit of the divergence. Default nats.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(BinnedReference reference, ReadOnlySpan<double> current, InformationUnit unit = InformationUnit.Nats)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return Test(reference.Compare(current), unit);
    }

    /// <summary>The same for two columns: by ten quantile bins of the reference, values that hold a tenth of it or more in cells of their own, missing values in one more.</summary>
    /// <param name="reference">The reference in any order; a copy is sorted. NaN is missing.</param>
    /// <param name="current">The current values in any order.</param>
    /// <param name="unit">The unit of the divergence.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, InformationUnit unit = InformationUnit.Nats) => Test(BinnedReference.Of(reference), current, unit);

    /// <summary>Compares counts, of bins or of categories.</summary>
    /// <param name="cells">The counts.</param>
    /// <param name="unit">The unit of the divergence.</param>
    /// <returns>The result.</returns>
    public static TestResult Test(CellCounts cells, InformationUnit unit = InformationUnit.Nats)
    {
        TestResult result = Divergence.Test(cells, zeroRule: null, unit.PerNat(), root: true);
        return unit == InformationUnit.Nats ? result : result with { Rule = $"{result.Rule}; in bits" };
    }

    /// <summary>The statistic of two rows of shares, or of weights that are divided by their sums.</summary>
    /// <param name="reference">The reference's share of each cell, 0 or more.</param>
    /// <param name="current">The current share of each cell, 0 or more; as many.</param>
    /// <param name="unit">The unit of the divergence.</param>
    /// <returns>The distance; NaN where a side is empty or sums to 0 or beyond a double, or holds a negative value or NaN.</returns>
    /// <exception cref="ArgumentException">There are not as many shares on both sides.</exception>
    public static double OfShares(ReadOnlySpan<double> reference, ReadOnlySpan<double> current, InformationUnit unit = InformationUnit.Nats) =>
        Math.Sqrt(Divergence.OfShares(reference, current) * unit.PerNat());

    /// <summary>With t = (Q − P) / (P + Q), M ½ ((1 + t) ln(1 + t) + (1 − t) ln(1 − t)).</summary>
    private static double Term(double p, double q, double difference)
    {
        double twice = p + q, t = difference / twice;
        if (Math.Abs(t) >= 0.5)
            return ((p == 0 ? 0 : p * Math.Log(2 * (p / twice))) + (q == 0 ? 0 : q * Math.Log(2 * (q / twice)))) / 2;

        // The logarithms all but cancel where shares are alike; the terms of t²/2 + t⁴/12 + t⁶/30 + … are all above 0.
        double square = t * t, power = square, sum = 0;
        for (int k = 1; ; k++, power *= square)
        {
            double next = sum + (power / (2 * k * ((2 * k) - 1)));
            if (next == sum)
                return twice / 2 * sum;
            sum = next;
        }
    }
}
