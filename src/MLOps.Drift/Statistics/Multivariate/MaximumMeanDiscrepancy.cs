using System.Globalization;
using System.Runtime.Intrinsics;

namespace MLOps.Drift.Statistics;

/// <summary>
/// The maximum mean discrepancy with a Gaussian kernel: how far apart the two samples' rows lie on average, seen as a whole, so that a change of dependence between columns shows which no test of
/// single columns sees. MMD² = E k(x, x′) + E k(y, y′) − 2 E k(x, y), with k(x, y) = exp(−γ ‖x − y‖²).
/// </summary>
/// <remarks>
/// <para>Rows with a missing value (NaN) are left out and counted. Infinite values: <see cref="NotComputable.InfiniteValues"/>. Pure and thread-safe, apart from the <see cref="Random"/> given.</para>
/// <para>Time (n + m)² × (columns + permutations / 4), spread over the cores; the kernel is computed once for all permutations and no matrix of all pairs is kept, so memory is that of the rows,
/// of one bit for each row and permutation, and of 16 MB for the bandwidth. The result does not depend on the number of threads; its last digits may differ between processor architectures.</para>
/// <para>Source: Gretton, Borgwardt, Rasch, Schölkopf and Smola (2012), JMLR 13, 723–773. Agrees with numpy on tests/MLOps.Drift.Tests/Vectors/cases/multivariate.json.</para>
/// </remarks>
public static class MaximumMeanDiscrepancy
{
    /// <summary>Compares two samples of rows.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current rows, with the same columns.</param>
    /// <param name="gamma">The kernel's γ = 1 / (2 σ²), above 0, in 1 / squared unit of the columns as compared. Default: 1 / the median of the squared distances between all rows of both sides, from 2,048 rows drawn at random when there are more.</param>
    /// <param name="standardise">Whether each column is first centred and scaled by the reference's mean and standard deviation (ddof 0); without that, columns of large numbers outvote the others. Default yes.</param>
    /// <param name="biased">Whether pairs of a row with itself count (the V-statistic, never negative); default is the unbiased U-statistic, which is 0 on average when nothing has changed and may be negative.</param>
    /// <param name="permutations">How many random splits the p-value is from, 0 (then there is none) to 10,000. The smallest p-value is 1 / (1 + permutations). Default 500.</param>
    /// <param name="mostRows">A side with more complete rows is represented by so many, drawn at random; 2 to 50,000. Default 5,000: about a second of one core.</param>
    /// <param name="random">Where splits and draws come from. Default: seed 1, so that equal input gives equal results.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>
    /// Statistic: MMD², −2 to 2 (biased: 0 to 2), without unit. P-value: (1 + splits with a statistic at least as large) / (1 + permutations), Phipson and Smyth (2010). Effect size: MMD = √max(0, MMD²).
    /// Needs two complete rows a side (biased: one), a column, and, for the default γ, two rows that differ.
    /// </returns>
    /// <exception cref="ArgumentException">The numbers of columns differ.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TestResult Test(
        FeatureMatrix reference, FeatureMatrix current, double? gamma = null, bool standardise = true, bool biased = false, int permutations = 500, int mostRows = 5_000,
        Random? random = null, CancellationToken cancellationToken = default)
    {
        FeatureMatrix.CheckColumns(reference, current);
        if (gamma is { } given && given is not (> 0 and < double.PositiveInfinity))
            throw new ArgumentOutOfRangeException(nameof(gamma), gamma, "γ is above 0 and finite.");
        RowPermutations.Check(permutations, mostRows);
        random ??= new Random(Seed.Default);

        TestResult result = new() { Method = "Maximum mean discrepancy", Rule = biased ? "biased estimate, Gaussian kernel" : "unbiased estimate, Gaussian kernel" };
        if (PairedRows.Of(reference, current, standardise, biased ? 1 : 2, mostRows, random, ref result) is not { } rows)
            return result;
        string bandwidth = "given";
        if (gamma is null)
        {
            double median = PairSums.MedianSquaredDistance(rows, random, out bandwidth);
            if (median == 0)
                return result with { NotComputable = new NotComputable.NoSpread("The pooled sample") };
            gamma = 1 / median;
            bandwidth = $"1 / {bandwidth}";
            if (!(gamma is > 0 and < double.PositiveInfinity))
                return result with { NotComputable = new NotComputable.Overflow("The median of squared distances") };
        }

        long n = rows.Reference, m = rows.Current;
        PairSums.Split[] splits = PairSums.Of(rows, new GaussianKernel(gamma.Value), permutations, random, cancellationToken);
        result = RowPermutations.Result(result, splits, Statistic) with { EffectSizeName = "MMD" };
        return result with
        {
            Rule = string.Create(CultureInfo.InvariantCulture, $"{result.Rule}, γ = {gamma.Value:G6} ({bandwidth})"),
            EffectSize = Math.Sqrt(Math.Max(0, result.Statistic)),
        };

        double Statistic(PairSums.Split split) => biased
            ? (((2 * split.WithinReference) + n) / n / n) + (((2 * split.WithinCurrent) + m) / m / m) - (2 * split.Between / n / m)
            : (2 * split.WithinReference / n / (n - 1)) + (2 * split.WithinCurrent / m / (m - 1)) - (2 * split.Between / n / m);
    }

    private readonly struct GaussianKernel(double gamma) : IPairKernel
    {
        private readonly Vector256<double> _minusGamma = Vector256.Create(-gamma);

        public Vector256<double> Of(Vector256<double> squaredDistance) => Vector256.Exp(_minusGamma * squaredDistance);
    }
}
