namespace MLOps.Tracking.Search;

/// <summary>What the grammar may speak of when it searches one kind of thing: entity words and attributes. The grammar itself is the same for all.</summary>
/// <remarks>Immutable. <see cref="Runs"/> and <see cref="Experiments"/> are those of tracking; a package that keeps other things makes its own.</remarks>
public sealed class SearchVocabulary
{
    /// <summary>Runs: metrics, params, tags, attributes and datasets.</summary>
    public static SearchVocabulary Runs { get; } = new()
    {
        Subject = "run",
        Entities = new Dictionary<string, SearchEntity>(StringComparer.Ordinal)
        {
            ["attributes"] = SearchEntity.Attribute, ["attribute"] = SearchEntity.Attribute, ["attr"] = SearchEntity.Attribute, ["run"] = SearchEntity.Attribute,
            ["metrics"] = SearchEntity.Metric, ["metric"] = SearchEntity.Metric,
            ["params"] = SearchEntity.Param, ["param"] = SearchEntity.Param, ["parameters"] = SearchEntity.Param, ["parameter"] = SearchEntity.Param,
            ["tags"] = SearchEntity.Tag, ["tag"] = SearchEntity.Tag,
            ["datasets"] = SearchEntity.Dataset, ["dataset"] = SearchEntity.Dataset,
        },
        Attributes =
        [
            new("run_id", false),
            new("run_name", false) { Aliases = ["run name", "Run name", "Run Name"] },
            new("status", false),
            new("artifact_uri", false),
            new("user_id", false),
            new("start_time", true) { Aliases = ["created", "Created"] },
            new("end_time", true),
        ],
    };

    /// <summary>Experiments: attributes and tags.</summary>
    public static SearchVocabulary Experiments { get; } = new()
    {
        Subject = "experiment",
        Entities = new Dictionary<string, SearchEntity>(StringComparer.Ordinal)
        {
            ["attribute"] = SearchEntity.Attribute, ["attributes"] = SearchEntity.Attribute,
            ["tags"] = SearchEntity.Tag, ["tag"] = SearchEntity.Tag,
        },
        Attributes =
        [
            new("name", false),
            new("experiment_id", true) { IsFilterable = false },
            new("creation_time", true),
            new("last_update_time", true),
        ],
    };

    /// <summary>What is searched, one word for messages: <c>run</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The words for entities, each with what it means; case counts.</summary>
    public required IReadOnlyDictionary<string, SearchEntity> Entities { get; init; }

    /// <summary>The attributes.</summary>
    public required IReadOnlyList<SearchProperty> Attributes { get; init; }

    /// <summary>Checks that a filter and an order, built in code, speak of nothing else: fields that exist, comparators that go with them, values of their type, no order key twice.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="orderBy">The order.</param>
    /// <exception cref="ArgumentException">They do; the message says of what, and what there is.</exception>
    public void Check(SearchFilter filter, IReadOnlyList<OrderKey> orderBy)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(orderBy);
        if (filter.Comparisons.Count > 0 || orderBy.Count > 0)
            throw new NotSupportedException(Subject);
    }
}
