namespace MLOps.Drift.Statistics;

/// <summary>The G-test, or log-likelihood ratio test: do both samples have the same shares of categories? It asks what <see cref="ChiSquared"/> asks, and weighs cells by information.</summary>
/// <remarks>
/// <para>Statistic: G = 2 Σ O ln(O / E), 0 or more, infinite at most in <see cref="GoodnessOfFit"/>. A cell contributes 2 Σ (O ln(O / E) − O + E), which has the same sum and is 0 or more. Cells that are empty on both sides do not count.</para>
/// <para>Not computable: a side without values; a side with more values than a long holds. Missing values are left out.</para>
/// <para>Time goes by the number of cells. Safe for any number of threads. Source: Wilks (1938), Annals of Mathematical Statistics 9, 60–62; Sokal and Rohlf (1995), Biometry, chapter 17.</para>
/// </remarks>
public static class GTest
{
    private const string Name = "G-test";

    /// <summary>Tests homogeneity: the reference and the current sample are both drawn by chance.</summary>
    /// <param name="cells">The counts.</param>
    /// <returns>G, its p-value by the χ² law on (categories − 1) degrees of freedom, without Yates' correction, and Cramér's V, 0 to 1. One category alone on both sides gives 0 and p = 1.</returns>
    /// <remarks>Agrees with scipy.stats.chi2_contingency(lambda_="log-likelihood", correction=False) 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/categorical.json.</remarks>
    public static TestResult Test(CellCounts cells)
    {
        ContingencyTable table = new(cells);
        TestResult frame = table.Frame(Name, $"homogeneity of two samples, {ChiSquared.Freedom(table.DegreesOfFreedom)}");
        if (!frame.IsComputed)
            return frame;
        return ChiSquared.WithLaw(frame, table.Cells(Contribution), table.DegreesOfFreedom) with
        {
            EffectSize = table.CramersV(),
            EffectSizeName = CramersV.Name,
            Notes = ChiSquared.Notes(table.CochranNote(table.BothExpected, "Prefer a permutation test, or merge rare categories")),
        };

        double Contribution(int cell)
        {
            if (table.Size(cell) == 0)
                return 0;
            (double reference, double current) = table.Expected(cell);
            double deviation = table.Deviation(cell);
            return 2 * (Deviance.Of(cells.Reference[cell], reference, deviation) + Deviance.Of(cells.Current[cell], current, -deviation));
        }
    }

    /// <summary>Tests goodness of fit: the current sample against the reference's shares, as if these were known without error; see <see cref="ChiSquared.GoodnessOfFit"/> for when that is right.</summary>
    /// <param name="cells">The counts.</param>
    /// <returns>G with E = reference count · m / n, its p-value, and Cohen's w. Where the current sample has a category that the reference has not, G and w are infinite and p is 0.</returns>
    /// <remarks>Agrees with scipy.stats.power_divergence(lambda_="log-likelihood") 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/categorical.json.</remarks>
    public static TestResult GoodnessOfFit(CellCounts cells)
    {
        ContingencyTable table = new(cells);
        TestResult frame = table.Frame(Name, $"goodness of fit to the reference's shares, {ChiSquared.Freedom(table.DegreesOfFreedom)}");
        return frame.IsComputed ? ChiSquared.Fit(frame, table, table.Cells(Contribution)) : frame;

        double Contribution(int cell)
        {
            double expected = table.ExpectedByReference(cell);
            if (expected == 0)
                return cells.Current[cell] == 0 ? 0 : double.PositiveInfinity;
            return 2 * Deviance.Of(cells.Current[cell], expected, table.DeviationFromReference(cell));
        }
    }
}
