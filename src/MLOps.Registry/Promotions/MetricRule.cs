using System.Globalization;

namespace MLOps.Registry.Promotions;

/// <summary>A rule on one metric. A metric that is missing or NaN breaks it. A rule asks for at least one of a least value, a greatest value and a comparison.</summary>
/// <param name="Metric">The metric's key.</param>
public sealed record MetricRule(string Metric)
{
    /// <summary>The least value, itself included; finite. Null when there is none.</summary>
    public double? AtLeast { get; init; }

    /// <summary>The greatest value, itself included; finite. Null when there is none.</summary>
    public double? AtMost { get; init; }

    /// <summary>Whether it must not be worse than that of the version that is there now, by more than <see cref="Tolerance"/>. Holds when there is none, or when that one lacks the metric or has NaN. Default: no.</summary>
    public bool NotWorseThanChampion { get; init; }

    /// <summary>Whether more is better; it matters for <see cref="NotWorseThanChampion"/>. Default: yes.</summary>
    public bool HigherIsBetter { get; init; } = true;

    /// <summary>By how much it may be worse, in the metric's unit; finite and at least 0. Default: 0.</summary>
    public double Tolerance { get; init; }

    /// <summary>What is wrong with the rule; null when nothing is.</summary>
    internal string? Error =>
        Limits.KeyError(Metric) is { } error ? error
        : AtLeast is { } least && !double.IsFinite(least) ? Wrong("asks for at least", least, "which is not finite")
        : AtMost is { } most && !double.IsFinite(most) ? Wrong("asks for at most", most, "which is not finite")
        : AtLeast > AtMost ? Wrong("asks for at least", AtLeast.Value, $"and for at most {Text(AtMost.Value)}, which is less")
        : !double.IsFinite(Tolerance) || Tolerance < 0 ? Wrong("tolerates", Tolerance, "which is not a finite number of at least 0")
        : AtLeast is null && AtMost is null && !NotWorseThanChampion ? $"The rule on metric '{Metric}' asks for nothing. Set AtLeast, AtMost or NotWorseThanChampion."
        : null;

    /// <summary>Says how a version breaks the rule.</summary>
    /// <param name="metrics">The version's metrics.</param>
    /// <param name="champion">Those of the version that is there now; null when there is none.</param>
    /// <returns>Sentences; none when it holds.</returns>
    internal IEnumerable<string> Failures(IReadOnlyDictionary<string, double> metrics, IReadOnlyDictionary<string, double>? champion)
    {
        if (!metrics.TryGetValue(Metric, out double value))
        {
            yield return $"Metric '{Metric}' is missing.";
            yield break;
        }

        if (double.IsNaN(value))
        {
            yield return $"Metric '{Metric}' is NaN.";
            yield break;
        }

        if (value < AtLeast)
            yield return $"Metric '{Metric}' is {Text(value)}; it must be at least {Text(AtLeast.Value)}.";
        if (value > AtMost)
            yield return $"Metric '{Metric}' is {Text(value)}; it must be at most {Text(AtMost.Value)}.";

        // Of the champion a metric that is missing and one that is NaN say the same: nothing to compare with.
        if (NotWorseThanChampion && champion?.TryGetValue(Metric, out double there) == true && (HigherIsBetter ? value < there - Tolerance : value > there + Tolerance))
            yield return $"Metric '{Metric}' is {Text(value)}; the version that is there now has {Text(there)}, and it must not be {(HigherIsBetter ? "less" : "more")} by more than {Text(Tolerance)}.";
    }

    private static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private string Wrong(string asks, double value, string why) => $"The rule on metric '{Metric}' {asks} {Text(value)}, {why}.";
}
