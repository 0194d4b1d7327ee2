using System.Globalization;
using MLOps.Tracking.Search;

namespace MLOps.Tracking;

/// <summary>Which runs to find, in which order, and what to read of them.</summary>
/// <example><code>RunQuery.Parse("metrics.accuracy &gt; 0.9 AND params.optimizer = 'adam'", "metrics.accuracy DESC")</code></example>
public sealed record RunQuery
{
    private static readonly OrderKey ByStart = RunField.StartedAt.Descending;
    private static readonly OrderKey ById = RunField.Id.Ascending;

    /// <summary>The experiments to look in; null looks in all that <see cref="ExperimentNames"/> does not rule out.</summary>
    public IReadOnlyList<ExperimentId>? Experiments { get; init; }

    /// <summary>The names of the experiments to look in, compared by ordinal; null does not ask. A name that no experiment has finds nothing.</summary>
    public IReadOnlyList<string>? ExperimentNames { get; init; }

    /// <summary>Only the children of this run; null does not ask.</summary>
    public RunId? Parent { get; init; }

    /// <summary>Which runs to show by lifecycle; null shows both. Default: active ones.</summary>
    public Lifecycle? Lifecycle { get; init; } = MLOps.Tracking.Lifecycle.Active;

    /// <summary>Conditions that must all hold. Default: none.</summary>
    public SearchFilter Filter { get; init; } = SearchFilter.Everything;

    /// <summary>The order, most important key first, no field twice. Equal runs are ordered by newest start, then id; so are all when there is no key.</summary>
    public IReadOnlyList<OrderKey> OrderBy { get; init; } = [];

    /// <summary>What to read of each run. Default: everything. It changes neither which runs are found nor their order.</summary>
    public RunFields Fields { get; init; } = RunFields.All;

    /// <summary><see cref="OrderBy"/> with its tie-breakers: no two runs are equal in it.</summary>
    public IReadOnlyList<OrderKey> FullOrder
    {
        get
        {
            List<OrderKey> order = [.. OrderBy];
            if (!order.Exists(key => key.Field == ByStart.Field))
                order.Add(ByStart);
            if (!order.Exists(key => key.Field == ById.Field))
                order.Add(ById);
            return order;
        }
    }

    /// <summary>The question in one text, the same for the same question whatever <see cref="Fields"/> says: what a page token is bound to.</summary>
    public string Canonical => string.Create(
        CultureInfo.InvariantCulture,
        $"runs|{Listed(Experiments?.Select(id => id.ToString()))}|{Listed(ExperimentNames)}|{Parent}|{Lifecycle}|{Filter}|{string.Join(',', OrderBy)}");

    /// <summary>Makes a query from text.</summary>
    /// <param name="filter">The filter, for example <c>metrics.accuracy &gt; 0.9 AND params.optimizer = 'adam'</c>; null or empty finds all.</param>
    /// <param name="orderBy">The order keys, for example <c>metrics.accuracy DESC</c>.</param>
    /// <returns>The query; narrow it further with <c>with { ExperimentNames = ["churn"] }</c>.</returns>
    /// <exception cref="SearchSyntaxException">A text breaks the grammar; the exception tells where, and what was expected.</exception>
    public static RunQuery Parse(string? filter, params IReadOnlyList<string> orderBy)
    {
        ArgumentNullException.ThrowIfNull(orderBy);
        return new RunQuery
        {
            Filter = SearchFilter.Parse(filter, SearchVocabulary.Runs),
            OrderBy = [.. orderBy.Select(key => OrderKey.Parse(key, SearchVocabulary.Runs))],
        };
    }

    /// <summary>Checks that the question makes sense for a page: the first thing that a store does with it.</summary>
    /// <param name="page">Which part of the answer is wanted.</param>
    /// <exception cref="ArgumentException">The filter or the order names what runs do not have, or a field twice; or a name or key is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The page's size is out of range.</exception>
    public void Check(PageRequest page)
    {
        PageRequest.Check(page);
        SearchVocabulary.Runs.Check(Filter, OrderBy);
        CheckTexts(ExperimentNames);
        CheckFields(Fields);
    }

    private static void CheckFields(RunFields fields)
    {
        ArgumentNullException.ThrowIfNull(fields);
        CheckTexts(fields.Metrics);
        CheckTexts(fields.Params);
        CheckTexts(fields.Tags);
    }

    private static void CheckTexts(IReadOnlyList<string>? texts)
    {
        if (texts?.Any(text => text is null) == true)
            throw new ArgumentException("A name or key of the query is null.", nameof(texts));
    }

    // Lengths before the texts: no text can be mistaken for two.
    private static string Listed(IEnumerable<string>? texts) => texts is null ? "*" : string.Concat(texts.Select(text => string.Create(CultureInfo.InvariantCulture, $"{text.Length}:{text},")));
}
