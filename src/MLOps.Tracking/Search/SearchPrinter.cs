namespace MLOps.Tracking.Search;

/// <summary>Writes the syntax tree as text.</summary>
internal static class SearchPrinter
{
    public static string Print(SearchField field) => throw new NotSupportedException(field.Key);

    public static string Print(Comparison comparison) => throw new NotSupportedException(comparison.Field.Key);
}
