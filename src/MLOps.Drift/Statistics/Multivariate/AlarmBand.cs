namespace MLOps.Drift.Statistics;

/// <summary>The values that a statistic takes as long as nothing has changed; what lies outside is an alarm.</summary>
/// <param name="Lower">The least of them.</param>
/// <param name="Upper">The greatest of them.</param>
public readonly record struct AlarmBand(double Lower, double Upper)
{
    /// <summary>Whether a value lies outside.</summary>
    /// <param name="value">The value.</param>
    /// <returns>True below <see cref="Lower"/> or above <see cref="Upper"/>; false where one of the three is NaN, which nothing can be said of.</returns>
    public bool Alarms(double value) => value < Lower || value > Upper;
}
