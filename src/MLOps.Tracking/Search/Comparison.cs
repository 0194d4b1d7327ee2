namespace MLOps.Tracking.Search;

/// <summary>One condition of a filter.</summary>
/// <param name="Field">What is compared.</param>
/// <param name="Comparator">How.</param>
/// <param name="Value">With what; null for <see cref="Search.Comparator.IsNull"/> and <see cref="Search.Comparator.IsNotNull"/> alone.</param>
public sealed record Comparison(SearchField Field, Comparator Comparator, SearchValue? Value)
{
    /// <summary>The condition as the grammar writes it, for example <c>metrics.accuracy &gt; 0.9</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => SearchPrinter.Print(this);
}
