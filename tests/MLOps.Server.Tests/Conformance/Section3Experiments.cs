using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §3.1: each endpoint of experiments answers in its form.</summary>
public sealed class Section3Experiments(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    [Endpoint("POST /experiments/create")]
    [Endpoint("GET /experiments/get")]
    [Endpoint("GET /experiments/get-by-name")]
    public async Task Rule_3_1_an_experiment_is_made_and_read_by_id_and_name()
    {
        string name = ConformanceServer.Unique("made");
        JsonObject made = await _client.PostAsync("experiments/create", new JsonObject
        {
            ["name"] = name,
            ["artifact_location"] = "s3://bucket/there",
            ["tags"] = new JsonArray(Pair("b", "2"), Pair("a", ""), Pair("b", "3")),
        });
        string id = (string)made["experiment_id"]!;
        Assert.Single(made);

        JsonObject byId = await _client.GetAsync("experiments/get", ("experiment_id", id));
        JsonObject experiment = byId["experiment"]!.AsObject();
        Assert.Equal((id, name, "s3://bucket/there", "active"), ((string)experiment["experiment_id"]!, (string)experiment["name"]!, (string)experiment["artifact_location"]!, (string)experiment["lifecycle_stage"]!));
        Assert.Equal("""[{"key":"a","value":""},{"key":"b","value":"3"}]""", experiment["tags"]!.ToJsonString());
        Assert.True((long)experiment["creation_time"]! > 0 && (long)experiment["last_update_time"]! >= (long)experiment["creation_time"]!);
        Assert.True(JsonNode.DeepEquals(byId, await _client.GetAsync("experiments/get-by-name", ("experiment_name", name))));
    }

    [Fact]
    public async Task Rule_3_1_an_experiment_without_tags_has_no_tags_key()
    {
        JsonObject experiment = (await _client.GetAsync("experiments/get", ("experiment_id", await server.CreateExperimentAsync())))["experiment"]!.AsObject();
        Assert.False(experiment.ContainsKey("tags"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Endpoint("POST /experiments/search")]
    [Endpoint("GET /experiments/search")]
    public async Task Rule_3_1_experiments_are_searched_by_POST_and_by_GET(bool get)
    {
        string mark = ConformanceServer.Unique("searched");
        string a = await server.CreateExperimentAsync($"{mark}-a"), b = await server.CreateExperimentAsync($"{mark}-b"), deleted = await server.CreateExperimentAsync($"{mark}-c");
        await _client.PostAsync("experiments/delete", new JsonObject { ["experiment_id"] = deleted });

        Assert.Equal([b, a], await IdsAsync("ACTIVE_ONLY"));
        Assert.Equal([b, a], await IdsAsync("1"));
        Assert.Equal([deleted], await IdsAsync("DELETED_ONLY"));
        Assert.Equal([deleted, b, a], await IdsAsync("3"));

        async Task<string[]> IdsAsync(string view)
        {
            string filter = $"name LIKE '{mark}%'";
            JsonObject found = get
                ? await _client.GetAsync("experiments/search", ("max_results", "9"), ("filter", filter), ("view_type", view), ("order_by", "name DESC"), ("order_by", "creation_time"))
                : await _client.PostAsync("experiments/search", new JsonObject { ["max_results"] = 9, ["filter"] = filter, ["view_type"] = int.TryParse(view, out int number) ? number : view, ["order_by"] = new JsonArray("name DESC", "creation_time") });
            Assert.False(found.ContainsKey("next_page_token"));
            return [.. found["experiments"]!.AsArray().Select(experiment => (string)experiment!["experiment_id"]!)];
        }
    }

    [Fact]
    public async Task Rule_3_1_a_search_demands_a_size_and_shows_active_experiments_by_default()
    {
        (await _client.TryPostAsync("experiments/search", [])).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'max_results'");
        (await _client.TryPostAsync("experiments/search", new JsonObject { ["max_results"] = 5, ["view_type"] = "SOME" })).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid value \"SOME\" for parameter 'view_type' supplied");
        string name = ConformanceServer.Unique("gone");
        await _client.PostAsync("experiments/delete", new JsonObject { ["experiment_id"] = await server.CreateExperimentAsync(name) });
        Assert.Empty(await _client.PostAsync("experiments/search", new JsonObject { ["max_results"] = 5, ["filter"] = $"name = '{name}'" }));
    }

    [Fact]
    [Endpoint("POST /experiments/delete")]
    [Endpoint("POST /experiments/restore")]
    public async Task Rule_3_1_an_experiment_is_deleted_and_restored()
    {
        string id = await server.CreateExperimentAsync();
        Assert.Empty(await _client.PostAsync("experiments/delete", new JsonObject { ["experiment_id"] = id }));
        Assert.Equal("deleted", await StageAsync(id));
        Assert.Empty(await _client.PostAsync("experiments/restore", new JsonObject { ["experiment_id"] = id }));
        Assert.Equal("active", await StageAsync(id));
    }

    [Fact]
    [Endpoint("POST /experiments/update")]
    public async Task Rule_3_1_an_experiment_is_renamed()
    {
        string id = await server.CreateExperimentAsync(), name = ConformanceServer.Unique("renamed");
        Assert.Empty(await _client.PostAsync("experiments/update", new JsonObject { ["experimentId"] = id, ["newName"] = name }));
        Assert.Equal(id, (string)(await _client.GetAsync("experiments/get-by-name", ("experiment_name", name)))["experiment"]!["experiment_id"]!);
        (await _client.TryPostAsync("experiments/update", new JsonObject { ["experiment_id"] = id })).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'new_name'");
    }

    [Fact]
    [Endpoint("POST /experiments/set-experiment-tag")]
    [Endpoint("POST /experiments/delete-experiment-tag")]
    public async Task Rule_3_1_tags_of_an_experiment_are_set_and_deleted()
    {
        string id = await server.CreateExperimentAsync();
        Assert.Empty(await _client.PostAsync("experiments/set-experiment-tag", new JsonObject { ["experiment_id"] = id, ["key"] = "mlflow.note.content", ["value"] = "# Über 😀" }));
        Assert.Empty(await _client.PostAsync("experiments/set-experiment-tag", new JsonObject { ["experiment_id"] = id, ["key"] = "empty" }));
        Assert.Equal("empty=|mlflow.note.content=# Über 😀", await TagsAsync(id));
        Assert.Empty(await _client.PostAsync("experiments/delete-experiment-tag", new JsonObject { ["experiment_id"] = id, ["key"] = "empty" }));
        Assert.Equal("mlflow.note.content=# Über 😀", await TagsAsync(id));
    }

    [Fact]
    [Endpoint("POST /experiments/search-datasets")]
    public async Task Rule_3_2_the_datasets_of_experiments_are_summed_up_for_pages_alone()
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment), other = await server.CreateRunAsync(experiment);
        foreach (string user in (string[])[run, other, run])
        {
            await _client.PostAsync("runs/log-inputs", new JsonObject
            {
                ["run_id"] = user,
                ["datasets"] = new JsonArray(
                    new JsonObject { ["tags"] = new JsonArray(Pair("mlflow.data.context", "training")), ["dataset"] = new JsonObject { ["name"] = "iris", ["digest"] = "d1", ["source_type"] = "local", ["source"] = "{}" } }),
            });
        }

        MlflowClient.Answer answer = await _client.SendAsync(HttpMethod.Post, "/ajax-api/2.0/mlflow/experiments/search-datasets", MlflowClient.Json(new JsonObject { ["experiment_ids"] = new JsonArray(experiment) }));
        Assert.Equal($$"""{"dataset_summaries":[{"experiment_id":"{{experiment}}","name":"iris","digest":"d1","context":"training"}]}""", answer.Body);
        (await _client.TryPostAsync("experiments/search-datasets", new JsonObject { ["experiment_ids"] = new JsonArray(experiment) })).IsError(404, "ENDPOINT_NOT_FOUND");
    }

    [Fact]
    public async Task Rule_3_2_datasets_are_asked_of_1_to_20_experiments()
    {
        const string Path = "/ajax-api/2.0/mlflow/experiments/search-datasets";
        (await _client.SendAsync(HttpMethod.Post, Path, MlflowClient.Json("{}"))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'experiment_ids'");
        JsonArray ids = [.. Enumerable.Range(0, 21).Select(id => JsonValue.Create($"{id}"))];
        (await _client.SendAsync(HttpMethod.Post, Path, MlflowClient.Json(new JsonObject { ["experiment_ids"] = ids }))).IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'experiment_ids' supplied: at most 20");
    }

    [Fact]
    public async Task Rule_3_1_what_is_not_there_is_404()
    {
        (await _client.TryGetAsync("experiments/get", ("experiment_id", "987654321"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=987654321 exists");
        (await _client.TryGetAsync("experiments/get", ("experiment_id", "../0"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=../0 exists");
        (await _client.TryGetAsync("experiments/get-by-name", ("experiment_name", "there is none"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "there is none");
        foreach (string act in (string[])["delete", "restore", "update", "set-experiment-tag", "delete-experiment-tag"])
        {
            (await _client.TryPostAsync($"experiments/{act}", new JsonObject { ["experiment_id"] = "987654321", ["new_name"] = "x", ["key"] = "k" }))
                .IsError(404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=987654321 exists");
        }
    }

    private static JsonObject Pair(string key, string value) => new() { ["key"] = key, ["value"] = value };

    private async Task<string> StageAsync(string id) => (string)(await _client.GetAsync("experiments/get", ("experiment_id", id)))["experiment"]!["lifecycle_stage"]!;

    private async Task<string> TagsAsync(string id) =>
        string.Join('|', (await _client.GetAsync("experiments/get", ("experiment_id", id)))["experiment"]!["tags"]!.AsArray().Select(tag => $"{tag!["key"]}={tag["value"]}"));
}
