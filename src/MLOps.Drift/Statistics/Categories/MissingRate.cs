namespace MLOps.Drift.Statistics;

/// <summary>Compares how often values are missing. All other methods leave missing values out, so that a column that begins to fail shows here alone.</summary>
/// <remarks>
/// <para>Statistic: the difference of the rates, reference − current, −1 to 1: negative when more is missing now. Its p-value is that of <see cref="FisherExact"/>, exact for any counts. Effect size: Cohen's h of the rates, as in <see cref="ProportionZ"/>.</para>
/// <para>The counts of the result are all values, missing or not. Not computable: a side with no value at all; a side with more values than a long holds. Safe for any number of threads; the time is that of <see cref="FisherExact"/>.</para>
/// </remarks>
public static class MissingRate
{
    private const string Name = "missing rate";

    /// <summary>Compares two numeric columns.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current sample.</param>
    /// <param name="alternative"><see cref="Alternative.Greater"/>: more is missing in the reference; <see cref="Alternative.Less"/>: more is missing now.</param>
    /// <returns>The difference of the rates with its exact p-value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such alternative.</exception>
    public static TestResult Test(Sample reference, Sample current, Alternative alternative = Alternative.TwoSided)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);
        return Test(reference.Missing, reference.Count, current.Missing, current.Count, alternative);
    }

    /// <summary>Compares two columns of categories.</summary>
    /// <param name="reference">The reference.</param>
    /// <param name="current">The current sample.</param>
    /// <param name="alternative"><see cref="Alternative.Greater"/>: more is missing in the reference; <see cref="Alternative.Less"/>: more is missing now.</param>
    /// <returns>The difference of the rates with its exact p-value.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such alternative.</exception>
    public static TestResult Test(CategoryCounts reference, CategoryCounts current, Alternative alternative = Alternative.TwoSided)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(current);

        // A total that is null is beyond a long, with or without a missing value beside it.
        return Test(
            reference.Total is null ? Math.Max(reference.Missing, 1) : reference.Missing, reference.Total ?? long.MaxValue,
            current.Total is null ? Math.Max(current.Missing, 1) : current.Missing, current.Total ?? long.MaxValue, alternative);
    }

    private static TestResult Test(long referenceMissing, long referencePresent, long currentMissing, long currentPresent, Alternative alternative)
    {
        AlternativeGuard.Check(alternative);
        FourfoldTable table = FourfoldTable.Of(new CellCounts(["present", "missing"], [referencePresent, referenceMissing], [currentPresent, currentMissing]), success: 1);
        TestResult frame = table.Frame(Name, "missing against present, p of Fisher's exact test");
        if (!frame.IsComputed)
            return frame;
        Probability p = FisherExact.Exact(table, alternative);
        return frame with
        {
            Statistic = table.DifferenceOfShares,
            PValue = p.Value,
            LogPValue = p.Log,
            EffectSize = table.CohensH,
            EffectSizeName = "Cohen's h",
            Cells = table.Cells(),
        };
    }
}
