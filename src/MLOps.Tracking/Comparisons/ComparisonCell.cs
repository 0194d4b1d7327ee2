namespace MLOps.Tracking;

/// <summary>What one run has in one row of a <see cref="RunComparison"/>.</summary>
/// <param name="Text">The value, whole, in the invariant culture.</param>
public sealed record ComparisonCell(string Text)
{
    /// <summary>The value as a number: of a metric its value, NaN and infinities included; of a duration its seconds; of an artifact its bytes; else null.</summary>
    public double? Number { get; init; }

    /// <summary>Whether this is the best value of a metric. Several cells are, when they are equal; none is, when it is unknown what is better. NaN never is.</summary>
    public bool IsBest { get; init; }

    /// <summary>Whether this is an artifact without a known hash, of which only the size could be compared.</summary>
    public bool IsUnverified { get; init; }
}
