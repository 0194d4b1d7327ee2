using System.Text;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Search;

/// <summary>Comparisons as conditions of SQL on an expression that is NULL where the field is missing. A missing field meets IS NULL alone.</summary>
internal static class Conditions
{
    // SQLite takes 32,766 values a statement.
    private const int MostListed = 1000;

    /// <summary>The condition on a number.</summary>
    public static Sql OfNumber(Comparison comparison, Sql number)
    {
        double value = ((SearchValue.Number)comparison.Value!).Value;
        return comparison.Comparator switch
        {
            Comparator.Equal => Sql.Of($"{number} = {value}"),
            Comparator.NotEqual => Sql.Of($"{number} <> {value}"),
            Comparator.Greater => Sql.Of($"{number} > {value}"),
            Comparator.GreaterOrEqual => Sql.Of($"{number} >= {value}"),
            Comparator.Less => Sql.Of($"{number} < {value}"),
            Comparator.LessOrEqual => Sql.Of($"{number} <= {value}"),
            _ => throw Unfitting(comparison),
        };
    }

    /// <summary>The condition on a text.</summary>
    public static Sql OfText(Comparison comparison, Sql text, TextTests tests) => (comparison.Comparator, comparison.Value) switch
    {
        (Comparator.Equal, SearchValue.Text { Value: var value }) => Sql.Of($"{text} = {value}"),
        (Comparator.NotEqual, SearchValue.Text { Value: var value }) => Sql.Of($"{text} <> {value}"),
        (Comparator.Like, SearchValue.Text { Value: var pattern }) => tests.Passes(text, new LikePattern(pattern, ignoreCase: false).IsMatch),
        (Comparator.ILike, SearchValue.Text { Value: var pattern }) => tests.Passes(text, new LikePattern(pattern, ignoreCase: true).IsMatch),
        (Comparator.In, SearchValue.TextList { Values: var values }) => Listed(text, values, tests),
        (Comparator.NotIn, SearchValue.TextList { Values: var values }) => Sql.Of($"{text} IS NOT NULL AND NOT ({Listed(text, values, tests)})"),
        (Comparator.IsNull, _) => Sql.Of($"{text} IS NULL"),
        (Comparator.IsNotNull, _) => Sql.Of($"{text} IS NOT NULL"),
        _ => throw Unfitting(comparison),
    };

    /// <summary>The part of a comparison that an index on a text can answer: its values, or where they begin and end. Null when there is none.</summary>
    public static Sql? RangeOfText(Comparison comparison, Sql text) => (comparison.Comparator, comparison.Value) switch
    {
        (Comparator.Equal, SearchValue.Text { Value: var value }) => Sql.Of($"{text} = {value}"),
        (Comparator.In, SearchValue.TextList { Values: { Count: <= MostListed } values }) => In(text, values),
        (Comparator.Like, SearchValue.Text { Value: var pattern }) when new LikePattern(pattern, ignoreCase: false).Prefix is { Length: > 0 } prefix =>
            After(prefix) is { } end ? Sql.Of($"{text} >= {prefix} AND {text} < {end}") : Sql.Of($"{text} >= {prefix}"),
        _ => null,
    };

    private static Sql Listed(Sql text, IReadOnlyList<string> values, TextTests tests)
    {
        if (values.Count <= MostListed)
            return In(text, values);
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> known = new HashSet<string>(values, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();
        return tests.Passes(text, known.Contains);
    }

    private static Sql In(Sql text, IReadOnlyList<string> values) => Sql.Of($"{text} IN ({Sql.Join(", ", values.Select(value => Sql.Of($"{value}")))})");

    /// <summary>The least text that comes after all those with a prefix, in the order of code points; null when none does.</summary>
    private static string? After(string prefix)
    {
        Rune[] runes = [.. prefix.EnumerateRunes()];
        int last = Array.FindLastIndex(runes, rune => rune.Value < 0x10FFFF);
        if (last < 0)
            return null;

        // Surrogates are no code points.
        int next = runes[last].Value + 1;
        runes[last] = new Rune(next == 0xD800 ? 0xE000 : next);
        return string.Concat(runes.Take(last + 1));
    }

    private static InvalidOperationException Unfitting(Comparison comparison) => new($"The vocabulary does not allow '{comparison}'; its check comes first.");
}
