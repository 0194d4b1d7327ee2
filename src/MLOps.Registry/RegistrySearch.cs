using MLOps.Tracking.Search;

namespace MLOps.Registry;

/// <summary>What both searches of the registry share: MLflow hides prompts, which it keeps as models with a tag.</summary>
internal static class RegistrySearch
{
    public const string PromptTag = "mlflow.prompt.is_prompt";

    public static IReadOnlyDictionary<string, SearchEntity> Entities { get; } = new Dictionary<string, SearchEntity>(StringComparer.Ordinal)
    {
        ["attribute"] = SearchEntity.Attribute, ["attributes"] = SearchEntity.Attribute,
        ["tags"] = SearchEntity.Tag, ["tag"] = SearchEntity.Tag,
    };

    public static bool HidesPrompts(SearchFilter filter) => !filter.Comparisons.Any(comparison => Asks(comparison, "true", "false"));

    public static SearchFilter WithoutPromptHiding(SearchFilter filter) =>
        filter.Comparisons.Any(IsHiding) ? new SearchFilter([.. filter.Comparisons.Where(comparison => !IsHiding(comparison))]) : filter;

    // What has no tag is no prompt: as a plain comparison, = 'false' would find nothing.
    private static bool IsHiding(Comparison comparison) => Asks(comparison, "false", "true");

    private static bool Asks(Comparison comparison, string equal, string notEqual) =>
        comparison.Field == new SearchField(SearchEntity.Tag, PromptTag)
        && comparison.Value is SearchValue.Text { Value: var value }
        && ((comparison.Comparator == Comparator.Equal && value == equal) || (comparison.Comparator == Comparator.NotEqual && value == notEqual));
}
