namespace MLOps.Tracking.Search;

/// <summary>What a found thing has for an order key: its place in the order, as a page token keeps it.</summary>
public abstract record OrderValue
{
    private OrderValue()
    {
    }

    /// <summary>It has no such field.</summary>
    public sealed record Missing : OrderValue;

    /// <summary>The metric is NaN.</summary>
    public sealed record NaN : OrderValue;

    /// <summary>A number; for times, milliseconds since 1970-01-01 UTC.</summary>
    /// <param name="Value">Not NaN.</param>
    public sealed record Number(double Value) : OrderValue;

    /// <summary>A text.</summary>
    /// <param name="Value">The text.</param>
    public sealed record Text(string Value) : OrderValue;
}
