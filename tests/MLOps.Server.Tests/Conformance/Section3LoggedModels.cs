using System.Net;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §3.5: the routes of logged models.</summary>
public sealed class Section3LoggedModels(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    [Endpoint("POST /logged-models")]
    public async Task Rule_3_5_a_model_is_made_with_all_that_it_is_given()
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment);
        JsonObject info = Info(await _client.PostAsync("logged-models", new JsonObject
        {
            ["experiment_id"] = experiment,
            ["name"] = "churn",
            ["model_type"] = "classifier",
            ["source_run_id"] = run,
            ["params"] = Pairs(("depth", "3"), ("alpha", "")),
            ["tags"] = Pairs(("team", "a"), ("team", "b")),
        }));
        Assert.Equal((experiment, "churn", "classifier", run), ((string?)info["experiment_id"], (string?)info["name"], (string?)info["model_type"], (string?)info["source_run_id"]));
        Assert.True((long)info["creation_timestamp_ms"]! > 1_700_000_000_000);
        Assert.Equal((long)info["creation_timestamp_ms"]!, (long)info["last_updated_timestamp_ms"]!);
        Assert.Equal("""[{"key":"team","value":"b"}]""", info["tags"]!.ToJsonString());
        JsonObject model = await GetAsync(Id(info));
        Assert.Equal("""[{"key":"alpha","value":""},{"key":"depth","value":"3"}]""", model["data"]!["params"]!.ToJsonString());
        Assert.Equal(info.ToJsonString(), model["info"]!.ToJsonString());
    }

    [Fact]
    [Endpoint("GET /logged-models/{id}")]
    public async Task Rule_3_5_a_model_that_is_not_there_is_404()
    {
        (await _client.TryGetAsync($"logged-models/m-{Guid.NewGuid():N}")).IsError(404, "RESOURCE_DOES_NOT_EXIST", "not found");
        (await _client.TryGetAsync("logged-models/no-id")).IsError(404, "RESOURCE_DOES_NOT_EXIST", "'no-id' not found");
        (await _client.TryPatchAsync($"logged-models/m-{Guid.NewGuid():N}", new JsonObject { ["status"] = 2 })).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryDeleteAsync($"logged-models/m-{Guid.NewGuid():N}", [])).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryPatchAsync($"logged-models/m-{Guid.NewGuid():N}/tags", new JsonObject { ["tags"] = Pairs(("a", "b")) })).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryPostAsync($"logged-models/m-{Guid.NewGuid():N}/params", new JsonObject { ["params"] = Pairs(("a", "b")) })).IsError(404, "RESOURCE_DOES_NOT_EXIST");
    }

    [Fact]
    [Endpoint("GET /logged-models/{id}")]
    public async Task Rule_3_5_a_model_without_anything_has_empty_data_and_no_lists()
    {
        JsonObject model = await GetAsync(await CreateAsync());
        Assert.Equal("{}", model["data"]!.ToJsonString());
        Assert.False(model["info"]!.AsObject().ContainsKey("tags"));
        Assert.False(model["info"]!.AsObject().ContainsKey("registrations"));
        Assert.False(model["info"]!.AsObject().ContainsKey("model_type"));
        Assert.False(model["info"]!.AsObject().ContainsKey("source_run_id"));
    }

    [Fact]
    [Endpoint("POST /logged-models")]
    public async Task Rule_3_5_a_model_needs_an_experiment_that_is_in_use()
    {
        (await _client.TryPostAsync("logged-models", new JsonObject { ["name"] = "churn" })).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'experiment_id'");
        (await _client.TryPostAsync("logged-models", new JsonObject { ["experiment_id"] = "987654321" })).IsError(404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=987654321 exists");
        string experiment = await server.CreateExperimentAsync();
        await _client.PostAsync("experiments/delete", new JsonObject { ["experiment_id"] = experiment });
        (await _client.TryPostAsync("logged-models", new JsonObject { ["experiment_id"] = experiment })).IsError(400, "INVALID_PARAMETER_VALUE", "must be in the 'active' state");
    }

    [Fact]
    [Endpoint("PATCH /logged-models/{id}/tags")]
    public async Task Rule_3_5_tags_are_set_and_the_last_value_wins()
    {
        string id = await CreateAsync();
        await _client.PatchAsync($"logged-models/{id}/tags", new JsonObject { ["tags"] = Pairs(("stage", "a"), ("stage", "b"), ("note", "")) });
        await _client.PatchAsync($"logged-models/{id}/tags", new JsonObject { ["tags"] = Pairs(("stage", "c")) });
        Assert.Equal("""[{"key":"note","value":""},{"key":"stage","value":"c"}]""", (await GetAsync(id))["info"]!["tags"]!.ToJsonString());
        (await _client.TryPatchAsync($"logged-models/{id}/tags", new JsonObject { ["tags"] = new JsonArray(new JsonObject { ["value"] = "x" }) })).IsError(400, "INVALID_PARAMETER_VALUE", "tags[0].key");
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a/b c", "a/b%20c")]
    [InlineData("a/b c", "a%2Fb%20c")]
    [InlineData("ключ.1", "%D0%BA%D0%BB%D1%8E%D1%87.1")]
    [Endpoint("DELETE /logged-models/{id}/tags/{key}")]
    public async Task Rule_3_5_a_tag_is_deleted_by_its_key_in_the_path(string key, string path)
    {
        string id = await CreateAsync();
        await _client.PatchAsync($"logged-models/{id}/tags", new JsonObject { ["tags"] = Pairs((key, "x"), ("other", "y")) });
        Assert.Empty(await _client.DeleteAsync($"logged-models/{id}/tags/{path}", []));
        Assert.Equal("""[{"key":"other","value":"y"}]""", (await GetAsync(id))["info"]!["tags"]!.ToJsonString());
    }

    [Fact]
    [Endpoint("POST /logged-models/{id}/params")]
    public async Task Rule_3_5_params_are_added()
    {
        string id = await CreateAsync();
        Assert.Empty(await _client.PostAsync($"logged-models/{id}/params", new JsonObject { ["params"] = Pairs(("b", "2"), ("a", "1")) }));
        Assert.Equal("""[{"key":"a","value":"1"},{"key":"b","value":"2"}]""", (await GetAsync(id))["data"]!["params"]!.ToJsonString());
        (await _client.TryPostAsync($"logged-models/{id}/params", new JsonObject { ["params"] = Pairs(("c", "1"), ("c", "1")) })).IsError(400, "INVALID_PARAMETER_VALUE", "Duplicate parameter keys");
    }

    [Fact]
    [Endpoint("PATCH /logged-models/{id}")]
    public async Task Rule_3_5_finalizing_answers_the_model_and_touches_it()
    {
        string id = await CreateAsync();
        JsonObject info = Info(await _client.PatchAsync($"logged-models/{id}", new JsonObject { ["model_id"] = id, ["status"] = "LOGGED_MODEL_READY" }));
        Assert.Equal((id, "LOGGED_MODEL_READY"), ((string?)info["model_id"], (string?)info["status"]));
        Assert.True((long)info["last_updated_timestamp_ms"]! >= (long)info["creation_timestamp_ms"]!);
    }

    [Fact]
    [Endpoint("DELETE /logged-models/{id}")]
    public async Task Rule_3_5_a_model_is_deleted()
    {
        string id = await CreateAsync();
        Assert.Empty(await _client.DeleteAsync($"logged-models/{id}", []));
        (await _client.TryGetAsync($"logged-models/{id}")).IsError(404, "RESOURCE_DOES_NOT_EXIST", id);
    }

    [Fact]
    [Endpoint("POST /logged-models/search")]
    public async Task Rule_3_5_models_of_an_experiment_are_found()
    {
        string experiment = await server.CreateExperimentAsync(), id = await CreateAsync(experiment);
        JsonArray models = (await _client.PostAsync("logged-models/search", new JsonObject { ["experiment_ids"] = new JsonArray(experiment) }))["models"]!.AsArray();
        Assert.Equal((await GetAsync(id)).ToJsonString(), Assert.Single(models)!.ToJsonString());
        Assert.Empty(await _client.PostAsync("logged-models/search", new JsonObject { ["experiment_ids"] = new JsonArray(await server.CreateExperimentAsync()) }));
        (await _client.TryPostAsync("logged-models/search", [])).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'experiment_ids'");
    }

    [Fact]
    [Endpoint("GET /logged-models/{id}/artifacts/directories")]
    public async Task Rule_3_5_a_folder_of_a_models_files_is_listed()
    {
        string id = await CreateAsync(), root = (string)(await GetAsync(id))["info"]!["artifact_uri"]!;
        foreach (string file in (string[])["MLmodel", "data/model.bin", "data/deep/more.txt"])
            await UploadAsync(root, file, "12345");
        JsonObject top = await _client.GetAsync($"logged-models/{id}/artifacts/directories");
        Assert.Equal(root, (string?)top["root_uri"]);
        Assert.Equal("""[{"path":"MLmodel","is_dir":false,"file_size":5},{"path":"data","is_dir":true}]""", top["files"]!.ToJsonString());
        JsonObject below = await _client.GetAsync($"logged-models/{id}/artifacts/directories", ("artifact_directory_path", "data"));
        Assert.Equal("""[{"path":"data/deep","is_dir":true},{"path":"data/model.bin","is_dir":false,"file_size":5}]""", below["files"]!.ToJsonString());
        Assert.False((await _client.GetAsync($"logged-models/{id}/artifacts/directories", ("artifact_directory_path", "missing"))).ContainsKey("files"));
        (await _client.TryGetAsync($"logged-models/{id}/artifacts/directories", ("artifact_directory_path", "../.."))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid path");
        (await _client.TryGetAsync($"logged-models/m-{Guid.NewGuid():N}/artifacts/directories")).IsError(404, "RESOURCE_DOES_NOT_EXIST", "not found");
    }

    [Theory]
    [InlineData("""[{"name":"churn","version":3},{"name":"other","version":"12"}]""", """[{"name":"churn","version":"3"},{"name":"other","version":"12"}]""")]
    [InlineData("""[{"name":"churn"},7,{"name":"churn","version":1}]""", """[{"name":"churn","version":"1"}]""")]
    [InlineData("no list", null)]
    [InlineData("{}", null)]
    [InlineData("", null)]
    public async Task Rule_2_registrations_are_those_of_the_tag(string tag, string? registrations)
    {
        string id = await CreateAsync();
        await _client.PatchAsync($"logged-models/{id}/tags", new JsonObject { ["tags"] = Pairs(("mlflow.modelVersions", tag)) });
        Assert.Equal(registrations, (await GetAsync(id))["info"]!["registrations"]?.ToJsonString());
    }

    private static JsonObject Info(JsonObject answer) => answer["model"]!["info"]!.AsObject();

    private static string Id(JsonObject info) => (string)info["model_id"]!;

    private static JsonArray Pairs(params (string Key, string Value)[] pairs) => LoggedModelRequests.Pairs(pairs);

    private Task<string> CreateAsync(string? experiment = null) => server.CreateLoggedModelAsync(experiment);

    private async Task UploadAsync(string root, string file, string content)
    {
        Assert.StartsWith("mlflow-artifacts:/", root, StringComparison.Ordinal);
        using StringContent body = new(content);
        MlflowClient.Answer answer = await _client.SendAsync(HttpMethod.Put, $"/api/2.0/mlflow-artifacts/artifacts/{root["mlflow-artifacts:/".Length..]}/{file}", body);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
    }

    private async Task<JsonObject> GetAsync(string id) => (await _client.GetAsync($"logged-models/{id}"))["model"]!.AsObject();
}
