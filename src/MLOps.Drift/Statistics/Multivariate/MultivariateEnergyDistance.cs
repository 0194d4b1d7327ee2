using System.Runtime.Intrinsics;

namespace MLOps.Drift.Statistics;

/// <summary>
/// The energy distance between two samples of rows: 2 E‖X − Y‖ − E‖X − X′‖ − E‖Y − Y′‖, 0 only when the two have one distribution. It has no bandwidth to choose, and sees changes of any kind,
/// those of location best.
/// </summary>
/// <remarks>
/// <para>Rows with a missing value (NaN) are left out and counted. Infinite values: <see cref="NotComputable.InfiniteValues"/>. Pure and thread-safe, apart from the <see cref="Random"/> given.
/// Time and memory: as of <see cref="MaximumMeanDiscrepancy"/>, less the bandwidth.</para>
/// <para>Source: Székely and Rizzo (2013), Energy statistics, J. Statist. Plann. Inference 143, 1249–1272. Agrees with numpy on tests/MLOps.Drift.Tests/Vectors/cases/multivariate.json.</para>
/// </remarks>
public static class MultivariateEnergyDistance
{
    /// <summary>Compares two samples of rows.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current rows, with the same columns.</param>
    /// <param name="standardise">Whether each column is first centred and scaled by the reference's mean and standard deviation (ddof 0). Default yes; without, the statistic is in the columns' unit.</param>
    /// <param name="permutations">How many random splits the p-value is from, 0 (then there is none) to 10,000. Default 500.</param>
    /// <param name="mostRows">A side with more complete rows is represented by so many, drawn at random; 2 to 50,000. Default 5,000.</param>
    /// <param name="random">Where splits and draws come from. Default: seed 1.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>
    /// Statistic: the energy distance of the empirical distributions (the V-statistic, pairs of a row with itself count), 0 or more up to rounding; some texts take its square root.
    /// P-value: (1 + splits with a statistic at least as large) / (1 + permutations). Effect size: the coefficient of inhomogeneity H = statistic / (2 E‖X − Y‖), 0 to 1.
    /// Needs a complete row a side, a column, and two rows that differ.
    /// </returns>
    /// <exception cref="ArgumentException">The numbers of columns differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        FeatureMatrix reference, FeatureMatrix current, bool standardise = true, int permutations = 500, int mostRows = 5_000, Random? random = null, CancellationToken cancellationToken = default)
    {
        FeatureMatrix.CheckColumns(reference, current);
        RowPermutations.Check(permutations, mostRows);
        random ??= new Random(Seed.Default);

        TestResult result = new() { Method = "Energy distance of rows", Rule = "Euclidean distance" };
        if (PairedRows.Of(reference, current, standardise, 1, mostRows, random, ref result) is not { } rows)
            return result;
        double n = rows.Reference, m = rows.Current;
        PairSums.Split[] splits = PairSums.Of(rows, default(Distance), permutations, random, cancellationToken);
        if (splits[0] == default)
            return result with { NotComputable = new NotComputable.NoSpread("The pooled sample") };
        result = RowPermutations.Result(result, splits, Statistic);
        double between = 2 * splits[0].Between / n / m;
        return result with { EffectSizeName = "coefficient of inhomogeneity", EffectSize = result.IsComputed ? Math.Clamp(result.Statistic / between, 0, 1) : double.NaN };

        double Statistic(PairSums.Split split) => (2 * split.Between / n / m) - (2 * split.WithinReference / n / n) - (2 * split.WithinCurrent / m / m);
    }

    private readonly struct Distance : IPairKernel
    {
        public Vector256<double> Of(Vector256<double> squaredDistance) => Vector256.Sqrt(squaredDistance);
    }
}
