using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §3.2: each endpoint of runs, but for metrics, inputs and outputs, answers in its form.</summary>
public sealed class Section3Runs(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    [Endpoint("POST /runs/create")]
    [Endpoint("GET /runs/get")]
    public async Task Rule_3_2_a_run_is_made_and_read()
    {
        string experiment = await server.CreateExperimentAsync();
        JsonObject made = await _client.PostAsync("runs/create", new JsonObject
        {
            ["experiment_id"] = experiment,
            ["user_id"] = "ada",
            ["run_name"] = "first",
            ["start_time"] = "1700000000123",
            ["tags"] = new JsonArray(Pair("z", "1"), Pair("mlflow.user", "ada"), Pair("z", "2")),
        });
        JsonObject info = made["run"]!["info"]!.AsObject();
        string id = (string)info["run_id"]!;
        Assert.Matches("^[0-9a-f]{32}$", id);
        Assert.Equal(id, (string)info["run_uuid"]!);
        Assert.Equal(
            ("first", experiment, "ada", "RUNNING", 1_700_000_000_123, "active"),
            ((string)info["run_name"]!, (string)info["experiment_id"]!, (string)info["user_id"]!, (string)info["status"]!, (long)info["start_time"]!, (string)info["lifecycle_stage"]!));
        Assert.False(info.ContainsKey("end_time"));
        Assert.EndsWith($"/{id}/artifacts", (string)info["artifact_uri"]!, StringComparison.Ordinal);
        Assert.Equal("""{"tags":[{"key":"mlflow.runName","value":"first"},{"key":"mlflow.user","value":"ada"},{"key":"z","value":"2"}]}""", made["run"]!["data"]!.ToJsonString());
        Assert.Equal(("{}", "{}"), (made["run"]!["inputs"]!.ToJsonString(), made["run"]!["outputs"]!.ToJsonString()));

        foreach (string field in (string[])["run_id", "run_uuid", "runId"])
            Assert.True(JsonNode.DeepEquals(made, await _client.GetAsync("runs/get", (field, id))));
    }

    [Fact]
    [Endpoint("POST /runs/update")]
    public async Task Rule_3_2_a_run_is_updated_and_its_info_answered()
    {
        string id = await server.CreateRunAsync();
        JsonObject updated = await _client.PostAsync("runs/update", new JsonObject { ["run_uuid"] = id, ["status"] = "FINISHED", ["end_time"] = 1_700_000_001_000, ["run_name"] = "done" });
        Assert.Single(updated);
        JsonObject info = updated["run_info"]!.AsObject();
        Assert.Equal((id, id, "FINISHED", 1_700_000_001_000, "done"), ((string)info["run_id"]!, (string)info["run_uuid"]!, (string)info["status"]!, (long)info["end_time"]!, (string)info["run_name"]!));
    }

    [Fact]
    [Endpoint("POST /runs/delete")]
    [Endpoint("POST /runs/restore")]
    public async Task Rule_3_2_a_run_is_deleted_and_restored()
    {
        string id = await server.CreateRunAsync();
        Assert.Empty(await _client.PostAsync("runs/delete", new JsonObject { ["run_id"] = id }));
        Assert.Equal("deleted", (string)(await RunAsync(id))["info"]!["lifecycle_stage"]!);
        Assert.Empty(await _client.PostAsync("runs/restore", new JsonObject { ["run_id"] = id }));
        Assert.Equal("active", (string)(await RunAsync(id))["info"]!["lifecycle_stage"]!);
    }

    [Fact]
    [Endpoint("POST /runs/log-parameter")]
    [Endpoint("POST /runs/set-tag")]
    [Endpoint("POST /runs/delete-tag")]
    public async Task Rule_3_2_params_and_tags_are_logged_and_tags_deleted()
    {
        string id = await server.CreateRunAsync();
        Assert.Empty(await _client.PostAsync("runs/log-parameter", new JsonObject { ["run_id"] = id, ["key"] = "lr", ["value"] = "0.1" }));
        Assert.Empty(await _client.PostAsync("runs/log-parameter", new JsonObject { ["run_uuid"] = id, ["key"] = "absent" }));
        Assert.Empty(await _client.PostAsync("runs/set-tag", new JsonObject { ["run_uuid"] = id, ["key"] = "stage", ["value"] = "dev" }));
        Assert.Empty(await _client.PostAsync("runs/set-tag", new JsonObject { ["run_id"] = id, ["key"] = "gone", ["value"] = "x" }));
        Assert.Empty(await _client.PostAsync("runs/delete-tag", new JsonObject { ["run_id"] = id, ["key"] = "gone" }));
        JsonNode data = (await RunAsync(id))["data"]!;
        Assert.Equal("""[{"key":"absent","value":""},{"key":"lr","value":"0.1"}]""", data["params"]!.ToJsonString());
        Assert.Equal(["mlflow.runName", "stage"], data["tags"]!.AsArray().Select(tag => (string)tag!["key"]!));
    }

    [Fact]
    [Endpoint("POST /runs/search")]
    public async Task Rule_3_2_runs_of_some_experiments_are_searched_active_ones_by_default()
    {
        string one = await server.CreateExperimentAsync(), two = await server.CreateExperimentAsync();
        string a = await server.CreateRunAsync(one), b = await server.CreateRunAsync(two), deleted = await server.CreateRunAsync(one);
        await _client.PostAsync("runs/delete", new JsonObject { ["run_id"] = deleted });

        // They started at one time: then the ids decide.
        Assert.Equal(new[] { a, b }.Order(StringComparer.Ordinal), await FindAsync(null, one, two));
        Assert.Equal([a], await FindAsync("ACTIVE_ONLY", one));
        Assert.Equal([deleted], await FindAsync(2, one));
        Assert.Equal(new[] { a, deleted }.Order(StringComparer.Ordinal), await FindAsync("ALL", one, "no such experiment"));
        Assert.Empty(await _client.PostAsync("runs/search", new JsonObject { ["experiment_ids"] = new JsonArray() }));

        async Task<IEnumerable<string>> FindAsync(JsonNode? view, params string[] experiments)
        {
            JsonObject found = await _client.PostAsync("runs/search", new JsonObject { ["experiment_ids"] = new JsonArray([.. experiments.Select(id => JsonValue.Create(id))]), ["run_view_type"] = view });
            return found["runs"]!.AsArray().Select(run => (string)run!["info"]!["run_id"]!);
        }
    }

    [Fact]
    public async Task Rule_3_2_a_search_answers_whole_runs()
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment);
        await _client.PostAsync("runs/log-parameter", new JsonObject { ["run_id"] = run, ["key"] = "lr", ["value"] = "0.1" });
        JsonObject found = await _client.PostAsync("runs/search", new JsonObject { ["experiment_ids"] = new JsonArray(experiment) });
        Assert.True(JsonNode.DeepEquals(await RunAsync(run), Assert.Single(found["runs"]!.AsArray())));
    }

    [Fact]
    public async Task Rule_3_2_the_latest_metrics_of_a_run_are_read_in_order_of_their_keys_as_they_were_logged()
    {
        string run = await server.CreateRunAsync();
        foreach ((string key, JsonNode value) in ((string, JsonNode)[])[("z", 0.1), ("b", "NaN"), ("a", "Infinity"), ("B", "-Infinity"), ("z", 5e-324)])
            await _client.PostAsync("runs/log-metric", new JsonObject { ["run_id"] = run, ["key"] = key, ["value"] = value, ["timestamp"] = 1_700_000_000_000, ["step"] = key == "z" && (double)value < 0.01 ? 3 : -1 });
        JsonArray metrics = (await RunAsync(run))["data"]!["metrics"]!.AsArray();
        Assert.Equal(
            ["B -Infinity 1700000000000 -1", "a Infinity 1700000000000 -1", "b NaN 1700000000000 -1", "z 5E-324 1700000000000 3"],
            metrics.Select(metric => $"{metric!["key"]} {metric["value"]} {metric["timestamp"]} {metric["step"]}"));
    }

    [Fact]
    public async Task Rule_3_2_what_a_run_used_is_read_with_its_role_and_tags()
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/log-inputs", new JsonObject
        {
            ["run_id"] = run,
            ["datasets"] = new JsonArray(new JsonObject
            {
                ["tags"] = new JsonArray(Pair("mlflow.data.context", "training"), Pair("a", "1")),
                ["dataset"] = new JsonObject { ["name"] = "iris", ["digest"] = "d1", ["source_type"] = "local", ["source"] = "{}", ["schema"] = "[]", ["profile"] = "{\"rows\":3}" },
            }),
        });
        JsonNode read = await RunAsync(run);
        Assert.Equal(
            """[{"tags":[{"key":"a","value":"1"},{"key":"mlflow.data.context","value":"training"}],"dataset":{"name":"iris","digest":"d1","source_type":"local","source":"{}","schema":"[]","profile":"{\u0022rows\u0022:3}"}}]""",
            read["inputs"]!["dataset_inputs"]!.ToJsonString());
    }

    [Fact]
    public async Task Rule_3_2_required_parameters_are_demanded()
    {
        await LacksAsync("runs/create", "experiment_id", []);
        foreach (string path in (string[])["runs/update", "runs/delete", "runs/restore", "runs/log-parameter", "runs/set-tag", "runs/delete-tag"])
            await LacksAsync(path, "run_id", new JsonObject { ["run_id"] = "" });
        (await _client.TryGetAsync("runs/get")).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'");
        foreach (string path in (string[])["runs/log-parameter", "runs/set-tag", "runs/delete-tag"])
            await LacksAsync(path, "key", new JsonObject { ["run_id"] = "00000000000000000000000000000001", ["key"] = null });

        string experiment = await server.CreateExperimentAsync();
        await LacksAsync("runs/create", "tags[1].key", new JsonObject { ["experiment_id"] = experiment, ["tags"] = new JsonArray(Pair("a", "b"), new JsonObject { ["value"] = "x" }) });

        async Task LacksAsync(string path, string parameter, JsonObject body) =>
            (await _client.TryPostAsync(path, body)).IsError(400, "INVALID_PARAMETER_VALUE", $"Missing value for required parameter '{parameter}'");
    }

    private static JsonObject Pair(string key, string value) => new() { ["key"] = key, ["value"] = value };

    private async Task<JsonNode> RunAsync(string id) => (await _client.GetAsync("runs/get", ("run_id", id)))["run"]!;
}
