using System.Globalization;

namespace MLOps.Drift.Statistics;

/// <summary>Pearson's χ² test: do both samples have the same shares of categories?</summary>
/// <remarks>
/// <para>Statistic: χ² = Σ (O − E)² / E, 0 or more, infinite at most in <see cref="GoodnessOfFit"/>; each cell's contribution is its part of the sum. Cells that are empty on both sides do not count.</para>
/// <para>Not computable: a side without values; a side with more values than a long holds. Missing values are left out: compare their rate by <see cref="MissingRate"/>.</para>
/// <para>Safe for any number of threads. Source: Pearson (1900), Philosophical Magazine 50, 157–175; Yates (1934), Supplement to the JRSS 1, 217–235.</para>
/// </remarks>
public static class ChiSquared
{
    private const string Name = "χ²";

    /// <summary>Tests homogeneity: the reference and the current sample are both drawn by chance, as the rows of a table. This is the test for drift between two samples.</summary>
    /// <param name="cells">The counts.</param>
    /// <param name="yates">Whether to bring each |O − E| nearer to 0 by 0.5, at most to 0, when there are two categories and so 1 degree of freedom; with more it makes no difference. Default true.</param>
    /// <returns>
    /// χ², its p-value on (categories − 1) degrees of freedom, and Cramér's V, 0 to 1, of the uncorrected χ². One category alone on both sides gives 0 and p = 1. A note says where Cochran's rule
    /// doubts the p-value: then prefer <see cref="PermutationTest"/>.
    /// </returns>
    /// <remarks>Time goes by the number of cells. Agrees with scipy.stats.chi2_contingency 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/categorical.json.</remarks>
    public static TestResult Test(CellCounts cells, bool yates = true)
    {
        ContingencyTable table = new(cells);
        int freedom = table.DegreesOfFreedom;
        bool corrects = yates && freedom == 1;
        TestResult frame = table.Frame(Name, $"homogeneity of two samples, {Freedom(freedom)}{(corrects ? ", Yates' correction" : "")}");
        if (!frame.IsComputed)
            return frame;
        string advice = freedom == 1 ? "Prefer Fisher's exact test" : "Prefer the permutation test, or merge rare categories";
        return WithLaw(frame, table.Cells(cell => table.ChiSquared(cell, corrects ? 0.5 : 0)), freedom) with
        {
            EffectSize = table.CramersV(),
            EffectSizeName = Statistics.CramersV.Name,
            Notes = Notes(table.CochranNote(table.BothExpected, advice)),
        };
    }

    /// <summary>
    /// Tests homogeneity by permutations of the values over both samples: right also where counts are too small for the χ² law. Each draws how often each category falls to the reference
    /// from the multivariate hypergeometric law, which is what shuffling all values would give, in time that goes by the number of categories and not of values.
    /// </summary>
    /// <param name="cells">The counts.</param>
    /// <param name="permutations">How many permutations R, 1 to 10,000,000. The least p-value is 1 / (1 + R). Default 9,999.</param>
    /// <param name="random">Where the draws come from; null for <c>new Random(1)</c>, so that results repeat.</param>
    /// <param name="cancellationToken">Ends the work between permutations.</param>
    /// <returns>χ² without a correction, p = (1 + permutations with a χ² at least as great) / (1 + R), and Cramér's V.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The number of permutations is out of its range.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    /// <remarks>Not computable also: more than 2⁵³ values. Source of the p-value: Phipson and Smyth (2010), Statistical Applications in Genetics and Molecular Biology 9, article 39.</remarks>
    public static TestResult PermutationTest(CellCounts cells, int permutations = 9_999, Random? random = null, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfZero(permutations);
        TablePermutations.Check(permutations);
        ContingencyTable table = new(cells);
        TestResult frame = table.Frame(Name, string.Create(CultureInfo.InvariantCulture, $"homogeneity of two samples, {permutations:N0} permutations"));
        if (frame.IsComputed && table.Total > 1L << 53)
            frame = frame with { NotComputable = new NotComputable.BeyondLimit("Permutations are drawn for up to 2^53 values in all. So many follow the χ² law: use ChiSquared.Test.") };
        if (!frame.IsComputed)
            return frame;
        Cell[] contributions = table.Cells(cell => table.ChiSquared(cell, correction: 0));
        double statistic = Sum(contributions), limit = statistic * (1 - 1e-9), n = table.Reference, m = table.Current, total = table.Total;
        (Probability p, long extreme) = new TablePermutations(cells, random).Count(IsExtreme, permutations, cancellationToken);
        return frame with
        {
            Statistic = statistic,
            PValue = p.Value,
            LogPValue = p.Log,
            EffectSize = table.CramersV(),
            EffectSizeName = Statistics.CramersV.Name,
            Cells = contributions,
            Notes = Notes(extreme == 0 ? "No permutation was as extreme: the p-value is the least that so many can give." : null),
        };

        bool IsExtreme(ReadOnlySpan<long> drawn, ReadOnlySpan<long> sizes)
        {
            double sum = 0;
            for (int cell = 0; cell < sizes.Length; cell++)
            {
                double deviation = drawn[cell] - (n * (sizes[cell] / total));
                sum += deviation * deviation / sizes[cell];
            }

            return sum * total / n * (total / m) >= limit;
        }
    }

    /// <summary>
    /// Tests goodness of fit: the current sample against the reference's shares, as if these were known without error. That is right when the reference is a law or very much larger; between two
    /// samples it gives p-values that are too small. Several drift tools test so, and <see cref="Test"/> is the right test.
    /// </summary>
    /// <param name="cells">The counts.</param>
    /// <returns>χ² with E = reference count · m / n, its p-value, and Cohen's w, 0 or more. Where the current sample has a category that the reference has not, χ² and w are infinite and p is 0.</returns>
    /// <remarks>Time goes by the number of cells. Agrees with scipy.stats.chisquare 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/categorical.json.</remarks>
    public static TestResult GoodnessOfFit(CellCounts cells)
    {
        ContingencyTable table = new(cells);
        int freedom = table.DegreesOfFreedom;
        TestResult frame = table.Frame(Name, $"goodness of fit to the reference's shares, {Freedom(freedom)}");
        return frame.IsComputed ? Fit(frame, table, table.Cells(Contribution)) : frame;

        double Contribution(int cell)
        {
            double deviation = table.DeviationFromReference(cell);
            return deviation == 0 ? 0 : deviation * (deviation / table.ExpectedByReference(cell));
        }
    }

    internal static TestResult Fit(TestResult frame, ContingencyTable table, Cell[] contributions) =>
        WithLaw(frame, contributions, table.DegreesOfFreedom) with
        {
            EffectSize = table.CohensW(),
            EffectSizeName = "Cohen's w",
            Notes = Array.FindAll(contributions, cell => double.IsPositiveInfinity(cell.Contribution)) is [var first, ..] impossible
                ? [string.Create(CultureInfo.InvariantCulture, $"The reference has no value in {impossible.Length:N0} of the cells, first '{first.Name}', and by its shares the current sample could have none either.")]
                : Notes(table.CochranNote(cell => [table.ExpectedByReference(cell)], "Merge rare categories")),
        };

    /// <summary>The statistic is the sum of the contributions and follows the χ² law.</summary>
    internal static TestResult WithLaw(TestResult frame, Cell[] contributions, int freedom)
    {
        double statistic = Sum(contributions);
        Probability p = Law(statistic, freedom);
        return frame with { Statistic = statistic, PValue = p.Value, LogPValue = p.Log, Cells = contributions };
    }

    internal static Probability Law(double statistic, int freedom) =>
        freedom == 0 ? Probability.One : double.IsPositiveInfinity(statistic) ? Probability.FromLog(double.NegativeInfinity) : Tails.ChiSquaredUpper(statistic, freedom);

    internal static string Freedom(int degrees) => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(degrees, 0):N0} degree{(degrees == 1 ? "" : "s")} of freedom");

    internal static string[] Notes(string? note) => note is null ? [] : [note];

    private static double Sum(Cell[] cells)
    {
        double sum = 0;
        foreach (Cell cell in cells)
            sum += cell.Contribution;
        return sum;
    }
}
