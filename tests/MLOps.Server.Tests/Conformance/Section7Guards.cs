using System.Text.Json.Nodes;
using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Tests.Conformance;

/// <summary>What a promotion policy guards is not set, deleted or lost over any route of MLflow's; what none guards follows MLflow (contract §7.5–7.7).</summary>
public sealed class Section7Guards(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rule_7_6_a_guarded_alias_is_not_set_moved_or_deleted()
    {
        string name = await CreateGuardedAsync(PromotionTarget.Alias("champion"), "1");
        Refused(await _client.TryPostAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", "champion"), ("version", "2"))));
        Refused(await _client.TryPostAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", "champion"), ("version", "1"))));
        Refused(await _client.TryDeleteAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", "champion"))));
        Assert.Equal(["1"], (await _client.GetModelAsync(name)).Each("aliases", "version"));
    }

    [Fact]
    public async Task Rule_7_6_a_guarded_alias_is_not_made_either()
    {
        string name = await CreateGuardedAsync(PromotionTarget.Alias("champion"), version: null);
        Refused(await _client.TryPostAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", "champion"), ("version", "1"))));
        Assert.False((await _client.GetModelAsync(name)).ContainsKey("aliases"));
    }

    [Fact]
    public async Task Rule_7_7_a_guarded_alias_is_not_lost_with_its_version_or_model()
    {
        string name = await CreateGuardedAsync(PromotionTarget.Alias("champion"), "1");
        await RefusesToLoseAsync(name);
        Assert.Equal(["1"], (await _client.GetModelAsync(name)).Each("aliases", "version"));
        await _client.DeleteAsync("model-versions/delete", RegistryRequests.Body(("name", name), ("version", "2")));
    }

    [Fact]
    public async Task Rule_7_7_a_policy_is_not_lost_with_its_model_before_anything_is_where_it_guards()
    {
        string name = await CreateGuardedAsync(PromotionTarget.Alias("champion"), version: null);
        Refused(await _client.TryDeleteAsync("registered-models/delete", RegistryRequests.Body(("name", name))));
        Refused(await _client.TryPostAsync("registered-models/rename", RegistryRequests.Body(("name", name), ("new_name", ConformanceServer.Unique("other")))));
        await _client.GetModelAsync(name);
    }

    [Theory]
    [InlineData(ModelStage.Staging)]
    [InlineData(ModelStage.Production)]
    [InlineData(ModelStage.Archived)]
    public async Task Rule_7_5_a_guarded_stage_is_neither_entered_nor_left(ModelStage stage)
    {
        string name = await CreateGuardedAsync(PromotionTarget.OfStage(stage), "1");
        Refused(await MoveAsync(name, "2", stage.ToString()));
        Refused(await MoveAsync(name, "1", "None"));
        Assert.Equal([$"1 {stage}", "2 None"], await StagesAsync(name));
        await RefusesToLoseAsync(name);
        Assert.Equal([$"1 {stage}", "2 None"], await StagesAsync(name));
    }

    [Theory]
    [InlineData(ModelStage.Production, "Production")]
    [InlineData(ModelStage.Archived, "Staging")]
    public async Task Rule_7_5_a_guarded_stage_is_not_emptied_or_filled_by_archiving(ModelStage guarded, string target)
    {
        string name = await CreateGuardedAsync(PromotionTarget.OfStage(guarded), "1");
        if (guarded == ModelStage.Archived)
        {
            await _client.CreateVersionAsync(name);
            await _client.MoveToStageAsync(name, "3", "Staging");
        }

        Refused(await MoveAsync(name, "2", target, archiveExisting: true));
        Assert.Equal(guarded == ModelStage.Archived ? ["1 Archived", "2 None", "3 Staging"] : ["1 Production", "2 None"], await StagesAsync(name));
    }

    [Fact]
    public async Task Rule_7_7_an_older_version_of_a_guarded_stage_is_not_deleted()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        await _client.MoveToStageAsync(name, "1", "Production");
        await _client.MoveToStageAsync(name, "2", "Production");
        await GuardAsync(name, PromotionTarget.OfStage(ModelStage.Production));
        Refused(await _client.TryDeleteAsync("model-versions/delete", RegistryRequests.Body(("name", name), ("version", "1"))));
        Assert.Equal(["1 Production", "2 Production"], await StagesAsync(name));
    }

    [Fact]
    public async Task Rule_7_6_what_no_policy_guards_follows_MLflow_beside_what_one_does()
    {
        string name = await CreateGuardedAsync(PromotionTarget.Alias("champion"), "1");
        await _client.SetAliasAsync(name, "challenger", "2");
        await _client.SetAliasAsync(name, "challenger", "1");
        await _client.DeleteAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", "challenger")));
        await _client.MoveToStageAsync(name, "1", "Production", archiveExisting: true);
        await _client.PatchAsync("registered-models/update", RegistryRequests.Body(("name", name), ("description", "d")));
        await _client.PostAsync("registered-models/set-tag", RegistryRequests.Body(("name", name), ("key", "k"), ("value", "v")));
        Assert.Equal("3", (string)(await _client.CreateVersionAsync(name))["version"]!);
    }

    [Fact]
    public async Task Rule_7_6_a_promotion_that_the_registry_applies_is_what_clients_see()
    {
        string name = await CreateGuardedAsync(PromotionTarget.Alias("champion"), "1");
        await using (ModelRegistry registry = OpenRegistry())
        {
            await registry.SetPolicyAsync(name, PromotionTarget.Alias("champion"), new PromotionPolicy { Name = "reviewed", RequiredTags = new Dictionary<string, string?> { ["reviewed"] = "yes" } }, cancellationToken: Cancel);
            using MemoryStream weights = new([1, 2, 3]);
            await registry.RegisterAsync(name, ModelContent.FromStream(weights, new ArtifactPath("weights.bin")), cancellationToken: Cancel);
            await _client.PostAsync("model-versions/set-tag", RegistryRequests.Body(("name", name), ("version", "3"), ("key", "reviewed"), ("value", "yes")));
            Promotion promotion = await registry.ProposeAsync(name, 3, PromotionTarget.Alias("champion"), cancellationToken: Cancel);
            Assert.Equal(PromotionStatus.Applied, promotion.Status);
        }

        Assert.Equal("3", (string)(await _client.GetAsync("registered-models/alias", ("name", name), ("alias", "champion")))["model_version"]!["version"]!);
    }

    [Fact]
    public async Task Rule_7_6_the_audit_log_names_the_caller_of_the_route()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        await _client.SetAliasAsync(name, "champion", "1");
        await using ModelRegistry registry = OpenRegistry();
        RegisteredModel model = await registry.GetModelAsync(name, Cancel);
        Assert.Equal(("anonymous", "anonymous"), (model.User, model.FindAlias("champion")!.MovedBy));
        List<AuditEvent> events = [];
        await foreach (AuditEvent each in registry.FindAuditEventsAsync(name, cancellationToken: Cancel))
            events.Add(each);
        Assert.Equal(3, events.Count);
        Assert.All(events, each => Assert.Equal("anonymous", each.Actor));
    }

    /// <summary>A model of two versions, of which one may be where the policy guards.</summary>
    private async Task<string> CreateGuardedAsync(PromotionTarget target, string? version)
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        if (version is not null && target.AliasName is { } alias)
            await _client.SetAliasAsync(name, alias, version);
        else if (version is not null)
            await _client.MoveToStageAsync(name, version, target.Stage.ToString());
        await GuardAsync(name, target);
        return name;
    }

    /// <summary>Sets a policy as its owner does: in the registry, which no route of MLflow's lets one do.</summary>
    private async Task GuardAsync(string name, PromotionTarget target)
    {
        await using ModelRegistry registry = OpenRegistry();
        await registry.SetPolicyAsync(name, target, new PromotionPolicy { Name = "four eyes", Approvals = 2 }, cancellationToken: Cancel);
    }

    private ModelRegistry OpenRegistry() => ModelRegistry.Open(r => r.UseSqlite(Path.Join(server.Server.Folder, "mlops.db")));

    private async Task RefusesToLoseAsync(string name)
    {
        Refused(await _client.TryDeleteAsync("model-versions/delete", RegistryRequests.Body(("name", name), ("version", "1"))));
        Refused(await _client.TryDeleteAsync("registered-models/delete", RegistryRequests.Body(("name", name))));
        Refused(await _client.TryPostAsync("registered-models/rename", RegistryRequests.Body(("name", name), ("new_name", ConformanceServer.Unique("other")))));
        await _client.GetVersionAsync(name, "1");
    }

    private Task<MlflowClient.Answer> MoveAsync(string name, string version, string stage, bool archiveExisting = false)
    {
        JsonObject body = RegistryRequests.Body(("name", name), ("version", version), ("stage", stage));
        body["archive_existing_versions"] = archiveExisting;
        return _client.TryPostAsync("model-versions/transition-stage", body);
    }

    private async Task<string[]> StagesAsync(string name) =>
        [.. (await _client.GetAsync("model-versions/search", ("filter", $"name = '{name}'"), ("order_by", "version_number")))["model_versions"]!.AsArray().Select(version => $"{version!["version"]} {version["current_stage"]}")];

    private static void Refused(MlflowClient.Answer answer) => answer.IsError(403, "PERMISSION_DENIED", "'four eyes'");
}
