using System.Globalization;
using MLOps.Tracking.Search;

namespace MLOps.Registry;

/// <summary>Which versions to find, and in which order.</summary>
/// <example><code>ModelVersionQuery.Parse("name = 'fraud' AND tags.reviewed = 'yes'", "version_number DESC")</code></example>
public sealed record ModelVersionQuery
{
    /// <summary>What the grammar may speak of.</summary>
    public static SearchVocabulary Vocabulary { get; } = new()
    {
        Subject = "model version",
        Entities = RegistrySearch.Entities,
        Attributes =
        [
            new("name", false),
            new("version_number", true),
            new("run_id", false),
            new("source_path", false),
            new("creation_timestamp", true) { IsFilterable = false },
            new("last_updated_timestamp", true) { IsFilterable = false },
        ],
    };

    /// <summary>Conditions that must all hold. Default: none.</summary>
    public SearchFilter Filter { get; init; } = SearchFilter.Everything;

    /// <summary>The order, most important key first, no field twice; then by name and the highest number first. With no key: the last changed first, then so.</summary>
    public IReadOnlyList<OrderKey> OrderBy { get; init; } = [];

    /// <summary><see cref="OrderBy"/> with its tie-breakers: no two versions are equal in it.</summary>
    public IReadOnlyList<OrderKey> FullOrder
    {
        get
        {
            List<OrderKey> order = OrderBy.Count == 0 ? [VersionField.UpdatedAt.Descending] : [.. OrderBy];
            if (!order.Exists(key => key.Field == VersionField.Model.Field))
                order.Add(VersionField.Model.Ascending);
            if (!order.Exists(key => key.Field == VersionField.Number.Field))
                order.Add(VersionField.Number.Descending);
            return order;
        }
    }

    /// <summary>For stores: the conditions without those that ask whether a version is a prompt, which <see cref="HidesPrompts"/> answers.</summary>
    public SearchFilter StoreFilter => RegistrySearch.WithoutPromptHiding(Filter);

    /// <summary>For stores: whether versions with the tag <c>mlflow.prompt.is_prompt</c> = <c>true</c> are left out, as MLflow does unless they are asked for.</summary>
    public bool HidesPrompts => RegistrySearch.HidesPrompts(Filter);

    /// <summary>The question in one text, the same for the same question: what a page token is bound to.</summary>
    public string Canonical => string.Create(CultureInfo.InvariantCulture, $"model versions|{Filter}|{string.Join(',', OrderBy)}");

    /// <summary>Makes a query from text.</summary>
    /// <param name="filter">The filter, for example <c>name = 'fraud'</c>; null or empty finds all.</param>
    /// <param name="orderBy">The order keys, for example <c>version_number DESC</c>.</param>
    /// <returns>The query.</returns>
    /// <exception cref="SearchSyntaxException">A text breaks the grammar; the exception tells where, and what was expected.</exception>
    public static ModelVersionQuery Parse(string? filter, params IReadOnlyList<string> orderBy)
    {
        ArgumentNullException.ThrowIfNull(orderBy);
        return new ModelVersionQuery { Filter = SearchFilter.Parse(filter, Vocabulary), OrderBy = [.. orderBy.Select(key => OrderKey.Parse(key, Vocabulary))] };
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
