using System.Globalization;
using MLOps.Tracking.Search;

namespace MLOps.Tracking.LoggedModels;

/// <summary>Which logged models to find, and in which order.</summary>
/// <example><code>LoggedModelQuery.Parse("metrics.accuracy &gt; 0.9 AND params.depth = '3'", [experiment.Id], "metrics.accuracy DESC")</code></example>
public sealed record LoggedModelQuery
{
    private static readonly LoggedModelOrder ByCreation = new(new SearchField(SearchEntity.Attribute, "creation_timestamp"), IsDescending: true);
    private static readonly LoggedModelOrder ById = new(new SearchField(SearchEntity.Attribute, "model_id"));

    /// <summary>The experiments to look in; at least one.</summary>
    public required IReadOnlyList<ExperimentId> Experiments { get; init; }

    /// <summary>Conditions that must all hold. One on a metric holds when the latest point of one run on one dataset meets it. Default: none.</summary>
    public SearchFilter Filter { get; init; } = SearchFilter.Everything;

    /// <summary>Conditions on metrics hold only where the metric was measured on one of these datasets; none means whatever it was measured on. A digest that is null stands for any.</summary>
    public IReadOnlyList<(string Name, string? Digest)> Datasets { get; init; } = [];

    /// <summary>The order, most important key first, no field twice for the same dataset; what lacks a value comes last. Equal models are ordered by when they were made, the newest first, then by id.</summary>
    public IReadOnlyList<LoggedModelOrder> OrderBy { get; init; } = [];

    /// <summary>Which models to show by lifecycle; null shows both. Default: those in use.</summary>
    public Lifecycle? Lifecycle { get; init; } = MLOps.Tracking.Lifecycle.Active;

    /// <summary><see cref="OrderBy"/> with its tie-breakers: no two models are equal in it.</summary>
    public IReadOnlyList<LoggedModelOrder> FullOrder
    {
        get
        {
            List<LoggedModelOrder> order = [.. OrderBy];
            if (!order.Exists(key => key.Field == ByCreation.Field))
                order.Add(ByCreation);
            if (!order.Exists(key => key.Field == ById.Field))
                order.Add(ById);
            return order;
        }
    }

    /// <summary>The question in one text, the same for the same question: what a page token is bound to.</summary>
    public string Canonical => string.Create(
        CultureInfo.InvariantCulture,
        $"logged models|{string.Concat(Experiments.Select(id => Listed(id.Value)))}|{Lifecycle}|{Filter}|{string.Concat(Datasets.Select(dataset => Listed(dataset.Name) + Listed(dataset.Digest)))}|{string.Concat(OrderBy.Select(Listed))}");

    /// <summary>Makes a query from text.</summary>
    /// <param name="filter">The filter, for example <c>metrics.accuracy &gt; 0.9 AND params.depth = '3'</c>; null or empty finds all.</param>
    /// <param name="experiments">The experiments to look in; at least one.</param>
    /// <param name="orderBy">The order keys, for example <c>metrics.accuracy DESC</c>.</param>
    /// <returns>The query; narrow it further with <c>with { Datasets = [("wine", null)] }</c>.</returns>
    /// <exception cref="SearchSyntaxException">A text breaks the grammar; the exception tells where, and what was expected.</exception>
    public static LoggedModelQuery Parse(string? filter, IReadOnlyList<ExperimentId> experiments, params IReadOnlyList<string> orderBy)
    {
        ArgumentNullException.ThrowIfNull(experiments);
        ArgumentNullException.ThrowIfNull(orderBy);
        return new LoggedModelQuery
        {
            Experiments = experiments,
            Filter = SearchFilter.Parse(filter, SearchVocabulary.LoggedModels),
            OrderBy = [.. orderBy.Select(LoggedModelOrder.Parse)],
        };
    }

    /// <summary>Checks that the question makes sense for a page: the first thing that a store does with it.</summary>
    /// <param name="page">Which part of the answer is wanted.</param>
    /// <exception cref="ArgumentException">There is no experiment; or the filter or the order names what logged models do not have or are not ordered by, or a field twice; or a dataset has no name.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The page's size is out of range.</exception>
    public void Check(PageRequest page)
    {
        PageRequest.Check(page);
        CheckPlaces(Experiments, Datasets);
        SearchVocabulary.LoggedModels.Check(Filter, [.. OrderBy.Select(key => new OrderKey(key.Field, key.IsDescending)).DistinctBy(key => key.Field)]);
        CheckOrder(OrderBy);
    }

    /// <summary>Answers the question over models in memory: for stores that look at values themselves. <see cref="Check"/> comes first.</summary>
    /// <param name="candidates">All models that may be found, in any order.</param>
    /// <param name="page">Which part of the answer is wanted.</param>
    /// <returns>The page.</returns>
    /// <exception cref="InvalidPageTokenException">The token is damaged, or was given for another question.</exception>
    public Page<LoggedModel> FindIn(IEnumerable<LoggedModel> candidates, PageRequest page)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        IReadOnlyList<LoggedModelOrder> order = FullOrder;
        return SearchEvaluation.Find(
            candidates,
            this.Finds,
            model => [.. order.Select(key => LoggedModelSearch.Value(model, key))],
            [.. order.Select(key => new OrderKey(key.Field, key.IsDescending))],
            Canonical,
            page,
            SearchVocabulary.LoggedModels);
    }

    private static void CheckPlaces(IReadOnlyList<ExperimentId> experiments, IReadOnlyList<(string Name, string? Digest)> datasets)
    {
        if (experiments is not { Count: > 0 })
            throw new ArgumentException("Logged models are looked for in at least one experiment.", nameof(experiments));
        if (datasets.Any(dataset => dataset.Name is null))
            throw new ArgumentException("The name of a dataset is null.", nameof(datasets));
    }

    private static void CheckOrder(IReadOnlyList<LoggedModelOrder> orderBy)
    {
        HashSet<LoggedModelOrder> seen = [];
        foreach (LoggedModelOrder key in orderBy)
        {
            if (key.Field.Entity is SearchEntity.Param or SearchEntity.Tag)
                throw new ArgumentException($"Logged models are ordered by attributes and metrics, not by {key.Field}.", nameof(orderBy));
            if (key.Field.Entity != SearchEntity.Metric && (key.DatasetName ?? key.DatasetDigest) is not null)
                throw new ArgumentException($"The order by {key.Field} names a dataset, on which metrics alone are measured. Leave it out.", nameof(orderBy));
            if (!seen.Add(key with { IsDescending = false }))
                throw new ArgumentException($"The order names {key.Field} twice. Its second place changes nothing; leave it out.", nameof(orderBy));
        }
    }

    private static string Listed(LoggedModelOrder key) => $"{Listed(new OrderKey(key.Field, key.IsDescending).ToString())}{Listed(key.DatasetName)}{Listed(key.DatasetDigest)}";

    // Lengths before the texts: no text can be mistaken for two.
    private static string Listed(string? text) => text is null ? "*," : string.Create(CultureInfo.InvariantCulture, $"{text.Length}:{text},");
}
