using System.Globalization;
using System.Text;
using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Registry.Storage;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Tests.Registry;

/// <summary>All that a store answers, written out, so that two stores can be compared.</summary>
internal static class RegistryAnswers
{
    private static readonly string[] s_modelFilters =
        ["", "name = 'fraud'", "name LIKE 'fra%'", "name ILIKE '%FRAUD%'", "name != 'fraud'", "tags.team = 'true'", "tags.ok LIKE 'a%'", "tags.team != 'x' AND name LIKE '%r%'", "tags.`mlflow.prompt.is_prompt` = 'true'", "tags.`mlflow.prompt.is_prompt` = 'false'"];

    private static readonly string[] s_versionFilters =
    [
        "", "name = 'fraud'", "name LIKE 'fra%'", "name IN ('fraud', 'churn')", "version_number > 2", "name = 'fraud' AND version_number = 1", "tags.team = 'true'", "tags.ok ILIKE '%A%'", "tags.`größe` = ''",
        $"run_id = '{RegistryWorld.Runs[0]}'", $"run_id IN ('{RegistryWorld.Runs[1]}', '{RegistryWorld.Runs[2]}')", "source_path = 'file:///models/1'", "source_path LIKE 'file:%/2'", "tags.`mlflow.prompt.is_prompt` = 'true'", "tags.`mlflow.prompt.is_prompt` != 'true' AND name != 'churn'",
    ];

    private static readonly string[][] s_modelOrders = [[], ["name DESC"], ["last_updated_timestamp DESC"], ["tags.team DESC", "last_updated_timestamp"]];

    private static readonly string[][] s_versionOrders = [[], ["name"], ["name DESC", "creation_timestamp"], ["version_number DESC"], ["run_id", "creation_timestamp DESC"], ["source_path DESC"], ["tags.ok", "last_updated_timestamp DESC"], ["last_updated_timestamp"]];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<string> AllAsync(IRegistryStore store, RegistryWorld world)
    {
        StringBuilder all = new();
        void Add(string line) => all.AppendLine(line);
        foreach (string name in RegistryWorld.Names)
        {
            RegisteredModel? model = await store.FindModelAsync(name, Cancel);
            Add($"{name}: {Text(model)}");
            Add($"keys {string.Join(' ', await store.FindModelKeysAsync(name, Cancel))}");
            for (int number = 0; number <= (model?.LastNumber ?? 0) + 1; number++)
                Add($"{number}: {Text(await store.FindVersionAsync(name, number, Cancel))}");
            foreach (string alias in RegistryWorld.Aliases)
                Add($"@{alias}: {Text(await store.FindVersionAsync(name, alias, Cancel))}");
            Add($"latest: {Text(await store.FindLatestVersionsAsync(name, Cancel))}");
            for (ModelStage stage = ModelStage.Staging; stage <= ModelStage.Archived; stage++)
                Add($"{stage}: {Text(await store.FindVersionsInStageAsync(name, stage, Cancel))}");
            for (int number = 1; number < 3; number++)
                Add($"made from {number}: {Text(await store.FindVersionsAsync(new LineageLink { Parent = new ModelVersionRef(name, number) }, Cancel))}");
        }

        foreach (Guid key in world.Keys.Append(Guid.Empty))
        {
            for (int number = 1; number < 3; number++)
                Add($"made from {key} {number}: {Text(await store.FindVersionsAsync(new LineageLink { Parent = new ModelVersionRef("", number), ParentKey = key }, Cancel))}");
            Add($"{key}: {Text(await store.FindModelAsync(key, Cancel))}");
            foreach (PromotionStatus? status in new PromotionStatus?[] { null, PromotionStatus.Open, PromotionStatus.Applied, PromotionStatus.Rejected })
                Add($"{status}: {string.Join('\n', (await store.FindPromotionsAsync(key, status, Cancel)).Select(Text))}");
            Add($"audit: {Text(await store.ReadAuditAsync(key, null, 3, 10, Cancel))}");
            foreach (string alias in RegistryWorld.Aliases)
                Add($"audit @{alias}: {Text(await store.ReadAuditAsync(key, alias, 0, 3, Cancel))}");
        }

        foreach (Guid promotion in world.Promotions)
            Add(Text(await store.FindPromotionAsync(promotion, Cancel)));
        foreach (LineageLink link in RegistryWorld.Runs.Select(run => new LineageLink { RunId = run })
            .Concat(RegistryWorld.Digests.SelectMany(digest => new[] { new LineageLink { DatasetDigest = digest }, new LineageLink { Commit = digest } })))
            Add($"{link}: {Text(await store.FindVersionsAsync(link, Cancel))}");
        AuditHead head = await store.GetAuditHeadAsync(Cancel);
        Add($"head {head.Count} {Convert.ToHexString(head.Hash.Span)} {head.At:O}");
        Add($"log: {Text(await store.ReadAuditAsync(0, 10_000, Cancel))}");
        Add($"rest: {Text(await store.ReadAuditAsync(7, 5, Cancel))}");
        return all.ToString();
    }

    /// <summary>What a search finds, page by page with the tokens between them.</summary>
    public static async Task<string> SearchAsync(IRegistryStore store, int which, int size)
    {
        StringBuilder all = new();
        var models = RegisteredModelQuery.Parse(s_modelFilters[which % s_modelFilters.Length], s_modelOrders[which / 7 % s_modelOrders.Length]);
        all.AppendLine(models.Canonical);
        for (PageRequest? page = new() { Size = size }; page is not null;)
        {
            Page<RegisteredModel> found = await store.FindModelsAsync(models, page, Cancel);
            all.AppendLine(string.Join('\n', found.Items.Select(Text))).AppendLine(found.NextToken);
            page = found.NextToken is null ? null : page with { Token = found.NextToken };
        }

        var versions = ModelVersionQuery.Parse(s_versionFilters[which % s_versionFilters.Length], s_versionOrders[which / 11 % s_versionOrders.Length]);
        all.AppendLine(versions.Canonical);
        for (PageRequest? page = new() { Size = size }; page is not null;)
        {
            Page<ModelVersion> found = await store.FindVersionsAsync(versions, page, Cancel);
            all.AppendLine(Text(found.Items)).AppendLine(found.NextToken);
            page = found.NextToken is null ? null : page with { Token = found.NextToken };
        }

        return all.ToString();
    }

    private static string Text(RegisteredModel? model) => model is null
        ? "none"
        : string.Create(CultureInfo.InvariantCulture, $"{model.Key} {model.Name} r{model.Revision} n{model.LastNumber} {model.Description ?? "null"} {model.User} {model.CreatedAt.UtcTicks} {model.UpdatedAt.UtcTicks} {Text(model.Tags)} ")
            + string.Join(' ', model.Aliases.Select(alias => $"{alias.Name}={alias.Version}<{string.Join(',', alias.Earlier)} {alias.MovedAt.UtcTicks} {alias.MovedBy} {alias.Reason ?? "null"}"))
            + string.Join(' ', model.Policies.OrderBy(policy => policy.Key.ToString(), StringComparer.Ordinal).Select(policy => $"{policy.Key}:{Encoding.UTF8.GetString(RegistryJson.Write(policy.Value))}"));

    private static string Text(ModelVersion? version) => version is null
        ? "none"
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{version.ModelKey} {version.Ref} {version.Status} {version.IsVerified} {version.Stage} {version.Description ?? "null"} {version.User} {version.CreatedAt.UtcTicks} {version.UpdatedAt.UtcTicks} {Text(version.Tags)} @{string.Join(',', version.Aliases)} {Encoding.UTF8.GetString(RegistryJson.Write(version.Facts))}");

    private static string Text(Promotion? promotion) => promotion is null ? "none" : Encoding.UTF8.GetString(RegistryJson.Write(promotion));

    private static string Text(IEnumerable<ModelVersion> versions) => string.Join('\n', versions.Select(Text));

    private static string Text(IEnumerable<AuditRecord> records) =>
        string.Join('\n', records.Select(record => $"{record.Sequence} {Convert.ToHexString(record.Content.Span)} {Convert.ToHexString(record.Hash.Span)}"));

    private static string Text(IReadOnlyDictionary<string, string> tags) => string.Join(',', tags.OrderBy(tag => tag.Key, StringComparer.Ordinal).Select(tag => $"{tag.Key}={tag.Value}"));
}
