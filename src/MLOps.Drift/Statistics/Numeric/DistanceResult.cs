namespace MLOps.Drift.Statistics;

/// <summary>What the results of distances between samples have in common.</summary>
internal static class DistanceResult
{
    /// <summary>Evidently's: a reference that hardly varies does not make every difference infinite.</summary>
    private const double LeastDeviation = 0.001;

    public static double Floored(double deviation) => Math.Max(deviation, LeastDeviation);

    /// <summary>Counts, and the reason where there will be no distance.</summary>
    public static TestResult Start(string method, Sample reference, Sample current, DistanceUnit unit)
    {
        if (unit is < DistanceUnit.Values or > DistanceUnit.ReferenceDeviation)
            throw new ArgumentOutOfRangeException(nameof(unit), unit, "No such unit.");
        return new TestResult
        {
            Method = method,
            Rule = unit == DistanceUnit.Values ? "in the unit of the values" : "in standard deviations of the reference, 0.001 at least",
            ReferenceCount = reference.Count,
            CurrentCount = current.Count,
            ReferenceMissing = reference.Missing,
            CurrentMissing = current.Missing,
            NotComputable = reference.Count == 0 || current.Count == 0 ? new NotComputable.TooFewValues(reference.Count, current.Count, 1)
                : reference.Infinite + (long)current.Infinite > 0 ? new NotComputable.InfiniteValues(reference.Infinite, current.Infinite)
                : null,
        };
    }

    public static TestResult Complete(TestResult result, double distance, double effect, string effectName, double statistic)
    {
        if (!double.IsFinite(distance) || !double.IsFinite(statistic))
            return result with { NotComputable = new NotComputable.Overflow("The distance") };
        return result with
        {
            Statistic = statistic,
            EffectSize = double.IsFinite(effect) ? effect : double.NaN,
            EffectSizeName = effectName,
            Notes = double.IsFinite(effect) ? [] : ["The reference has no spread, or next to none: there is no effect size."],
        };
    }
}
