namespace MLOps.Drift.Statistics;

/// <summary>Cramér's V: how strongly the categories' shares differ between the samples, apart from how many values there are.</summary>
/// <remarks>
/// <para>Statistic: V = √(χ² / N) for the two samples' table, 0 when the shares are equal to 1 when no category occurs on both sides. The largest V that two samples can have falls below 1 when one is much larger.</para>
/// <para>Not computable: a side without values; a side with more values than a long holds. Missing values are left out.</para>
/// <para>Time goes by the number of cells. Safe for any number of threads. Source: Cramér (1946), Mathematical Methods of Statistics, p. 282; Bergsma (2013), Journal of the Korean Statistical Society 42, 323–328.</para>
/// </remarks>
public static class CramersV
{
    internal const string Name = "Cramér's V";

    /// <summary>Measures the difference.</summary>
    /// <param name="cells">The counts.</param>
    /// <param name="biasCorrected">
    /// Whether to take off what chance alone gives to V in small samples with many categories, by Bergsma: φ̃² = max(0, χ²/N − (r − 1)(c − 1)/(N − 1)) over the lesser of r̃ − 1 and c̃ − 1, where
    /// r̃ = r − (r − 1)²/(N − 1) for r = 2 samples and c̃ likewise for c categories. Default false.
    /// </param>
    /// <returns>V, which is the effect size as well, with the p-value of χ² without a correction; each cell's contribution is its part of χ².</returns>
    /// <remarks>Agrees with the formulas over scipy 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/categorical.json.</remarks>
    public static TestResult Test(CellCounts cells, bool biasCorrected = false)
    {
        ContingencyTable table = new(cells);
        TestResult frame = table.Frame(Name, $"{(biasCorrected ? "corrected for bias" : "plain")}; p of χ² with {ChiSquared.Freedom(table.DegreesOfFreedom)}");
        if (!frame.IsComputed)
            return frame;
        double v = biasCorrected ? Corrected(table.ChiSquared(), table.Total, table.Filled) : table.CramersV();
        return ChiSquared.WithLaw(frame, table.Cells(cell => table.ChiSquared(cell, correction: 0)), table.DegreesOfFreedom) with
        {
            Statistic = v,
            EffectSize = v,
            EffectSizeName = Name,
            Notes = ChiSquared.Notes(table.CochranNote(table.BothExpected, "Trust V more than p")),
        };
    }

    private static double Corrected(double chiSquared, double total, int categories)
    {
        double last = categories - 1.0, others = total - 1;
        double association = (chiSquared / total) - (last / others);
        double most = Math.Min(1 - (1 / others), last - (last * last / others));
        return association > 0 && most > 0 ? Math.Min(Math.Sqrt(association / most), 1) : 0;
    }
}
