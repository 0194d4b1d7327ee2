using System.Globalization;
using MLOps.Tracking.Search;

namespace MLOps.Registry;

/// <summary>Which registered models to find, and in which order.</summary>
/// <example><code>RegisteredModelQuery.Parse("name LIKE 'fraud%' AND tags.team = 'risk'", "last_updated_timestamp DESC")</code></example>
public sealed record RegisteredModelQuery
{
    /// <summary>What the grammar may speak of.</summary>
    public static SearchVocabulary Vocabulary { get; } = new()
    {
        Subject = "registered model",
        Entities = RegistrySearch.Entities,
        Attributes = [new("name", false), new("last_updated_timestamp", true) { Aliases = ["timestamp"], IsFilterable = false }],
    };

    /// <summary>Conditions that must all hold. Default: none.</summary>
    public SearchFilter Filter { get; init; } = SearchFilter.Everything;

    /// <summary>The order, most important key first, no field twice; then, and by default, by name.</summary>
    public IReadOnlyList<OrderKey> OrderBy { get; init; } = [];

    /// <summary><see cref="OrderBy"/> with its tie-breaker: no two models are equal in it.</summary>
    public IReadOnlyList<OrderKey> FullOrder => OrderBy.Any(key => key.Field == ModelField.Name.Field) ? OrderBy : [.. OrderBy, ModelField.Name.Ascending];

    /// <summary>For stores: the conditions without those that ask whether a model is a prompt, which <see cref="HidesPrompts"/> answers.</summary>
    public SearchFilter StoreFilter => RegistrySearch.WithoutPromptHiding(Filter);

    /// <summary>For stores: whether models with the tag <c>mlflow.prompt.is_prompt</c> = <c>true</c> are left out, as MLflow does unless they are asked for.</summary>
    public bool HidesPrompts => RegistrySearch.HidesPrompts(Filter);

    /// <summary>The question in one text, the same for the same question: what a page token is bound to.</summary>
    public string Canonical => string.Create(CultureInfo.InvariantCulture, $"registered models|{Filter}|{string.Join(',', OrderBy)}");

    /// <summary>Makes a query from text.</summary>
    /// <param name="filter">The filter, for example <c>name LIKE 'fraud%'</c>; null or empty finds all.</param>
    /// <param name="orderBy">The order keys, for example <c>last_updated_timestamp DESC</c>.</param>
    /// <returns>The query.</returns>
    /// <exception cref="SearchSyntaxException">A text breaks the grammar; the exception tells where, and what was expected.</exception>
    public static RegisteredModelQuery Parse(string? filter, params IReadOnlyList<string> orderBy)
    {
        ArgumentNullException.ThrowIfNull(orderBy);
        return new RegisteredModelQuery { Filter = SearchFilter.Parse(filter, Vocabulary), OrderBy = [.. orderBy.Select(key => OrderKey.Parse(key, Vocabulary))] };
    }

    /// <summary>Checks that the question makes sense for a page: the first thing that a store does with it.</summary>
    /// <param name="page">Which part of the answer is wanted.</param>
    /// <exception cref="ArgumentException">The filter or the order names what is not there, or a field twice.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The page's size is out of range.</exception>
    public void Check(PageRequest page)
    {
        ArgumentNullException.ThrowIfNull(page);
        if (page.Size is < 1 or > PageRequest.LargestSize)
            throw new ArgumentOutOfRangeException(nameof(page), page.Size, "A page has 1 to 50,000 items.");
        Vocabulary.Check(Filter, OrderBy);
    }
}
