using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §3.3: the routes of registered models, and the form of what they answer (§2).</summary>
public sealed class Section3RegisteredModels(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    [Endpoint("POST /registered-models/create")]
    [Endpoint("GET /registered-models/get")]
    public async Task Rule_3_3_a_model_is_made_and_read_again()
    {
        string name = ConformanceServer.Unique("model");
        JsonObject made = (await _client.PostAsync("registered-models/create", new JsonObject { ["name"] = name, ["description"] = "What it is for", ["tags"] = RegistryRequests.Pairs(("team", "risk")) }))["registered_model"]!.AsObject();
        Assert.Equal((name, "What it is for", "team=risk"), ((string)made["name"]!, (string)made["description"]!, RegistryRequests.PairsOf(made["tags"])));
        Assert.True((long)made["creation_timestamp"]! > 0);
        Assert.Equal((long)made["creation_timestamp"]!, (long)made["last_updated_timestamp"]!);
        Assert.False(made.ContainsKey("latest_versions"));
        Assert.False(made.ContainsKey("aliases"));
        JsonObject read = await _client.GetModelAsync(name);
        Assert.True(JsonNode.DeepEquals(made, read), $"{made} {read}");
    }

    [Fact]
    public async Task Rule_3_3_a_model_that_is_not_there_is_404_on_every_route()
    {
        string name = ConformanceServer.Unique("absent");
        string text = $"Registered Model with name={name} not found";
        JsonObject Body(params (string, string)[] more) => RegistryRequests.Body([("name", name), .. more]);
        (await _client.TryGetAsync("registered-models/get", ("name", name))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryPostAsync("registered-models/rename", Body(("new_name", "x" + name)))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryPatchAsync("registered-models/update", Body(("description", "d")))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryDeleteAsync("registered-models/delete", Body())).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryPostAsync("registered-models/get-latest-versions", Body())).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryPostAsync("registered-models/set-tag", Body(("key", "k"), ("value", "v")))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryDeleteAsync("registered-models/delete-tag", Body(("key", "k")))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryPostAsync("registered-models/alias", Body(("alias", "a"), ("version", "1")))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryDeleteAsync("registered-models/alias", Body(("alias", "a")))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryGetAsync("registered-models/alias", ("name", name), ("alias", "a"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryGetAsync("registered-models/alias", ("name", name), ("alias", "latest"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryCreateVersionAsync(name, RegistryRequests.RemoteSource)).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryGetAsync("registered-models/get", ("name", name))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
    }

    [Theory]
    [InlineData("POST", "registered-models/create")]
    [InlineData("POST", "registered-models/rename")]
    [InlineData("PATCH", "registered-models/update")]
    [InlineData("DELETE", "registered-models/delete")]
    [InlineData("GET", "registered-models/get")]
    [InlineData("POST", "registered-models/get-latest-versions")]
    [InlineData("GET", "registered-models/get-latest-versions")]
    [InlineData("POST", "registered-models/set-tag")]
    [InlineData("DELETE", "registered-models/delete-tag")]
    [InlineData("POST", "registered-models/alias")]
    [InlineData("DELETE", "registered-models/alias")]
    [InlineData("GET", "registered-models/alias")]
    public async Task Rule_1_7_each_route_names_what_is_missing(string method, string path)
    {
        using StringContent? body = method == "GET" ? null : MlflowClient.Json([]);
        (await _client.SendAsync(new HttpMethod(method), path, body)).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'");
    }

    [Fact]
    public async Task Rule_1_7_further_parameters_of_models_are_required_too()
    {
        string name = await _client.CreateModelAsync();
        void Missing(MlflowClient.Answer answer, string parameter) => answer.IsError(400, "INVALID_PARAMETER_VALUE", $"Missing value for required parameter '{parameter}'");
        JsonObject Body(params (string, string)[] more) => RegistryRequests.Body([("name", name), .. more]);
        Missing(await _client.TryPostAsync("registered-models/rename", Body()), "new_name");
        Missing(await _client.TryPostAsync("registered-models/set-tag", Body()), "key");
        Missing(await _client.TryDeleteAsync("registered-models/delete-tag", Body()), "key");
        Missing(await _client.TryPostAsync("registered-models/alias", Body(("version", "1"))), "alias");
        Missing(await _client.TryPostAsync("registered-models/alias", Body(("alias", "a"))), "version");
        Missing(await _client.TryDeleteAsync("registered-models/alias", Body()), "alias");
        Missing(await _client.TryGetAsync("registered-models/alias", ("name", name)), "alias");
    }

    [Fact]
    [Endpoint("POST /registered-models/rename")]
    public async Task Rule_3_3_a_model_is_renamed()
    {
        string name = await _client.CreateModelAsync(tags: ("team", "risk")), other = ConformanceServer.Unique("renamed");
        JsonObject renamed = (await _client.PostAsync("registered-models/rename", RegistryRequests.Body(("name", name), ("new_name", other))))["registered_model"]!.AsObject();
        Assert.Equal((other, "team=risk"), ((string)renamed["name"]!, RegistryRequests.PairsOf(renamed["tags"])));
        (await _client.TryGetAsync("registered-models/get", ("name", name))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
    }

    [Fact]
    [Endpoint("PATCH /registered-models/update")]
    public async Task Rule_3_3_a_model_is_described()
    {
        string name = await _client.CreateModelAsync();
        JsonObject described = (await _client.PatchAsync("registered-models/update", RegistryRequests.Body(("name", name), ("description", "New"))))["registered_model"]!.AsObject();
        Assert.Equal("New", (string)described["description"]!);
        Assert.Equal("New", (string)(await _client.GetModelAsync(name))["description"]!);
    }

    [Fact]
    [Endpoint("DELETE /registered-models/delete")]
    public async Task Rule_3_3_a_model_is_deleted_by_a_JSON_body()
    {
        string name = await _client.CreateModelAsync();
        Assert.Empty(await _client.DeleteAsync("registered-models/delete", RegistryRequests.Body(("name", name))));
        (await _client.TryGetAsync("registered-models/get", ("name", name))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        await _client.CreateModelAsync(name);
    }

    [Fact]
    [Endpoint("GET /registered-models/search")]
    public async Task Rule_3_3_models_are_found_page_by_page()
    {
        string prefix = ConformanceServer.Unique("page");
        for (int i = 0; i < 5; i++)
            await _client.CreateModelAsync($"{prefix}-{i}");
        List<string> found = [];
        string? token = null;
        do
        {
            (string, string)[] query = [("filter", $"name LIKE '{prefix}%'"), ("max_results", "2"), .. token is null ? Array.Empty<(string, string)>() : [("page_token", token)]];
            JsonObject page = await _client.GetAsync("registered-models/search", query);
            string[] names = page.Each("registered_models", "name");
            Assert.InRange(names.Length, 1, 2);
            found.AddRange(names);
            token = (string?)page["next_page_token"];
        }
        while (token is not null);
        Assert.Equal([.. Enumerable.Range(0, 5).Select(i => $"{prefix}-{i}")], found);
    }

    [Fact]
    [Endpoint("POST /registered-models/set-tag")]
    [Endpoint("DELETE /registered-models/delete-tag")]
    public async Task Rule_3_3_tags_of_a_model_are_set_and_deleted()
    {
        string name = await _client.CreateModelAsync();
        Assert.Empty(await _client.PostAsync("registered-models/set-tag", RegistryRequests.Body(("name", name), ("key", "a"), ("value", "1"))));
        await _client.PostAsync("registered-models/set-tag", RegistryRequests.Body(("name", name), ("key", "a"), ("value", "2")));
        await _client.PostAsync("registered-models/set-tag", RegistryRequests.Body(("name", name), ("key", "b"), ("value", "")));
        Assert.Equal("a=2,b=", RegistryRequests.PairsOf((await _client.GetModelAsync(name))["tags"]));
        Assert.Empty(await _client.DeleteAsync("registered-models/delete-tag", RegistryRequests.Body(("name", name), ("key", "a"))));
        Assert.Equal("b=", RegistryRequests.PairsOf((await _client.GetModelAsync(name))["tags"]));
    }

    [Fact]
    [Endpoint("POST /registered-models/alias")]
    [Endpoint("GET /registered-models/alias")]
    [Endpoint("DELETE /registered-models/alias")]
    public async Task Rule_3_3_an_alias_is_set_read_and_deleted()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        Assert.Empty(await _client.SetAliasAsync(name, "champion", "1"));
        JsonObject version = (await _client.GetAsync("registered-models/alias", ("name", name), ("alias", "champion")))["model_version"]!.AsObject();
        Assert.Equal((name, "1", "champion"), ((string)version["name"]!, (string)version["version"]!, (string)version["aliases"]![0]!));
        JsonObject alias = (await _client.GetModelAsync(name))["aliases"]![0]!.AsObject();
        Assert.Equal(("champion", "1"), ((string)alias["alias"]!, (string)alias["version"]!));
        Assert.Empty(await _client.DeleteAsync("registered-models/alias", RegistryRequests.Body(("name", name), ("alias", "champion"))));
        Assert.False((await _client.GetModelAsync(name)).ContainsKey("aliases"));
    }

    [Fact]
    [Endpoint("POST /registered-models/get-latest-versions")]
    [Endpoint("GET /registered-models/get-latest-versions")]
    public async Task Rule_3_3_latest_versions_are_asked_for_by_POST_and_by_GET()
    {
        string name = await _client.CreateModelAsync();
        Assert.Empty(await _client.PostAsync("registered-models/get-latest-versions", RegistryRequests.Body(("name", name))));
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        await _client.CreateVersionAsync(name);
        await _client.MoveToStageAsync(name, "2", "Production");
        await _client.MoveToStageAsync(name, "3", "Staging");
        JsonObject posted = await _client.PostAsync("registered-models/get-latest-versions", new JsonObject { ["name"] = name, ["stages"] = new JsonArray("Production", "Staging") });
        JsonObject got = await _client.GetAsync("registered-models/get-latest-versions", ("name", name), ("stages", "Production"), ("stages", "Staging"));
        Assert.Equal(["3", "2"], posted.Each("model_versions", "version"));
        Assert.True(JsonNode.DeepEquals(posted, got));
    }
}
