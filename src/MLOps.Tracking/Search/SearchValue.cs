namespace MLOps.Tracking.Search;

/// <summary>What a field is compared with.</summary>
public abstract record SearchValue
{
    private SearchValue()
    {
    }

    /// <summary>A number; for times, milliseconds since 1970-01-01 UTC.</summary>
    /// <param name="Value">Any number; NaN and infinities cannot be written in the grammar, but the builder takes infinities.</param>
    public sealed record Number(double Value) : SearchValue;

    /// <summary>A text.</summary>
    /// <param name="Value">The text without its quotes.</param>
    public sealed record Text(string Value) : SearchValue;

    /// <summary>The texts of an <c>IN</c>.</summary>
    /// <param name="Values">At least one.</param>
    public sealed record TextList(IReadOnlyList<string> Values) : SearchValue
    {
        /// <inheritdoc/>
        public bool Equals(TextList? other) => other is not null && Values.SequenceEqual(other.Values, StringComparer.Ordinal);

        /// <inheritdoc/>
        public override int GetHashCode() => Values.Aggregate(Values.Count, (hash, value) => HashCode.Combine(hash, value));
    }
}
