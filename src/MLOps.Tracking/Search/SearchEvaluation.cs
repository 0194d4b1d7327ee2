using System.Text;

namespace MLOps.Tracking.Search;

/// <summary>What filters and orders mean, written out over values in memory: the measure of what stores with a query language of their own answer.</summary>
public static class SearchEvaluation
{
    /// <summary>Answers a question over things in memory, one page at a time: for stores that look at values themselves.</summary>
    /// <typeparam name="T">What is searched.</typeparam>
    /// <param name="candidates">All things, in any order.</param>
    /// <param name="valuesOf">What a thing has for a field: one value, which may be missing; for datasets any number. Asked only for fields that the vocabulary allows.</param>
    /// <param name="filter">The conditions, checked by the vocabulary.</param>
    /// <param name="order">The full order, tie-breakers included.</param>
    /// <param name="question">The question as one text, which page tokens are bound to.</param>
    /// <param name="page">Which part of the answer is wanted.</param>
    /// <param name="vocabulary">What is searched.</param>
    /// <returns>The page.</returns>
    /// <exception cref="InvalidPageTokenException">The token is damaged, or was given for another question.</exception>
    public static Page<T> Find<T>(
        IEnumerable<T> candidates, Func<T, SearchField, IEnumerable<OrderValue>> valuesOf, SearchFilter filter, IReadOnlyList<OrderKey> order, string question, PageRequest page, SearchVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(valuesOf);
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(order);
        return Find(
            candidates,
            item => filter.Comparisons.All(comparison => valuesOf(item, comparison.Field).Any(comparison.IsMetBy)),
            item => [.. order.Select(key => valuesOf(item, key.Field).Single())],
            order,
            question,
            page,
            vocabulary);
    }

    /// <summary>Answers a question whose conditions and places are told by functions.</summary>
    internal static Page<T> Find<T>(
        IEnumerable<T> candidates, Func<T, bool> isFound, Func<T, OrderValue[]> placeOf, IReadOnlyList<OrderKey> order, string question, PageRequest page, SearchVocabulary vocabulary)
    {
        PageRequest.Check(page);
        IReadOnlyList<OrderValue>? after = page.Token is null ? null : PageToken.Read(question, page.Token, order, vocabulary);
        List<(T Item, OrderValue[] Place)> found =
        [
            .. candidates
                .Where(isFound)
                .Select(item => (Item: item, Place: placeOf(item)))
                .Where(candidate => after is null || Compare(order, candidate.Place, after) > 0),
        ];
        found.Sort((left, right) => Compare(order, left.Place, right.Place));
        return new Page<T>(
            [.. found.Take(page.Size).Select(candidate => candidate.Item)],
            found.Count > page.Size ? PageToken.Write(question, found[page.Size - 1].Place) : null);
    }

    /// <summary>Whether a value meets a comparison. Several values of a field meet it when one of them does.</summary>
    internal static bool Holds(Comparison comparison, OrderValue value) => (comparison.Comparator, value) switch
    {
        (Comparator.IsNull, _) => value is OrderValue.Missing,
        (Comparator.IsNotNull, _) => value is not OrderValue.Missing,
        (_, OrderValue.Missing) => false,
        (_, OrderValue.NaN) => comparison.Comparator == Comparator.NotEqual,
        (_, OrderValue.Number number) => Holds(comparison, number.Value),
        (_, OrderValue.Text text) => Holds(comparison, text.Value),
        _ => throw new ArgumentOutOfRangeException(nameof(value), value, "A value is missing, NaN, a number or a text."),
    };

    /// <summary>Which of two places comes first in an order: negative when the left one does, positive when the right one does, 0 when they are the same.</summary>
    internal static int Compare(IReadOnlyList<OrderKey> order, IReadOnlyList<OrderValue> left, IReadOnlyList<OrderValue> right)
    {
        for (int i = 0; i < order.Count; i++)
        {
            int compared = Compare(left[i], right[i], order[i].Descending);
            if (compared != 0)
                return compared;
        }

        return 0;
    }

    private static bool Holds(Comparison comparison, double number)
    {
        double value = ((SearchValue.Number)comparison.Value!).Value;
        return comparison.Comparator switch
        {
            Comparator.Equal => number == value,
            Comparator.NotEqual => number != value,
            Comparator.Greater => number > value,
            Comparator.GreaterOrEqual => number >= value,
            Comparator.Less => number < value,
            Comparator.LessOrEqual => number <= value,
            _ => throw Unfitting(comparison),
        };
    }

    private static bool Holds(Comparison comparison, string text) => (comparison.Comparator, comparison.Value) switch
    {
        (Comparator.Equal, SearchValue.Text value) => string.Equals(text, value.Value, StringComparison.Ordinal),
        (Comparator.NotEqual, SearchValue.Text value) => !string.Equals(text, value.Value, StringComparison.Ordinal),
        (Comparator.Like, SearchValue.Text value) => new LikePattern(value.Value, ignoreCase: false).IsMatch(text),
        (Comparator.ILike, SearchValue.Text value) => new LikePattern(value.Value, ignoreCase: true).IsMatch(text),
        (Comparator.In, SearchValue.TextList list) => list.Values.Contains(text, StringComparer.Ordinal),
        (Comparator.NotIn, SearchValue.TextList list) => !list.Values.Contains(text, StringComparer.Ordinal),
        _ => throw Unfitting(comparison),
    };

    private static int Compare(OrderValue left, OrderValue right, bool descending)
    {
        int compared = Rank(left).CompareTo(Rank(right));
        if (compared != 0)
            return compared;
        compared = (left, right) switch
        {
            (OrderValue.Number a, OrderValue.Number b) => a.Value.CompareTo(b.Value),
            (OrderValue.Text a, OrderValue.Text b) => Encoding.UTF8.GetBytes(a.Value).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(b.Value)),
            _ => 0,
        };
        return descending ? -compared : compared;
    }

    // In both directions.
    private static int Rank(OrderValue value) => value switch { OrderValue.Missing => 2, OrderValue.NaN => 1, _ => 0 };

    private static InvalidOperationException Unfitting(Comparison comparison) => new($"The vocabulary does not allow '{comparison}'; its check comes first.");
}
