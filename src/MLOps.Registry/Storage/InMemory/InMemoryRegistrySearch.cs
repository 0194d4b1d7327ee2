using MLOps.Tracking.Search;

namespace MLOps.Registry.Storage;

/// <summary>Answers questions about models and versions in memory: plain rather than fast, for it is what other stores are measured by.</summary>
internal static class InMemoryRegistrySearch
{
    private const string PromptTag = "mlflow.prompt.is_prompt";

    public static Page<RegisteredModel> Find(IEnumerable<RegisteredModel> candidates, RegisteredModelQuery query, PageRequest page) => SearchEvaluation.Find(
        candidates.Where(model => !query.HidesPrompts || model.Tags.GetValueOrDefault(PromptTag) != "true"),
        (model, field) => [ValueOf(model, field)], query.StoreFilter, query.FullOrder, query.Canonical, page, RegisteredModelQuery.Vocabulary);

    public static Page<ModelVersion> Find(IEnumerable<ModelVersion> candidates, ModelVersionQuery query, PageRequest page) => SearchEvaluation.Find(
        candidates.Where(version => !query.HidesPrompts || version.Tags.GetValueOrDefault(PromptTag) != "true"),
        (version, field) => [ValueOf(version, field)], query.StoreFilter, query.FullOrder, query.Canonical, page, ModelVersionQuery.Vocabulary);

    private static OrderValue ValueOf(RegisteredModel model, SearchField field) => field switch
    {
        (SearchEntity.Tag, var key) => Text(model.Tags.GetValueOrDefault(key)),
        (_, "name") => Text(model.Name),
        _ => new OrderValue.Number(model.UpdatedAt.ToUnixTimeMilliseconds()),
    };

    private static OrderValue ValueOf(ModelVersion version, SearchField field) => field switch
    {
        (SearchEntity.Tag, var key) => Text(version.Tags.GetValueOrDefault(key)),
        (_, "name") => Text(version.Model),
        (_, "version_number") => new OrderValue.Number(version.Number),
        (_, "run_id") => Text(version.Facts.RunId?.Value),
        (_, "source_path") => Text(version.Facts.Source),
        (_, "creation_timestamp") => new OrderValue.Number(version.CreatedAt.ToUnixTimeMilliseconds()),
        _ => new OrderValue.Number(version.UpdatedAt.ToUnixTimeMilliseconds()),
    };

    private static OrderValue Text(string? text) => text is null ? new OrderValue.Missing() : new OrderValue.Text(text);
}
