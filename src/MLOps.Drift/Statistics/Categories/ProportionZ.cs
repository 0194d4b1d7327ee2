namespace MLOps.Drift.Statistics;

/// <summary>The z-test of two proportions: is the share of a category, or the rate of an event, the same in both samples?</summary>
/// <remarks>
/// <para>Statistic: z = (p₁ − p₂) / √(p (1 − p) (1/n + 1/m)), with p of both samples together; positive when the reference's share is greater. 0 when no value or every value of both is a success. z² is χ² without a correction, and a cell's contribution is its part of that.</para>
/// <para>Effect size: Cohen's h = 2 arcsin √p₁ − 2 arcsin √p₂, −π to π, with the sign of z.</para>
/// <para>The normal law needs some successes and failures; below that <see cref="FisherExact"/> is right, and a note says so. Not computable: a side without values; a side with more values than a long holds; more than two cells when none is chosen.</para>
/// <para>Takes constant time after a pass over the cells. Safe for any number of threads. Source: Fleiss, Levin and Paik (2003), Statistical Methods for Rates and Proportions, chapter 3; Cohen (1988), Statistical Power Analysis, chapter 6.</para>
/// </remarks>
public static class ProportionZ
{
    private const string Name = "z-test of proportions";

    /// <summary>Tests the share of one cell against all others.</summary>
    /// <param name="cells">The counts.</param>
    /// <param name="alternative"><see cref="Alternative.Greater"/>: the share is greater in the reference.</param>
    /// <param name="success">The index of the cell whose share is compared. Null, the default: there are two cells at most, and it is the second, which is <c>True</c> beside <c>False</c> and <c>1</c> beside <c>0</c>.</param>
    /// <returns>z, its p-value, and Cohen's h.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such cell or alternative.</exception>
    public static TestResult Test(CellCounts cells, Alternative alternative = Alternative.TwoSided, int? success = null) =>
        Test(FourfoldTable.Of(cells, success), alternative);

    /// <summary>Tests two proportions that are known as counts.</summary>
    /// <param name="referenceSuccesses">How many values of the reference are successes, 0 to <paramref name="referenceCount"/>.</param>
    /// <param name="referenceCount">How many values the reference has.</param>
    /// <param name="currentSuccesses">How many values of the current sample are successes, 0 to <paramref name="currentCount"/>.</param>
    /// <param name="currentCount">How many values the current sample has.</param>
    /// <param name="alternative"><see cref="Alternative.Greater"/>: the share of successes is greater in the reference.</param>
    /// <returns>z, its p-value, and Cohen's h.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative, there are more successes than values, or there is no such alternative.</exception>
    /// <remarks>Agrees with statsmodels' pooled z-test as computed over scipy 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/categorical.json.</remarks>
    public static TestResult Test(long referenceSuccesses, long referenceCount, long currentSuccesses, long currentCount, Alternative alternative = Alternative.TwoSided) =>
        Test(FourfoldTable.Of(referenceSuccesses, referenceCount, currentSuccesses, currentCount), alternative);

    private static TestResult Test(FourfoldTable table, Alternative alternative)
    {
        AlternativeGuard.Check(alternative);
        TestResult frame = table.Frame(Name, "pooled variance, normal law");
        if (!frame.IsComputed)
            return frame;
        double cross = table.Cross;
        double z = cross == 0 ? 0 : cross / Math.Sqrt((double)table.Table.Reference * table.Table.Current * (table.Successes / table.Table.Total) * table.Failures);
        Probability p = alternative switch
        {
            Alternative.Greater => Tails.NormalUpper(z),
            Alternative.Less => Tails.NormalUpper(-z),
            _ => Tails.NormalTwoSided(z),
        };
        return frame with
        {
            Statistic = z,
            PValue = p.Value,
            LogPValue = p.Log,
            EffectSize = table.CohensH,
            EffectSizeName = "Cohen's h",
            Cells = table.Cells(),
            Notes = ChiSquared.Notes(table.Table.CochranNote(table.Table.BothExpected, "Prefer Fisher's exact test")),
        };
    }
}
