using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §3.3: the routes of model versions, and the form of what they answer (§2).</summary>
public sealed class Section3ModelVersions(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    [Endpoint("POST /model-versions/create")]
    [Endpoint("GET /model-versions/get")]
    public async Task Rule_3_3_a_version_is_made_and_read_again()
    {
        string name = await _client.CreateModelAsync(), run = await server.CreateRunAsync();
        JsonObject made = (await _client.PostAsync("model-versions/create", new JsonObject
        {
            ["name"] = name,
            ["source"] = RegistryRequests.RemoteSource,
            ["run_id"] = run,
            ["run_link"] = "https://tracker.example.org/runs/1",
            ["description"] = "The first",
            ["tags"] = RegistryRequests.Pairs(("reviewed", "no"), ("reviewed", "yes")),
        }))["model_version"]!.AsObject();
        Assert.Equal(
            (name, "1", RegistryRequests.RemoteSource, run, "https://tracker.example.org/runs/1", "The first", "reviewed=yes", "None", "READY"),
            ((string)made["name"]!, (string)made["version"]!, (string)made["source"]!, (string)made["run_id"]!, (string)made["run_link"]!, (string)made["description"]!, RegistryRequests.PairsOf(made["tags"]), (string)made["current_stage"]!, (string)made["status"]!));
        Assert.True((long)made["creation_timestamp"]! > 0);
        Assert.Equal((long)made["creation_timestamp"]!, (long)made["last_updated_timestamp"]!);
        JsonObject read = await _client.GetVersionAsync(name, "1");
        Assert.True(JsonNode.DeepEquals(made, read), $"{made} {read}");
    }

    [Fact]
    public async Task Rule_1_4_fields_that_were_never_set_are_absent()
    {
        string name = await _client.CreateModelAsync();
        JsonObject made = await _client.CreateVersionAsync(name);
        foreach (string field in (string[])["run_id", "run_link", "description", "tags", "aliases", "model_id", "status_message"])
            Assert.False(made.ContainsKey(field), field);
    }

    [Theory]
    [InlineData("POST", "model-versions/create")]
    [InlineData("PATCH", "model-versions/update")]
    [InlineData("POST", "model-versions/transition-stage")]
    [InlineData("DELETE", "model-versions/delete")]
    [InlineData("GET", "model-versions/get")]
    [InlineData("GET", "model-versions/get-download-uri")]
    [InlineData("POST", "model-versions/set-tag")]
    [InlineData("DELETE", "model-versions/delete-tag")]
    public async Task Rule_1_7_each_route_names_what_is_missing(string method, string path)
    {
        using StringContent? nothing = method == "GET" ? null : MlflowClient.Json([]);
        (await _client.SendAsync(new HttpMethod(method), path, nothing)).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'");
        using StringContent? named = method == "GET" ? null : MlflowClient.Json(RegistryRequests.Body(("name", "m")));
        string second = path == "model-versions/create" ? "source" : "version";
        (await _client.SendAsync(new HttpMethod(method), method == "GET" ? $"{path}?name=m" : path, named)).IsError(400, "INVALID_PARAMETER_VALUE", $"Missing value for required parameter '{second}'");
    }

    [Fact]
    public async Task Rule_3_3_a_version_that_is_not_there_is_404_on_every_route()
    {
        string name = await _client.CreateModelAsync();
        string text = $"Model Version (name={name}, version=7) not found";
        JsonObject Body(params (string, string)[] more) => RegistryRequests.Body([("name", name), ("version", "7"), .. more]);
        (await _client.TryGetAsync("model-versions/get", ("name", name), ("version", "7"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryGetAsync("model-versions/get-download-uri", ("name", name), ("version", "7"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryPatchAsync("model-versions/update", Body())).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryPostAsync("model-versions/transition-stage", Body(("stage", "Staging")))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryDeleteAsync("model-versions/delete", Body())).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryPostAsync("model-versions/set-tag", Body(("key", "k"), ("value", "v")))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryDeleteAsync("model-versions/delete-tag", Body(("key", "k")))).IsError(404, "RESOURCE_DOES_NOT_EXIST", text);
        (await _client.TryGetAsync("model-versions/get", ("name", ConformanceServer.Unique("absent")), ("version", "7"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "Registered Model");
    }

    [Fact]
    [Endpoint("PATCH /model-versions/update")]
    public async Task Rule_3_3_a_version_is_described()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        JsonObject described = (await _client.PatchAsync("model-versions/update", RegistryRequests.Body(("name", name), ("version", "1"), ("description", "New"))))["model_version"]!.AsObject();
        Assert.Equal(("1", "New"), ((string)described["version"]!, (string)described["description"]!));
        Assert.Equal("New", (string)(await _client.GetVersionAsync(name, "1"))["description"]!);
    }

    [Fact]
    [Endpoint("POST /model-versions/transition-stage")]
    public async Task Rule_3_3_a_version_is_moved_to_a_stage()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        JsonObject moved = await _client.MoveToStageAsync(name, "1", "Production");
        Assert.Equal(("1", "Production"), ((string)moved["model_version"]!["version"]!, (string)moved["model_version"]!["current_stage"]!));
        Assert.Equal("Production", (string)(await _client.GetVersionAsync(name, "1"))["current_stage"]!);
    }

    [Fact]
    [Endpoint("DELETE /model-versions/delete")]
    public async Task Rule_3_3_a_version_is_deleted_by_a_JSON_body()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        Assert.Empty(await _client.DeleteAsync("model-versions/delete", RegistryRequests.Body(("name", name), ("version", "1"))));
        (await _client.TryGetAsync("model-versions/get", ("name", name), ("version", "1"))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
    }

    [Fact]
    [Endpoint("GET /model-versions/get-download-uri")]
    public async Task Rule_3_3_the_place_of_the_files_is_told()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        Assert.Equal(RegistryRequests.RemoteSource, (string)(await _client.GetAsync("model-versions/get-download-uri", ("name", name), ("version", "1")))["artifact_uri"]!);
    }

    [Fact]
    [Endpoint("GET /model-versions/search")]
    public async Task Rule_3_3_versions_are_found_page_by_page()
    {
        string name = await _client.CreateModelAsync();
        for (int i = 0; i < 4; i++)
            await _client.CreateVersionAsync(name);
        (string, string)[] question = [("filter", $"name = '{name}'"), ("order_by", "version_number ASC"), ("max_results", "2")];
        JsonObject first = await _client.GetAsync("model-versions/search", question);
        Assert.Equal(["1", "2"], first.Each("model_versions", "version"));
        JsonObject second = await _client.GetAsync("model-versions/search", [.. question, ("page_token", (string)first["next_page_token"]!)]);
        Assert.Equal(["3", "4"], second.Each("model_versions", "version"));
        Assert.False(second.ContainsKey("next_page_token"));
    }

    [Fact]
    [Endpoint("POST /model-versions/set-tag")]
    [Endpoint("DELETE /model-versions/delete-tag")]
    public async Task Rule_3_3_tags_of_a_version_are_set_and_deleted()
    {
        string name = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name);
        JsonObject Body(params (string, string)[] more) => RegistryRequests.Body([("name", name), ("version", "1"), .. more]);
        Assert.Empty(await _client.PostAsync("model-versions/set-tag", Body(("key", "a"), ("value", "1"))));
        await _client.PostAsync("model-versions/set-tag", Body(("key", "b"), ("value", "2")));
        Assert.Empty(await _client.DeleteAsync("model-versions/delete-tag", Body(("key", "a"))));
        Assert.Equal("b=2", RegistryRequests.PairsOf((await _client.GetVersionAsync(name, "1"))["tags"]));
    }
}
