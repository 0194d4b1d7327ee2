namespace MLOps.Drift.Statistics;

/// <summary>Fisher's exact test: is the share of a category, or the rate of an event, the same in both samples? Exact for any counts, however few, given the margins of the fourfold table.</summary>
/// <remarks>
/// <para>Statistic: the reference's successes, whose hypergeometric law gives the p-value: one-sided the probability of at least, or at most, so many; two-sided the sum of the probabilities of all tables
/// that are not more probable than this one, up to a rounding of 1e-12. A cell's contribution is its part of χ² without a correction.</para>
/// <para>Effect size: the odds ratio of the sample, the odds of a success in the reference over those in the current sample, 0 to ∞. It has no value, and p is 1, when no value or every value of both samples is a success.</para>
/// <para>Not computable: a side without values; a side with more values than a long holds; more than two cells when none is chosen.</para>
/// <para>Time goes by the standard deviation of the count until the tail is integrated, not summed: under a millisecond for any counts. The logarithm of p is right far below the range of a double. Safe for any number of threads.</para>
/// <para>Source: Fisher (1935), Journal of the Royal Statistical Society 98, 39–82. Agrees with scipy.stats.fisher_exact 1.10.1 on tests/MLOps.Drift.Tests/Vectors/cases/categorical.json; there, successes are in the first column.</para>
/// </remarks>
public static class FisherExact
{
    private const string Name = "Fisher's exact test";

    /// <summary>Tests the share of one cell against all others.</summary>
    /// <param name="cells">The counts.</param>
    /// <param name="alternative"><see cref="Alternative.Greater"/>: the share is greater in the reference, the odds ratio over 1.</param>
    /// <param name="success">The index of the cell whose share is compared. Null, the default: there are two cells at most, and it is the second, which is <c>True</c> beside <c>False</c> and <c>1</c> beside <c>0</c>.</param>
    /// <returns>The reference's successes, the exact p-value, and the odds ratio.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such cell or alternative.</exception>
    public static TestResult Test(CellCounts cells, Alternative alternative = Alternative.TwoSided, int? success = null) =>
        Test(FourfoldTable.Of(cells, success), alternative);

    /// <summary>Tests two rates that are known as counts.</summary>
    /// <param name="referenceSuccesses">How many values of the reference are successes, 0 to <paramref name="referenceCount"/>.</param>
    /// <param name="referenceCount">How many values the reference has.</param>
    /// <param name="currentSuccesses">How many values of the current sample are successes, 0 to <paramref name="currentCount"/>.</param>
    /// <param name="currentCount">How many values the current sample has.</param>
    /// <param name="alternative"><see cref="Alternative.Greater"/>: the share of successes is greater in the reference, the odds ratio over 1.</param>
    /// <returns>The reference's successes, the exact p-value, and the odds ratio.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A count is negative, there are more successes than values, or there is no such alternative.</exception>
    public static TestResult Test(long referenceSuccesses, long referenceCount, long currentSuccesses, long currentCount, Alternative alternative = Alternative.TwoSided) =>
        Test(FourfoldTable.Of(referenceSuccesses, referenceCount, currentSuccesses, currentCount), alternative);

    internal static Probability Exact(FourfoldTable table, Alternative alternative)
    {
        if (table.Successes == 0 || table.Failures == 0)
            return Probability.One;
        Hypergeometric law = new(table.ReferenceSuccesses, table.ReferenceFailures, table.CurrentSuccesses, table.CurrentFailures);
        return alternative switch
        {
            Alternative.Greater => law.Tail(0, 1),
            Alternative.Less => law.Tail(0, -1),
            _ => law.NotMoreProbable(),
        };
    }

    private static TestResult Test(FourfoldTable table, Alternative alternative)
    {
        AlternativeGuard.Check(alternative);
        TestResult frame = table.Frame(Name, "hypergeometric law, exact");
        if (!frame.IsComputed)
            return frame;
        Probability p = Exact(table, alternative);
        return frame with
        {
            Statistic = table.ReferenceSuccesses,
            PValue = p.Value,
            LogPValue = p.Log,
            EffectSize = table.OddsRatio,
            EffectSizeName = "odds ratio",
            Cells = table.Cells(),
            Notes = double.IsNaN(table.OddsRatio) ? ["One outcome alone on both sides: there is no odds ratio, and nothing that could differ."] : [],
        };
    }
}
