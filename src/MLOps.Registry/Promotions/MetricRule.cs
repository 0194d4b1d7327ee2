namespace MLOps.Registry.Promotions;

/// <summary>A rule on one metric. A metric that is missing or NaN breaks it.</summary>
/// <param name="Metric">The metric's key.</param>
public sealed record MetricRule(string Metric)
{
    /// <summary>The least value; null when there is none.</summary>
    public double? AtLeast { get; init; }

    /// <summary>The greatest value; null when there is none.</summary>
    public double? AtMost { get; init; }

    /// <summary>Whether it must not be worse than that of the version that is there now, by more than <see cref="Tolerance"/>. Holds when there is none, or when that one lacks the metric. Default: no.</summary>
    public bool NotWorseThanChampion { get; init; }

    /// <summary>Whether more is better; it matters for <see cref="NotWorseThanChampion"/>. Default: yes.</summary>
    public bool HigherIsBetter { get; init; } = true;

    /// <summary>By how much it may be worse, in the metric's unit; at least 0. Default: 0.</summary>
    public double Tolerance { get; init; }
}
