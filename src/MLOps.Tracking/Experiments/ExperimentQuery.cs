using System.Globalization;
using MLOps.Tracking.Search;

namespace MLOps.Tracking;

/// <summary>Which experiments to find, and in which order.</summary>
/// <example><code>ExperimentQuery.Parse("name LIKE 'churn-%' AND tags.team = 'risk'", "last_update_time DESC")</code></example>
public sealed record ExperimentQuery
{
    /// <summary>Which experiments to show by lifecycle; null shows both. Default: active ones.</summary>
    public Lifecycle? Lifecycle { get; init; } = MLOps.Tracking.Lifecycle.Active;

    /// <summary>Conditions that must all hold. Default: none.</summary>
    public SearchFilter Filter { get; init; } = SearchFilter.Everything;

    /// <summary>The order, most important key first, no field twice; equal experiments are ordered by id, the newest first. With no key: newest first, then id ascending, as in MLflow.</summary>
    public IReadOnlyList<OrderKey> OrderBy { get; init; } = [];

    /// <summary><see cref="OrderBy"/> with its tie-breakers: no two experiments are equal in it.</summary>
    public IReadOnlyList<OrderKey> FullOrder =>
        OrderBy.Count == 0 ? [ExperimentField.CreatedAt.Descending, ExperimentField.Id.Ascending]
        : OrderBy.Any(key => key.Field == ExperimentField.Id.Field) ? OrderBy
        : [.. OrderBy, ExperimentField.Id.Descending];

    /// <summary>The question in one text, the same for the same question: what a page token is bound to.</summary>
    public string Canonical => string.Create(CultureInfo.InvariantCulture, $"experiments|{Lifecycle}|{Filter}|{string.Join(',', OrderBy)}");

    /// <summary>Checks that the question makes sense for a page: the first thing that a store does with it.</summary>
    /// <param name="page">Which part of the answer is wanted.</param>
    /// <exception cref="ArgumentException">The filter or the order names what experiments do not have, or a field twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The page's size is out of range.</exception>
    public void Check(PageRequest page)
    {
        PageRequest.Check(page);
        SearchVocabulary.Experiments.Check(Filter, OrderBy);
    }

    /// <summary>Makes a query from text.</summary>
    /// <param name="filter">The filter, for example <c>name LIKE 'churn-%'</c>; null or empty finds all.</param>
    /// <param name="orderBy">The order keys, for example <c>last_update_time DESC</c>.</param>
    /// <returns>The query.</returns>
    /// <exception cref="SearchSyntaxException">A text breaks the grammar; the exception tells where, and what was expected.</exception>
    public static ExperimentQuery Parse(string? filter, params IReadOnlyList<string> orderBy)
    {
        ArgumentNullException.ThrowIfNull(orderBy);
        return new ExperimentQuery
        {
            Filter = SearchFilter.Parse(filter, SearchVocabulary.Experiments),
            OrderBy = [.. orderBy.Select(key => OrderKey.Parse(key, SearchVocabulary.Experiments))],
        };
    }
}
