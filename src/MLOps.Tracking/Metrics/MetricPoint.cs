namespace MLOps.Tracking;

/// <summary>One value of a metric.</summary>
/// <param name="Step">The step, any 64-bit integer; 0 when the metric has no steps.</param>
/// <param name="TimestampMs">When, in milliseconds since 1970-01-01 UTC; 0 or more.</param>
/// <param name="Value">The value; NaN and infinities are kept, −0.0 becomes 0.0 in a store.</param>
/// <remarks>Points that are equal in all three (NaN equal to NaN) are one point, as in MLflow.</remarks>
public readonly record struct MetricPoint(long Step, long TimestampMs, double Value) : IComparable<MetricPoint>
{
    /// <summary>The time as a date.</summary>
    public DateTimeOffset At => DateTimeOffset.FromUnixTimeMilliseconds(TimestampMs);

    /// <summary>Orders by step, then timestamp, then value; NaN comes after every number. This is the order of a stored series.</summary>
    /// <param name="other">The point to compare with.</param>
    /// <returns>Less than, equal to or greater than zero.</returns>
    public int CompareTo(MetricPoint other)
    {
        int order = Step.CompareTo(other.Step);
        if (order == 0)
            order = TimestampMs.CompareTo(other.TimestampMs);
        if (order != 0)
            return order;
        bool thisNaN = double.IsNaN(Value), otherNaN = double.IsNaN(other.Value);
        return thisNaN || otherNaN ? thisNaN.CompareTo(otherNaN) : Value.CompareTo(other.Value);
    }

    /// <summary>Whether this point is later than another by MLflow's rule for "latest": by step, then timestamp, then value with NaN as 0.</summary>
    /// <param name="other">The point to compare with.</param>
    /// <returns>True when this point replaces <paramref name="other"/> as the latest.</returns>
    public bool IsLaterThan(MetricPoint other)
    {
        if (Step != other.Step)
            return Step > other.Step;
        if (TimestampMs != other.TimestampMs)
            return TimestampMs > other.TimestampMs;
        double mine = double.IsNaN(Value) ? 0 : Value, others = double.IsNaN(other.Value) ? 0 : other.Value;
        // A tie between NaN and 0 is broken the same way in every store: the number wins.
        return mine > others || (mine == others && double.IsNaN(other.Value) && !double.IsNaN(Value));
    }

    /// <summary>Whether <paramref name="left"/> comes before <paramref name="right"/> in a stored series.</summary>
    /// <param name="left">A point.</param>
    /// <param name="right">A point.</param>
    /// <returns>The result of the comparison.</returns>
    public static bool operator <(MetricPoint left, MetricPoint right) => left.CompareTo(right) < 0;

    /// <summary>Whether <paramref name="left"/> comes after <paramref name="right"/> in a stored series.</summary>
    /// <param name="left">A point.</param>
    /// <param name="right">A point.</param>
    /// <returns>The result of the comparison.</returns>
    public static bool operator >(MetricPoint left, MetricPoint right) => left.CompareTo(right) > 0;

    /// <summary>Whether <paramref name="left"/> does not come after <paramref name="right"/> in a stored series.</summary>
    /// <param name="left">A point.</param>
    /// <param name="right">A point.</param>
    /// <returns>The result of the comparison.</returns>
    public static bool operator <=(MetricPoint left, MetricPoint right) => left.CompareTo(right) <= 0;

    /// <summary>Whether <paramref name="left"/> does not come before <paramref name="right"/> in a stored series.</summary>
    /// <param name="left">A point.</param>
    /// <param name="right">A point.</param>
    /// <returns>The result of the comparison.</returns>
    public static bool operator >=(MetricPoint left, MetricPoint right) => left.CompareTo(right) >= 0;
}
