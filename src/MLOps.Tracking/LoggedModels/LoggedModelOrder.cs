using MLOps.Tracking.Search;

namespace MLOps.Tracking.LoggedModels;

/// <summary>One key of an order of logged models. A metric counts with the point that is latest by <see cref="MetricPoint.IsLaterThan"/>, whichever run logged it.</summary>
/// <param name="Field">An attribute or a metric.</param>
/// <param name="IsDescending">Whether the largest comes first.</param>
/// <param name="DatasetName">For a metric: only as measured on this dataset; null for any.</param>
/// <param name="DatasetDigest">For a metric: only as measured on a dataset with this digest; null for any.</param>
public sealed record LoggedModelOrder(SearchField Field, bool IsDescending = false, string? DatasetName = null, string? DatasetDigest = null)
{
    /// <summary>Reads an order key.</summary>
    /// <param name="text">The field, then <c>ASC</c> or <c>DESC</c> in any case or neither, which is ascending: <c>metrics.accuracy DESC</c>.</param>
    /// <returns>The key; narrow a metric to a dataset with <c>with { DatasetName = "wine" }</c>.</returns>
    /// <exception cref="SearchSyntaxException">The text is no order key; the exception tells where, and what was expected.</exception>
    public static LoggedModelOrder Parse(string text)
    {
        OrderKey key = OrderKey.Parse(text, SearchVocabulary.LoggedModels);
        return new LoggedModelOrder(key.Field, key.Descending);
    }
}
