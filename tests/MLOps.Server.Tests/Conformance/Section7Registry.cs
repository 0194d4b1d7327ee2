using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §7: what the registry does. Sources (7.3) and guards have classes of their own.</summary>
public sealed class Section7Registry(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    public async Task Rule_7_1_a_name_is_given_once()
    {
        string name = await _client.CreateModelAsync();
        (await _client.TryPostAsync("registered-models/create", RegistryRequests.Body(("name", name)))).IsError(400, "RESOURCE_ALREADY_EXISTS", $"Registered Model (name={name}) already exists");
    }

    [Fact]
    public async Task Rule_7_1_a_taken_name_of_a_prompt_is_told_to_be_one()
    {
        string name = await _client.CreateModelAsync(tags: ("mlflow.prompt.is_prompt", "true"));
        (await _client.TryPostAsync("registered-models/create", new JsonObject { ["name"] = name, ["tags"] = RegistryRequests.Pairs(("mlflow.prompt.is_prompt", "true")) })).IsError(400, "RESOURCE_ALREADY_EXISTS", $"Prompt (name={name}) already exists");
        (await _client.TryPostAsync("registered-models/create", RegistryRequests.Body(("name", name)))).IsError(400, "RESOURCE_ALREADY_EXISTS", $"Prompt (name={name}) already exists. A model and a prompt cannot have the same name");
    }

    [Fact]
    public async Task Rule_7_1_the_last_tag_of_a_key_wins()
    {
        string name = await _client.CreateModelAsync(tags: [("a", "1"), ("b", "1"), ("a", "2")]);
        Assert.Equal("a=2,b=1", RegistryRequests.PairsOf((await _client.GetModelAsync(name))["tags"]));
    }

    [Fact]
    public async Task Rule_7_1_an_empty_description_stays_empty()
    {
        string name = ConformanceServer.Unique("model");
        JsonObject made = await _client.PostAsync("registered-models/create", RegistryRequests.Body(("name", name), ("description", "")));
        Assert.Equal("", (string?)made["registered_model"]!["description"]);
        Assert.Equal("", (string?)(await _client.GetModelAsync(name))["description"]);
        Assert.Equal("", (string?)(await _client.CreateVersionAsync(name, fields: ("description", "")))["description"]);
        Assert.Equal("", (string?)(await _client.GetVersionAsync(name, "1"))["description"]);
    }

    [Fact]
    public async Task Rule_7_2_latest_versions_are_the_highest_of_each_stage_in_the_order_of_stages()
    {
        string name = await _client.CreateModelAsync();
        for (int i = 0; i < 8; i++)
            await _client.CreateVersionAsync(name);
        foreach ((string version, string stage) in new[] { ("1", "Archived"), ("2", "Archived"), ("3", "Production"), ("4", "Production"), ("5", "Staging"), ("8", "Production") })
            await _client.MoveToStageAsync(name, version, stage);
        await _client.DeleteAsync("model-versions/delete", RegistryRequests.Body(("name", name), ("version", "8")));
        await _client.SetAliasAsync(name, "champion", "4");
        JsonObject latest = await _client.PostAsync("registered-models/get-latest-versions", RegistryRequests.Body(("name", name)));
        Assert.Equal(["7", "5", "4", "2"], latest.Each("model_versions", "version"));
        Assert.Equal(["None", "Staging", "Production", "Archived"], latest.Each("model_versions", "current_stage"));
        Assert.Equal("champion", (string)latest["model_versions"]![2]!["aliases"]![0]!);
        Assert.Equal(["7", "5", "4", "2"], (await _client.GetModelAsync(name)).Each("latest_versions", "version"));
        JsonObject found = await _client.GetAsync("registered-models/search", ("filter", $"name = '{name}'"));
        Assert.Equal(["7", "5", "4", "2"], found["registered_models"]![0]!.AsObject().Each("latest_versions", "version"));
    }

    [Fact]
    public async Task Rule_7_2_stages_are_given_in_any_case_and_must_exist()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        await _client.MoveToStageAsync(name, "1", "Production");
        JsonObject Asking(params string[] stages) => new() { ["name"] = name, ["stages"] = new JsonArray([.. stages.Select(stage => (JsonNode)stage)]) };
        Assert.Equal(["1"], (await _client.PostAsync("registered-models/get-latest-versions", Asking("pRoDuCtIoN"))).Each("model_versions", "version"));
        Assert.Equal(["2", "1"], (await _client.PostAsync("registered-models/get-latest-versions", Asking("production", "none"))).Each("model_versions", "version"));
        Assert.Empty(await _client.PostAsync("registered-models/get-latest-versions", Asking("Archived")));
        foreach (string stage in (string[])["Retired", "2", "7", "", " Staging", "Staging,Production"])
            (await _client.TryPostAsync("registered-models/get-latest-versions", Asking(stage))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid Model Version stage");
    }

    [Fact]
    public async Task Rule_7_3_the_number_is_one_more_than_any_ever_was_and_READY_at_once()
    {
        string name = await _client.CreateModelAsync();
        Assert.Equal("1", (string)(await _client.CreateVersionAsync(name))["version"]!);
        Assert.Equal("2", (string)(await _client.CreateVersionAsync(name))["version"]!);
        await _client.DeleteAsync("model-versions/delete", RegistryRequests.Body(("name", name), ("version", "2")));
        JsonObject third = await _client.CreateVersionAsync(name);
        Assert.Equal(("3", "READY", "None"), ((string)third["version"]!, (string)third["status"]!, (string)third["current_stage"]!));
    }

    [Fact]
    public async Task Rule_7_3_a_version_touches_its_model()
    {
        string name = await _client.CreateModelAsync();
        JsonObject made = await _client.CreateVersionAsync(name), model = await _client.GetModelAsync(name);
        Assert.Equal((long)made["creation_timestamp"]!, (long)model["last_updated_timestamp"]!);
        Assert.True((long)model["last_updated_timestamp"]! >= (long)model["creation_timestamp"]!);
    }

    [Fact]
    public async Task Rule_7_3_a_version_may_name_a_run_that_this_server_does_not_have()
    {
        string name = await _client.CreateModelAsync(), run = Guid.NewGuid().ToString("N");
        Assert.Equal(run, (string)(await _client.CreateVersionAsync(name, fields: ("run_id", run)))["run_id"]!);
        Assert.Equal(run, (string)(await _client.GetVersionAsync(name, "1"))["run_id"]!);
        Assert.Equal(["1"], (await _client.GetAsync("model-versions/search", ("filter", $"run_id = '{run}'"))).Each("model_versions", "version"));
        JsonObject copy = await _client.CreateVersionAsync(name, $"models:/{name}/1");
        Assert.Equal(run, (string)copy["run_id"]!);
        Assert.False((await _client.CreateVersionAsync(name, fields: ("run_id", ""))).ContainsKey("run_id"));
    }

    [Fact]
    public async Task Rule_7_3_a_run_of_this_server_is_restored_before_a_version_names_it()
    {
        string name = await _client.CreateModelAsync(), run = await server.CreateRunAsync();
        await _client.PostAsync("runs/delete", RegistryRequests.Body(("run_id", run)));
        (await _client.TryCreateVersionAsync(name, RegistryRequests.RemoteSource, ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", $"The run {run} must be in the 'active' state");
        await _client.PostAsync("runs/restore", RegistryRequests.Body(("run_id", run)));
        Assert.Equal("1", (string)(await _client.CreateVersionAsync(name, fields: ("run_id", run)))["version"]!);
    }

    [Fact]
    public async Task Rule_7_3_versions_that_are_made_at_once_get_numbers_of_their_own()
    {
        string name = await _client.CreateModelAsync();
        JsonObject[] made = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _client.CreateVersionAsync(name)));
        Assert.Equal(Enumerable.Range(1, 8), made.Select(version => int.Parse((string)version["version"]!, System.Globalization.CultureInfo.InvariantCulture)).Order());
    }

    [Theory]
    [InlineData("s3://bucket/models/one")]
    [InlineData("s3://bucket//models///one/")]
    [InlineData("https://host:8080/a/b?version=1")]
    [InlineData("dbfs:/models/x")]
    public async Task Rule_7_4_the_source_is_told_unchanged(string source)
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name, source);
        Assert.Equal(source, (string)(await _client.GetAsync("model-versions/get-download-uri", ("name", name), ("version", "1")))["artifact_uri"]!);
        Assert.Equal(source, (string)(await _client.GetVersionAsync(name, "1"))["source"]!);
    }

    [Theory]
    [InlineData("staging", "Staging")]
    [InlineData("PRODUCTION", "Production")]
    [InlineData("Archived", "Archived")]
    [InlineData("none", "None")]
    public async Task Rule_7_5_a_stage_is_taken_in_any_case_and_told_in_one(string given, string told)
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        Assert.Equal(told, (string)(await _client.MoveToStageAsync(name, "1", given))["model_version"]!["current_stage"]!);
        JsonObject version = await _client.GetVersionAsync(name, "1"), model = await _client.GetModelAsync(name);
        Assert.Equal(told, (string)version["current_stage"]!);
        Assert.Equal((long)model["last_updated_timestamp"]!, (long)version["last_updated_timestamp"]!);
    }

    [Fact]
    public async Task Rule_7_5_an_unknown_stage_is_refused()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        (await _client.TryPostAsync("model-versions/transition-stage", RegistryRequests.Body(("name", name), ("version", "1"), ("stage", "Live")))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid Model Version stage: Live");
        (await _client.TryPostAsync("model-versions/transition-stage", RegistryRequests.Body(("name", name), ("version", "1")))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'stage'");
    }

    [Theory]
    [InlineData("Staging")]
    [InlineData("Production")]
    public async Task Rule_7_5_the_others_of_the_stage_are_archived_where_asked(string stage)
    {
        string name = await _client.CreateModelAsync(), other = stage == "Staging" ? "Production" : "Staging";
        for (int i = 0; i < 5; i++)
            await _client.CreateVersionAsync(name);
        await _client.MoveToStageAsync(name, "1", stage);
        await _client.MoveToStageAsync(name, "2", stage);
        await _client.MoveToStageAsync(name, "3", other);
        await _client.MoveToStageAsync(name, "4", stage, archiveExisting: true);
        string[] stages = (await _client.GetAsync("model-versions/search", ("filter", $"name = '{name}'"), ("order_by", "version_number"))).Each("model_versions", "current_stage");
        Assert.Equal(["Archived", "Archived", other, stage, "None"], stages);
    }

    [Theory]
    [InlineData("None")]
    [InlineData("Archived")]
    public async Task Rule_7_5_nothing_is_archived_for_a_stage_that_is_not_live(string stage)
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        JsonObject body = RegistryRequests.Body(("name", name), ("version", "1"), ("stage", stage));
        body["archive_existing_versions"] = true;
        (await _client.TryPostAsync("model-versions/transition-stage", body)).IsError(400, "INVALID_PARAMETER_VALUE", "Staging and Production");
    }

    [Fact]
    public async Task Rule_7_6_setting_an_alias_again_moves_it_and_a_version_may_have_many()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        await _client.SetAliasAsync(name, "a", "1");
        await _client.SetAliasAsync(name, "b", "1");
        await _client.SetAliasAsync(name, "b", "1");
        Assert.Equal(["a", "b"], (await _client.GetVersionAsync(name, "1"))["aliases"]!.AsArray().Select(alias => (string)alias!));
        await _client.SetAliasAsync(name, "a", "2");
        Assert.Equal(["b"], (await _client.GetVersionAsync(name, "1"))["aliases"]!.AsArray().Select(alias => (string)alias!));
        Assert.Equal(["a"], (await _client.GetVersionAsync(name, "2"))["aliases"]!.AsArray().Select(alias => (string)alias!));
        JsonObject model = await _client.GetModelAsync(name);
        Assert.Equal(["a", "b"], model.Each("aliases", "alias"));
        Assert.Equal(["2", "1"], model.Each("aliases", "version"));
    }

    [Fact]
    public async Task Rule_7_6_an_alias_needs_a_version_that_is_there()
    {
        string name = await _client.CreateModelAsync();
        (await _client.TryPostAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", "a"), ("version", "1")))).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"Model Version (name={name}, version=1) not found");
    }

    [Fact]
    public async Task Rule_7_6_an_unknown_alias_is_a_bad_request_to_read_and_nothing_to_delete()
    {
        string name = await _client.CreateModelAsync();
        (await _client.TryGetAsync("registered-models/alias", ("name", name), ("alias", "champion"))).IsError(400, "INVALID_PARAMETER_VALUE", "Registered model alias champion not found.");
        Assert.Empty(await _client.DeleteAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", "champion"))));
    }

    [Fact]
    public async Task Rule_7_6_the_alias_latest_is_the_first_of_the_latest_versions()
    {
        string name = await _client.CreateModelAsync();
        (await _client.TryGetAsync("registered-models/alias", ("name", name), ("alias", "latest"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "no version yet");
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        Assert.Equal("3", await LatestAsync("latest"));
        await _client.MoveToStageAsync(name, "3", "Production");
        Assert.Equal("2", await LatestAsync("Latest"));

        async Task<string> LatestAsync(string alias) => (string)(await _client.GetAsync("registered-models/alias", ("name", name), ("alias", alias)))["model_version"]!["version"]!;
    }

    [Fact]
    public async Task Rule_7_6_aliases_vanish_with_their_version()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        await _client.SetAliasAsync(name, "a", "1");
        await _client.SetAliasAsync(name, "b", "2");
        await _client.DeleteAsync("model-versions/delete", RegistryRequests.Body(("name", name), ("version", "1")));
        (await _client.TryGetAsync("registered-models/alias", ("name", name), ("alias", "a"))).IsError(400, "INVALID_PARAMETER_VALUE", "Registered model alias a not found.");
        Assert.Equal(["b"], (await _client.GetModelAsync(name)).Each("aliases", "alias"));
    }

    [Fact]
    public async Task Rule_7_6_deleting_a_tag_that_is_not_there_changes_nothing()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        Assert.Empty(await _client.DeleteAsync("registered-models/delete-tag", RegistryRequests.Body(("name", name), ("key", "absent"))));
        Assert.Empty(await _client.DeleteAsync("model-versions/delete-tag", RegistryRequests.Body(("name", name), ("version", "1"), ("key", "absent"))));
    }

    [Fact]
    public async Task Rule_7_7_a_deleted_version_is_hidden_from_every_read()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        await _client.DeleteAsync("model-versions/delete", RegistryRequests.Body(("name", name), ("version", "2")));
        (await _client.TryGetAsync("model-versions/get", ("name", name), ("version", "2"))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryGetAsync("model-versions/get-download-uri", ("name", name), ("version", "2"))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryDeleteAsync("model-versions/delete", RegistryRequests.Body(("name", name), ("version", "2")))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        Assert.Equal(["1"], (await _client.GetAsync("model-versions/search", ("filter", $"name = '{name}'"))).Each("model_versions", "version"));
        Assert.Equal(["1"], (await _client.PostAsync("registered-models/get-latest-versions", RegistryRequests.Body(("name", name)))).Each("model_versions", "version"));
        Assert.Equal(["1"], (await _client.GetModelAsync(name)).Each("latest_versions", "version"));
    }

    [Fact]
    public async Task Rule_7_7_deleting_a_model_removes_all_that_it_had()
    {
        string name = await _client.CreateModelAsync(tags: ("team", "risk"));
        await _client.CreateVersionAsync(name);
        await _client.SetAliasAsync(name, "champion", "1");
        await _client.MoveToStageAsync(name, "1", "Production");
        await _client.DeleteAsync("registered-models/delete", RegistryRequests.Body(("name", name)));
        (await _client.TryGetAsync("model-versions/get", ("name", name), ("version", "1"))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        Assert.Empty(await _client.GetAsync("model-versions/search", ("filter", $"name = '{name}'")));
        await _client.CreateModelAsync(name);
        JsonObject again = await _client.GetModelAsync(name);
        foreach (string field in (string[])["tags", "aliases", "latest_versions"])
            Assert.False(again.ContainsKey(field), field);
        Assert.Equal("1", (string)(await _client.CreateVersionAsync(name))["version"]!);
    }

    [Fact]
    public async Task Rule_7_7_a_rename_carries_versions_tags_and_aliases_along()
    {
        string name = await _client.CreateModelAsync(tags: ("team", "risk")), renamed = ConformanceServer.Unique("renamed");
        await _client.PostAsync("model-versions/create", new JsonObject { ["name"] = name, ["source"] = RegistryRequests.RemoteSource, ["tags"] = RegistryRequests.Pairs(("reviewed", "yes")) });
        await _client.SetAliasAsync(name, "champion", "1");
        long before = (long)(await _client.GetModelAsync(name))["last_updated_timestamp"]!;
        await _client.PostAsync("registered-models/rename", RegistryRequests.Body(("name", name), ("new_name", renamed)));
        JsonObject model = await _client.GetModelAsync(renamed), version = await _client.GetVersionAsync(renamed, "1");
        Assert.Equal(("team=risk", "champion"), (RegistryRequests.PairsOf(model["tags"]), (string)model["aliases"]![0]!["alias"]!));
        Assert.Equal((renamed, "reviewed=yes"), ((string)version["name"]!, RegistryRequests.PairsOf(version["tags"])));
        Assert.True((long)model["last_updated_timestamp"]! >= before);
        (await _client.TryGetAsync("model-versions/get", ("name", name), ("version", "1"))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
    }

    [Fact]
    public async Task Rule_7_7_a_rename_to_a_name_that_is_taken_is_refused()
    {
        string name = await _client.CreateModelAsync(), other = await _client.CreateModelAsync();
        (await _client.TryPostAsync("registered-models/rename", RegistryRequests.Body(("name", name), ("new_name", other)))).IsError(400, "RESOURCE_ALREADY_EXISTS", "already exists");
        await _client.GetModelAsync(name);
    }

    [Fact]
    public async Task Rule_7_8_an_update_without_description_clears_it()
    {
        string name = ConformanceServer.Unique("model");
        await _client.PostAsync("registered-models/create", RegistryRequests.Body(("name", name), ("description", "first")));
        await _client.CreateVersionAsync(name, fields: ("description", "first"));
        await _client.PatchAsync("registered-models/update", RegistryRequests.Body(("name", name)));
        await _client.PatchAsync("model-versions/update", RegistryRequests.Body(("name", name), ("version", "1")));
        Assert.True(string.IsNullOrEmpty((string?)(await _client.GetModelAsync(name))["description"]));
        Assert.True(string.IsNullOrEmpty((string?)(await _client.GetVersionAsync(name, "1"))["description"]));
    }

    [Fact]
    public async Task Rule_7_9_a_version_is_copied_by_naming_it_as_the_source()
    {
        string name = await _client.CreateModelAsync(), other = await _client.CreateModelAsync(), run = await server.CreateRunAsync();
        await _client.CreateVersionAsync(name, "s3://bucket/original", ("run_id", run));
        JsonObject copy = await _client.CreateVersionAsync(other, $"models:/{name}/1");
        Assert.Equal((other, "1", $"models:/{name}/1", run), ((string)copy["name"]!, (string)copy["version"]!, (string)copy["source"]!, (string)copy["run_id"]!));
        Assert.Equal("s3://bucket/original", (string)(await _client.GetAsync("model-versions/get-download-uri", ("name", other), ("version", "1")))["artifact_uri"]!);
        JsonObject copyOfCopy = await _client.CreateVersionAsync(other, $"models:/{other}/1");
        Assert.Equal("s3://bucket/original", (string)(await _client.GetAsync("model-versions/get-download-uri", ("name", other), ("version", (string)copyOfCopy["version"]!)))["artifact_uri"]!);
    }
}
