using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §3.2: the routes of what runs take in and put out.</summary>
public sealed class Section3RunInputs(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    [Endpoint("POST /runs/log-inputs")]
    public async Task Rule_3_2_datasets_come_back_with_the_run_that_used_them()
    {
        string run = await server.CreateRunAsync();
        JsonObject dataset = new() { ["name"] = "wine", ["digest"] = "d1", ["source_type"] = "local", ["source"] = "/data/wine.csv", ["schema"] = """{"a":1}""", ["profile"] = """{"rows":2}""" };
        Assert.Empty(await _client.PostAsync("runs/log-inputs", new JsonObject
        {
            ["run_id"] = run,
            ["datasets"] = new JsonArray(new JsonObject { ["tags"] = LoggedModelRequests.Pairs(("mlflow.data.context", "training"), ("split", "a")), ["dataset"] = dataset }),
        }));
        JsonObject input = Assert.Single((await RunAsync(run))["inputs"]!["dataset_inputs"]!.AsArray())!.AsObject();
        Assert.True(JsonNode.DeepEquals(dataset, input["dataset"]), input.ToJsonString());
        Assert.Equal(["mlflow.data.context=training", "split=a"], input["tags"]!.AsArray().Select(tag => $"{tag!["key"]}={tag["value"]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    [Endpoint("POST /runs/log-inputs")]
    public async Task Rule_3_2_models_come_back_with_the_run_that_used_them()
    {
        string run = await server.CreateRunAsync(), model = await server.CreateLoggedModelAsync();
        await _client.PostAsync("runs/log-inputs", new JsonObject { ["run_id"] = run, ["models"] = new JsonArray(new JsonObject { ["model_id"] = model }) });
        Assert.Equal($$"""[{"model_id":"{{model}}"}]""", (await RunAsync(run))["inputs"]!["model_inputs"]!.ToJsonString());
    }

    [Fact]
    [Endpoint("POST /runs/outputs")]
    public async Task Rule_3_2_models_come_back_with_the_run_that_put_them_out()
    {
        string run = await server.CreateRunAsync(), first = await server.CreateLoggedModelAsync(), second = await server.CreateLoggedModelAsync();
        Assert.Empty(await _client.PostAsync("runs/outputs", new JsonObject
        {
            ["run_id"] = run,
            ["models"] = new JsonArray(new JsonObject { ["model_id"] = first, ["step"] = 3 }, new JsonObject { ["model_id"] = second }),
        }));
        Assert.Equal($$"""[{"model_id":"{{first}}","step":3},{"model_id":"{{second}}","step":0}]""", (await RunAsync(run))["outputs"]!["model_outputs"]!.ToJsonString());
    }

    [Fact]
    [Endpoint("POST /runs/log-model")]
    public async Task Rule_3_2_a_model_is_told_to_its_run()
    {
        string run = await server.CreateRunAsync();
        JsonObject body = new() { ["run_id"] = run, ["model_json"] = Model(run).ToJsonString() };
        Assert.Empty(await _client.PostAsync("runs/log-model", body));
    }

    [Theory]
    [InlineData("artifact_path")]
    [InlineData("flavors")]
    [InlineData("utc_time_created")]
    [InlineData("run_id")]
    public async Task Rule_3_2_a_model_that_is_told_needs_its_fields(string field)
    {
        string run = await server.CreateRunAsync();
        JsonObject model = Model(run);
        model.Remove(field);
        JsonObject body = new() { ["run_id"] = run, ["model_json"] = model.ToJsonString() };
        (await _client.TryPostAsync("runs/log-model", body)).IsError(400, "INVALID_PARAMETER_VALUE", field);
    }

    [Theory]
    [InlineData("no json", "not a JSON object")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("{", "not a JSON object")]
    [InlineData("", "Missing value for required parameter 'model_json'")]
    public async Task Rule_3_2_a_model_that_is_told_is_a_json_object(string model, string message)
    {
        JsonObject body = new() { ["run_id"] = await server.CreateRunAsync(), ["model_json"] = model };
        (await _client.TryPostAsync("runs/log-model", body)).IsError(400, "INVALID_PARAMETER_VALUE", message);
    }

    [Theory]
    [InlineData("""{"\ud800":1,"artifact_path":"a"}""")]
    [InlineData("""{"artifact_path":"a","flavors":{},"utc_time_created":"x","run_id":"\ud800"}""")]
    public async Task Rule_3_2_a_model_that_is_told_is_legal_text(string model)
    {
        JsonObject body = new() { ["run_id"] = await server.CreateRunAsync(), ["model_json"] = model };
        (await _client.TryPostAsync("runs/log-model", body)).IsError(400, "BAD_REQUEST", "no legal Unicode");
    }

    [Fact]
    public async Task Rule_3_2_a_model_is_told_to_the_run_that_it_names()
    {
        JsonObject body = new() { ["run_id"] = await server.CreateRunAsync(), ["model_json"] = Model(await server.CreateRunAsync()).ToJsonString() };
        (await _client.TryPostAsync("runs/log-model", body)).IsError(400, "INVALID_PARAMETER_VALUE", "'model_json.run_id'");
    }

    private static JsonObject Model(string run) => new() { ["artifact_path"] = "model", ["flavors"] = new JsonObject(), ["utc_time_created"] = "2026-01-01 00:00:00.0", ["run_id"] = run };

    private async Task<JsonObject> RunAsync(string run) => (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!.AsObject();
}
