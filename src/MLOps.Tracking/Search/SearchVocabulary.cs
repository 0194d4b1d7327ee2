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

    /// <summary>Logged models: metrics, params, tags and attributes, named in the plural alone.</summary>
    public static SearchVocabulary LoggedModels { get; } = new()
    {
        Subject = "logged model",
        Entities = new Dictionary<string, SearchEntity>(StringComparer.Ordinal)
        {
            ["attributes"] = SearchEntity.Attribute, ["metrics"] = SearchEntity.Metric, ["params"] = SearchEntity.Param, ["tags"] = SearchEntity.Tag,
        },
        Attributes =
        [
            new("name", false),
            new("model_id", false),
            new("experiment_id", false),
            new("model_type", false),
            new("status", false),
            new("source_run_id", false),
            new("creation_timestamp", true) { Aliases = ["creation_time"] },
            new("last_updated_timestamp", true),
        ],
        HasListsOfKeyedTexts = true,
    };

    /// <summary>What is searched, one word for messages: <c>run</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The words for entities, each with what it means; case counts.</summary>
    public required IReadOnlyDictionary<string, SearchEntity> Entities { get; init; }

    /// <summary>The attributes.</summary>
    public required IReadOnlyList<SearchProperty> Attributes { get; init; }

    // Whether IN and NOT IN go with params and tags as well.
    internal bool HasListsOfKeyedTexts { get; init; }

    /// <summary>Checks that a filter and an order, built in code, speak of nothing else: fields that exist, comparators that go with them, values of their type, no order key twice.</summary>
    /// <param name="filter">The filter.</param>
    /// <param name="orderBy">The order.</param>
    /// <exception cref="ArgumentException">They do; the message says of what, and what there is.</exception>
    public void Check(SearchFilter filter, IReadOnlyList<OrderKey> orderBy)
    {
        ArgumentNullException.ThrowIfNull(filter);
        ArgumentNullException.ThrowIfNull(orderBy);
        foreach (Comparison comparison in filter.Comparisons ?? throw new ArgumentException("A filter has comparisons, if only none: SearchFilter.Everything.", nameof(filter)))
        {
            if (Problem(comparison) is { } problem)
                throw new ArgumentException(problem, nameof(filter));
        }

        HashSet<SearchField> seen = [];
        foreach (OrderKey key in orderBy)
        {
            if (SearchRules.OrderProblem(this, key.Field) is { } problem)
                throw new ArgumentException(problem, nameof(orderBy));
            if (!seen.Add(key.Field))
                throw new ArgumentException($"The order names {SearchRules.Describe(key.Field)} twice. Its second place changes nothing; leave it out.", nameof(orderBy));
        }
    }

    private string? Problem(Comparison? comparison)
    {
        if (comparison is not { Field: var field, Comparator: var comparator, Value: var value })
            return "A comparison of the filter is null.";
        return SearchRules.FilterProblem(this, field) ?? SearchRules.ComparatorProblem(this, field, comparator) ?? value switch
        {
            SearchValue.Number { Value: double.NaN } => "Nothing can be compared with NaN.",
            SearchValue.Number when SearchRules.IsNumber(this, field) => null,
            SearchValue.Text { Value: { } text } when comparator is Comparator.Equal or Comparator.NotEqual or Comparator.Like or Comparator.ILike && !SearchRules.IsNumber(this, field) =>
                TextProblem(field, text),
            SearchValue.TextList { Values: { Count: > 0 } texts } when comparator is Comparator.In or Comparator.NotIn =>
                texts.Select(text => text is null ? $"A text of {SearchPrinter.Print(comparator)} is null." : TextProblem(field, text)).FirstOrDefault(problem => problem is not null),
            null when comparator is Comparator.IsNull or Comparator.IsNotNull => null,
            _ => $"{SearchPrinter.Print(comparator)} compares {SearchRules.Describe(field)} with {SearchRules.Expected(this, field, comparator)}, not with {SearchRules.Describe(value)}.",
        };
    }

    private static string? TextProblem(SearchField field, string text) =>
        SearchRules.LoneSurrogate(text) >= 0 ? $"The text that {SearchRules.Describe(field)} is compared with has half of a surrogate pair, which no stored text has." : null;
}
