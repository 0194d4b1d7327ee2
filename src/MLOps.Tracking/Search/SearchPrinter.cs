using System.Globalization;
using System.Text;

namespace MLOps.Tracking.Search;

/// <summary>Writes the syntax tree as text that both <see cref="SearchParser"/> and MLflow read.</summary>
/// <remarks>Different trees have different texts, also those that the grammar cannot express: quotes that it cannot escape are doubled, which it refuses to read.</remarks>
internal static class SearchPrinter
{
    public static string Print(SearchField field)
    {
        string key = field.Key ?? "";
        return field.Entity == SearchEntity.Attribute
            ? IsPlain(key, dots: false) ? key : Quote(key, '`', '"')
            : $"{Word(field.Entity)}.{(IsPlain(key, dots: true) ? key : Quote(key, '`', '"'))}";
    }

    public static string Print(Comparison comparison)
    {
        string left = $"{Print(comparison.Field)} {Print(comparison.Comparator)}";
        return comparison.Value switch
        {
            SearchValue.Number number => $"{left} {Print(number.Value)}",
            SearchValue.Text text => $"{left} {Print(text.Value)}",
            SearchValue.TextList list => $"{left} ({string.Join(", ", list.Values.Select(Print))})",
            _ => left,
        };
    }

    public static string Print(Comparator comparator) => comparator switch
    {
        Comparator.Equal => "=",
        Comparator.NotEqual => "!=",
        Comparator.Greater => ">",
        Comparator.GreaterOrEqual => ">=",
        Comparator.Less => "<",
        Comparator.LessOrEqual => "<=",
        Comparator.Like => "LIKE",
        Comparator.ILike => "ILIKE",
        Comparator.In => "IN",
        Comparator.NotIn => "NOT IN",
        Comparator.IsNull => "IS NULL",
        Comparator.IsNotNull => "IS NOT NULL",
        _ => comparator.ToString(),
    };

    /// <summary>The word that the grammar has for an entity, in the plural.</summary>
    public static string Word(SearchEntity entity) => entity switch
    {
        SearchEntity.Attribute => "attributes",
        SearchEntity.Metric => "metrics",
        SearchEntity.Param => "params",
        SearchEntity.Tag => "tags",
        SearchEntity.Dataset => "datasets",
        _ => entity.ToString(),
    };

    public static string Print(string? text) => Quote(text ?? "", '\'', '"');

    // MLflow reads 1E16 but not 1E+16; and 0 is the same number as -0.
    private static string Print(double number) => (number + 0.0).ToString("R", CultureInfo.InvariantCulture).Replace("E+", "E", StringComparison.Ordinal);

    private static string Quote(string text, char first, char second)
    {
        if (!text.Contains(first))
            return $"{first}{text}{first}";
        if (!text.Contains(second))
            return $"{second}{text}{second}";
        return new StringBuilder(text).Replace($"{first}", $"{first}{first}").Insert(0, first).Append(first).ToString();
    }

    private static bool IsPlain(string key, bool dots) =>
        key.Length > 0 && (char.IsAsciiLetter(key[0]) || key[0] == '_') && key.All(c => char.IsAsciiLetterOrDigit(c) || c == '_' || (dots && c == '.'));
}
