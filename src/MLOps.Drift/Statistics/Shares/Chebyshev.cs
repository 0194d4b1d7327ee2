namespace MLOps.Drift.Statistics;

/// <summary>
/// The Chebyshev distance, L∞ = max |P − Q| over the cells' shares P of the reference and Q of the current sample: by how much the share of the one cell has changed that has changed most. A metric from 0 to 1.
/// </summary>
/// <remarks>
/// <para>The p-value is one of permutations, (1 + those at least as far apart) / (1 + all): which of the pooled values went to the reference is drawn anew, in constant time a cell whatever the number of values,
/// and compared in whole numbers. It needs no large samples. Up to 2,147,483,648 values together; none beyond.</para>
/// <para>What TFDV, SageMaker Model Monitor and Vertex AI call the L-infinity distance of categories.</para>
/// <para>The statistic is the effect size as well. Contributions are |P − Q| of each cell; the largest is the statistic. Not computable where a side has no value in any cell.
/// Stateless, safe for any number of threads. Time: counting the current column, and permutations × cells.</para>
/// <para>Source: Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, article 39, on the p-value. Agrees with tests/MLOps.Drift.Tests/Vectors/cases/binned.json.</para>
/// </remarks>
public static class Chebyshev
{
    /// <summary>Compares a column with a prepared reference.</summary>
    /// <param name="reference">The prepared reference.</param>
    /// <param name="current">The current values in any order; NaN is missing, and a cell of its own or left out as the reference was prepared for.</param>
    /// <param name="permutations">How many permutations the p-value is made of, 0 to 10,000,000; 0 for none. Default 999, which gives no p-value below 0.001.</param>
    /// <param name="random">Where the permutations come from. Default: seed 1, so that a result is repeatable.</param>
    /// <param name="cancellationToken">Ends the permutations.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of permutations is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(BinnedReference reference, ReadOnlySpan<double> current, int permutations = CellPermutation.DefaultPermutations, Random? random = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reference);
        return Test(reference.Compare(current), permutations, random, cancellationToken);
    }

    /// <summary>The same for two columns: by ten quantile bins of the reference, values that hold a tenth of it or more in cells of their own, missing values in one more.</summary>
    /// <param name="reference">The reference in any order; a copy is sorted. NaN is missing.</param>
    /// <param name="current">The current values in any order.</param>
    /// <param name="permutations">How many permutations the p-value is made of; 0 for none.</param>
    /// <param name="random">Where the permutations come from. Default: seed 1.</param>
    /// <param name="cancellationToken">Ends the permutations.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of permutations is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        ReadOnlySpan<double> reference, ReadOnlySpan<double> current, int permutations = CellPermutation.DefaultPermutations, Random? random = null, CancellationToken cancellationToken = default) =>
        Test(BinnedReference.Of(reference), current, permutations, random, cancellationToken);

    /// <summary>Compares counts, of bins or of categories.</summary>
    /// <param name="cells">The counts.</param>
    /// <param name="permutations">How many permutations the p-value is made of; 0 for none.</param>
    /// <param name="random">Where the permutations come from. Default: seed 1.</param>
    /// <param name="cancellationToken">Ends the permutations.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of permutations is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(CellCounts cells, int permutations = CellPermutation.DefaultPermutations, Random? random = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(cells);
        TablePermutations.Check(permutations);
        TestResult result = CellResult.Begin("Chebyshev distance", cells);
        if (!result.IsComputed)
            return result;
        double[] contributions = Contributions(Shares.Of(cells, new ZeroRule.Keep()));
        return result.With(cells, Statistic(contributions), contributions, "L∞")
            .WithP(cells, largest: true, permutations, random, cancellationToken);
    }

    /// <summary>The statistic of two rows of shares, or of weights that are divided by their sums.</summary>
    /// <param name="reference">The reference's share of each cell, 0 or more.</param>
    /// <param name="current">The current share of each cell, 0 or more; as many.</param>
    /// <returns>The distance, 0 to 1; NaN where a side is empty or sums to 0 or beyond a double, or holds a negative value or NaN.</returns>
    /// <exception cref="ArgumentException">There are not as many shares on both sides.</exception>
    public static double OfShares(ReadOnlySpan<double> reference, ReadOnlySpan<double> current) =>
        Shares.OfWeights(reference, current, new ZeroRule.Keep()) is { } shares ? Statistic(Contributions(shares)) : double.NaN;

    private static double Statistic(double[] contributions) => contributions.Max();

    private static double[] Contributions(Shares shares) => [.. shares.Difference.Select(difference => Math.Abs(difference))];
}
