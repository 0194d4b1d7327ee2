namespace MLOps.Tracking.Search;

/// <summary>One condition of a filter.</summary>
/// <param name="Field">What is compared.</param>
/// <param name="Comparator">How.</param>
/// <param name="Value">With what; null for <see cref="Search.Comparator.IsNull"/> and <see cref="Search.Comparator.IsNotNull"/> alone.</param>
public sealed record Comparison(SearchField Field, Comparator Comparator, SearchValue? Value)
{
    /// <summary>Whether a value meets the condition, by the rules of <see cref="Search.Comparator"/>: for stores that look at values themselves. Of several values that a field has, such as those of datasets, one is enough.</summary>
    /// <param name="value">What the field has.</param>
    /// <returns>Whether it does.</returns>
    /// <exception cref="InvalidOperationException">The comparator does not go with the value, which <see cref="SearchVocabulary.Check"/> would have said.</exception>
    public bool IsMetBy(OrderValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        return SearchEvaluation.Holds(this, value);
    }

    /// <summary>The condition as the grammar writes it, for example <c>metrics.accuracy &gt; 0.9</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => SearchPrinter.Print(this);
}
