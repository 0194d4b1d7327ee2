namespace MLOps.Tracking.Search;

/// <summary>One key of an order. What lacks the field comes last in both directions; among metrics NaN comes after the numbers and before what is missing.</summary>
/// <remarks>Texts are ordered by Unicode code point, which is the order of their UTF-8 bytes.</remarks>
/// <param name="Field">What is sorted by; not a dataset.</param>
/// <param name="Descending">Largest first.</param>
public readonly record struct OrderKey(SearchField Field, bool Descending)
{
    /// <summary>Reads an order key.</summary>
    /// <param name="text">The field, then <c>ASC</c> or <c>DESC</c> in any case or neither, which is ascending: <c>metrics.accuracy DESC</c>.</param>
    /// <param name="vocabulary">What is searched.</param>
    /// <returns>The key.</returns>
    /// <exception cref="SearchSyntaxException">The text is no order key; the exception tells where, and what was expected.</exception>
    public static OrderKey Parse(string text, SearchVocabulary vocabulary) => SearchParser.ParseOrderKey(text, vocabulary);

    /// <summary>The key as the grammar writes it, for example <c>metrics.accuracy DESC</c>.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => $"{Field} {(Descending ? "DESC" : "ASC")}";
}
