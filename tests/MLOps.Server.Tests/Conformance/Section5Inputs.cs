using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §5.10, 5.12 and the limits of §4 for inputs: what runs take in and put out.</summary>
public sealed class Section5Inputs(ConformanceServer server)
{
    private const string History = "mlflow.log-model.history";

    private readonly MlflowClient _client = server.Client;

    [Fact]
    public async Task Rule_5_10_a_dataset_is_one_in_its_experiment_by_name_and_digest()
    {
        string experiment = await server.CreateExperimentAsync(), first = await server.CreateRunAsync(experiment), second = await server.CreateRunAsync(experiment);
        await LogAsync(first, Input("wine", "d1", source: "first"));
        await LogAsync(second, Input("wine", "d1", source: "second"));
        Assert.Equal("first", (string?)Assert.Single(await InputsAsync(second))!["dataset"]!["source"]);
    }

    [Fact]
    public async Task Rule_5_10_a_run_and_a_dataset_are_linked_once()
    {
        string run = await server.CreateRunAsync();
        await LogAsync(run, Input("wine", "d1"), Input("wine", "d1"), Input("wine", "d2"));
        await LogAsync(run, Input("wine", "d1"));
        Assert.Equal(["d1", "d2"], (await InputsAsync(run)).Select(input => (string)input!["dataset"]!["digest"]!));
    }

    [Fact]
    public async Task Rule_5_10_tags_are_attached_to_the_link()
    {
        string experiment = await server.CreateExperimentAsync(), first = await server.CreateRunAsync(experiment), second = await server.CreateRunAsync(experiment);
        await LogAsync(first, Input("wine", "d1", ("split", "a")));
        await LogAsync(second, Input("wine", "d1", ("split", "b")));
        Assert.Equal("a", (string?)(await InputsAsync(first))[0]!["tags"]![0]!["value"]);
        Assert.Equal("b", (string?)(await InputsAsync(second))[0]!["tags"]![0]!["value"]);
    }

    [Fact]
    public async Task Rule_5_10_inputs_and_outputs_link_to_logged_models_once()
    {
        string run = await server.CreateRunAsync(), model = await server.CreateLoggedModelAsync();
        for (int i = 0; i < 2; i++)
        {
            await _client.PostAsync("runs/log-inputs", new JsonObject { ["run_id"] = run, ["models"] = new JsonArray(new JsonObject { ["model_id"] = model }) });
            await _client.PostAsync("runs/outputs", new JsonObject { ["run_id"] = run, ["models"] = new JsonArray(new JsonObject { ["model_id"] = model, ["step"] = 1 }, new JsonObject { ["model_id"] = model, ["step"] = 2 }) });
        }

        JsonObject got = await RunAsync(run);
        Assert.Single(got["inputs"]!["model_inputs"]!.AsArray());
        Assert.Equal([1L, 2L], got["outputs"]!["model_outputs"]!.AsArray().Select(output => (long)output!["step"]!));
    }

    [Theory]
    [InlineData("runs/log-inputs")]
    [InlineData("runs/outputs")]
    public async Task Rule_5_10_a_model_that_is_not_there_is_404(string route)
    {
        string run = await server.CreateRunAsync(), missing = $"m-{Guid.NewGuid():N}";
        foreach (string id in (string[])[missing, "no-id"])
            (await _client.TryPostAsync(route, new JsonObject { ["run_id"] = run, ["models"] = new JsonArray(new JsonObject { ["model_id"] = id }) })).IsError(404, "RESOURCE_DOES_NOT_EXIST", id);
        (await _client.TryPostAsync(route, new JsonObject { ["run_id"] = run, ["models"] = new JsonArray(new JsonObject()) })).IsError(400, "INVALID_PARAMETER_VALUE", "models[0].model_id");
    }

    [Fact]
    public async Task Rule_5_10_inputs_are_logged_all_or_none()
    {
        string run = await server.CreateRunAsync();
        JsonObject body = new() { ["run_id"] = run, ["datasets"] = new JsonArray(Input("wine", "d1"), Input(new string('n', 501), "d1")) };
        (await _client.TryPostAsync("runs/log-inputs", body)).IsError(400, "INVALID_PARAMETER_VALUE");
        Assert.Equal("{}", (await RunAsync(run))["inputs"]!.ToJsonString());
    }

    [Theory]
    [InlineData("name", 500)]
    [InlineData("digest", 36)]
    [InlineData("source", 65_535)]
    [InlineData("schema", 1_048_575)]
    [InlineData("profile", 16_777_215)]
    public async Task Rule_4_a_datasets_fields_have_their_limits(string field, int limit)
    {
        string run = await server.CreateRunAsync();
        JsonObject longest = Input("wine", "d1");
        longest["dataset"]![field] = new string('x', limit);
        await LogAsync(run, longest);
        Assert.Equal(limit, ((string?)Assert.Single(await InputsAsync(run))!["dataset"]![field])!.Length);
        JsonObject longer = Input("beer", "d1");
        longer["dataset"]![field] = new string('x', limit + 1);
        (await _client.TryPostAsync("runs/log-inputs", new JsonObject { ["run_id"] = run, ["datasets"] = new JsonArray(longer) })).IsError(400, "INVALID_PARAMETER_VALUE", $"has {(field is "name" or "digest" ? 1 : 0)} to {limit} characters");
    }

    [Theory]
    [InlineData(255, 500, true)]
    [InlineData(256, 500, false)]
    [InlineData(255, 501, false)]
    public async Task Rule_4_tags_of_inputs_have_their_limits(int key, int value, bool fits)
    {
        string run = await server.CreateRunAsync();
        JsonObject body = new() { ["run_id"] = run, ["datasets"] = new JsonArray(Input("wine", "d1", (new string('k', key), new string('v', value)))) };
        MlflowClient.Answer answer = await _client.TryPostAsync("runs/log-inputs", body);
        if (fits)
            Assert.Equal(200, (int)answer.Status);
        else
            answer.IsError(400, "INVALID_PARAMETER_VALUE");
    }

    [Theory]
    [InlineData("name")]
    [InlineData("digest")]
    [InlineData("source_type")]
    [InlineData("source")]
    public async Task Rule_1_7_a_field_that_a_dataset_lacks_is_named_with_its_index(string field)
    {
        JsonObject input = Input("wine", "d1");
        input["dataset"]!.AsObject().Remove(field);
        JsonObject body = new() { ["run_id"] = await server.CreateRunAsync(), ["datasets"] = new JsonArray(Input("wine", "d1"), input) };
        (await _client.TryPostAsync("runs/log-inputs", body)).IsError(400, "INVALID_PARAMETER_VALUE", $"Missing value for required parameter 'datasets[1].dataset.{field}'");
        (await _client.TryPostAsync("runs/log-inputs", new JsonObject { ["run_id"] = (string?)body["run_id"], ["datasets"] = new JsonArray(new JsonObject()) })).IsError(400, "INVALID_PARAMETER_VALUE", "'datasets[0].dataset'");
    }

    [Theory]
    [InlineData("runs/log-inputs")]
    [InlineData("runs/outputs")]
    public async Task Rule_5_6_inputs_and_outputs_need_a_run_that_is_active(string route)
    {
        string run = await server.CreateRunAsync();
        Assert.Empty(await _client.PostAsync(route, new JsonObject { ["run_id"] = run }));
        await _client.PostAsync("runs/delete", new JsonObject { ["run_id"] = run });
        (await _client.TryPostAsync(route, new JsonObject { ["run_id"] = run })).IsError(400, "INVALID_PARAMETER_VALUE", "must be in the 'active' state");
        (await _client.TryPostAsync(route, new JsonObject { ["run_id"] = $"{Guid.NewGuid():N}" })).IsError(404, "RESOURCE_DOES_NOT_EXIST", "not found");
        (await _client.TryPostAsync(route, [])).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'");
    }

    [Fact]
    public async Task Rule_5_12_models_are_appended_to_a_list_in_a_tag()
    {
        string run = await server.CreateRunAsync();
        JsonObject first = Model(run, "first"), second = Model(run, "second");
        second["flavors"] = new JsonObject { ["sklearn"] = new JsonObject { ["version"] = "1.5" } };
        await LogModelAsync(run, first);
        await LogModelAsync(run, second);
        Assert.True(JsonNode.DeepEquals(new JsonArray(first, second), await HistoryAsync(run)));
    }

    [Fact]
    public async Task Rule_5_12_callers_at_once_lose_nothing_of_each_other()
    {
        string run = await server.CreateRunAsync();
        string[] paths = [.. Enumerable.Range(0, 40).Select(i => $"model-{i}")];
        await Task.WhenAll(paths.Select(path => LogModelAsync(run, Model(run, path))));
        Assert.Equal(paths.Order(StringComparer.Ordinal), (await HistoryAsync(run)).Select(model => (string)model!["artifact_path"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Rule_5_12_a_list_that_has_no_more_room_is_refused_and_not_cut()
    {
        string run = await server.CreateRunAsync();
        JsonObject large = Model(run, new string('p', 7_000));
        await LogModelAsync(run, large);
        JsonObject body = new() { ["run_id"] = run, ["model_json"] = Model(run, new string('q', 2_000)).ToJsonString() };
        (await _client.TryPostAsync("runs/log-model", body)).IsError(400, "INVALID_PARAMETER_VALUE", "at most 8000 characters");
        Assert.True(JsonNode.DeepEquals(new JsonArray(large), await HistoryAsync(run)));
    }

    [Theory]
    [InlineData("[]", 1)]
    [InlineData(" [ {\"a\":1} ] ", 2)]
    public async Task Rule_5_12_a_list_that_somebody_else_wrote_is_continued(string tag, int count)
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/set-tag", new JsonObject { ["run_id"] = run, ["key"] = History, ["value"] = tag });
        await LogModelAsync(run, Model(run, "model"));
        Assert.Equal(count, (await HistoryAsync(run)).Count);
    }

    [Fact]
    public async Task Rule_5_12_a_tag_that_is_no_list_is_left_alone()
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/set-tag", new JsonObject { ["run_id"] = run, ["key"] = History, ["value"] = "mine" });
        JsonObject body = new() { ["run_id"] = run, ["model_json"] = Model(run, "model").ToJsonString() };
        (await _client.TryPostAsync("runs/log-model", body)).IsError(400, "INVALID_PARAMETER_VALUE", "Delete the tag");
    }

    [Fact]
    public async Task Rule_5_6_a_model_is_told_to_a_run_that_is_active()
    {
        string run = await server.CreateRunAsync(), missing = $"{Guid.NewGuid():N}";
        (await _client.TryPostAsync("runs/log-model", new JsonObject { ["run_id"] = missing, ["model_json"] = Model(missing, "model").ToJsonString() })).IsError(404, "RESOURCE_DOES_NOT_EXIST", "not found");
        await _client.PostAsync("runs/delete", new JsonObject { ["run_id"] = run });
        (await _client.TryPostAsync("runs/log-model", new JsonObject { ["run_id"] = run, ["model_json"] = Model(run, "model").ToJsonString() })).IsError(400, "INVALID_PARAMETER_VALUE", "must be in the 'active' state");
    }

    private static JsonObject Input(string name, string digest, params (string Key, string Value)[] tags) => Input(name, digest, "s3://data/wine", tags);

    private static JsonObject Input(string name, string digest, string source, params (string Key, string Value)[] tags) => new()
    {
        ["dataset"] = new JsonObject { ["name"] = name, ["digest"] = digest, ["source_type"] = "s3", ["source"] = source },
        ["tags"] = LoggedModelRequests.Pairs(tags),
    };

    private static JsonObject Model(string run, string path) => new() { ["artifact_path"] = path, ["flavors"] = new JsonObject(), ["utc_time_created"] = "2026-01-01 00:00:00.0", ["run_id"] = run };

    private Task<JsonObject> LogAsync(string run, params JsonObject[] inputs) => _client.PostAsync("runs/log-inputs", new JsonObject { ["run_id"] = run, ["datasets"] = new JsonArray([.. inputs]) });

    private Task<JsonObject> LogModelAsync(string run, JsonObject model) => _client.PostAsync("runs/log-model", new JsonObject { ["run_id"] = run, ["model_json"] = model.ToJsonString() });

    private async Task<JsonArray> InputsAsync(string run) => (await RunAsync(run))["inputs"]!["dataset_inputs"]!.AsArray();

    private async Task<JsonArray> HistoryAsync(string run)
    {
        JsonNode tag = (await RunAsync(run))["data"]!["tags"]!.AsArray().Single(tag => (string?)tag!["key"] == History)!;
        return JsonNode.Parse((string)tag["value"]!)!.AsArray();
    }

    private async Task<JsonObject> RunAsync(string run) => (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!.AsObject();
}
