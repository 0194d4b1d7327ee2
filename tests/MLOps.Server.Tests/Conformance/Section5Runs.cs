using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §5.4 to 5.6, 5.8 and 5.9: how runs, their params and their tags behave.</summary>
public sealed class Section5Runs(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    public static TheoryData<string, string> StatusesByNameAndNumber { get; } = new(
        new[] { "RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED" }.SelectMany((name, index) => new[] { ($"\"{name}\"", name), ($"{index + 1}", name), ($"\"{index + 1}\"", name) }));

    [Fact]
    public async Task Rule_5_4_a_run_without_a_name_is_given_one_and_mirrors_it_in_a_tag()
    {
        JsonNode run = (await _client.PostAsync("runs/create", new JsonObject { ["experiment_id"] = await server.CreateExperimentAsync() }))["run"]!;
        string name = (string)run["info"]!["run_name"]!;
        Assert.Matches("^[a-z]+-[a-z]+-[0-9]+$", name);
        Assert.Equal(name, Tag(run, "mlflow.runName"));
        Assert.Equal((0, ""), ((long)run["info"]!["start_time"]!, (string)run["info"]!["user_id"]!));
        Assert.Equal("RUNNING", (string)run["info"]!["status"]!);
    }

    [Theory]
    [InlineData("field", null, "field")]
    [InlineData(null, "tag", "tag")]
    [InlineData("", "tag", "tag")]
    [InlineData("same", "same", "same")]
    [InlineData("a\nb 😀", null, "a\nb 😀")]
    public async Task Rule_5_4_the_name_comes_from_the_field_or_from_the_tag(string? field, string? tag, string expected)
    {
        JsonNode run = await CreateAsync(field, tag);
        Assert.Equal((expected, expected), ((string)run["info"]!["run_name"]!, Tag(run, "mlflow.runName")));
        Assert.Single(run["data"]!["tags"]!.AsArray());
    }

    [Fact]
    public async Task Rule_5_4_two_names_that_differ_are_refused()
    {
        JsonObject body = Body(await server.CreateExperimentAsync(), "one", "other");
        (await _client.TryPostAsync("runs/create", body)).IsError(400, "INVALID_PARAMETER_VALUE", "different values");
    }

    [Fact]
    public async Task Rule_5_4_setting_the_tag_renames_the_run_and_renaming_the_run_rewrites_the_tag()
    {
        JsonNode run = await CreateAsync("first", null);
        string id = (string)run["info"]!["run_id"]!;
        await _client.PostAsync("runs/set-tag", new JsonObject { ["run_id"] = id, ["key"] = "mlflow.runName", ["value"] = "second" });
        run = await RunAsync(id);
        Assert.Equal(("second", "second"), ((string)run["info"]!["run_name"]!, Tag(run, "mlflow.runName")));
        await _client.PostAsync("runs/update", new JsonObject { ["run_id"] = id, ["run_name"] = "third" });
        run = await RunAsync(id);
        Assert.Equal(("third", "third"), ((string)run["info"]!["run_name"]!, Tag(run, "mlflow.runName")));
    }

    [Fact]
    public async Task Rule_5_4_a_run_starts_in_an_experiment_that_exists()
    {
        (await _client.TryPostAsync("runs/create", new JsonObject { ["experiment_id"] = "987654321" })).IsError(404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=987654321 exists");
        (await _client.TryPostAsync("runs/create", new JsonObject { ["experiment_id"] = "0", ["start_time"] = -1 })).IsError(400, "INVALID_PARAMETER_VALUE", "start");
    }

    [Fact]
    public async Task Rule_5_5_only_fields_that_are_given_change()
    {
        string id = await server.CreateRunAsync();
        JsonNode before = await RunAsync(id);
        JsonNode same = (await _client.PostAsync("runs/update", new JsonObject { ["run_id"] = id, ["status"] = null }))["run_info"]!;
        Assert.True(JsonNode.DeepEquals(before["info"], same));
        JsonNode ended = (await _client.PostAsync("runs/update", new JsonObject { ["run_id"] = id, ["end_time"] = 1_700_000_002_000 }))["run_info"]!;
        Assert.Equal(("RUNNING", 1_700_000_002_000, (string)before["info"]!["run_name"]!), ((string)ended["status"]!, (long)ended["end_time"]!, (string)ended["run_name"]!));
        JsonNode failed = (await _client.PostAsync("runs/update", new JsonObject { ["run_id"] = id, ["status"] = "FAILED" }))["run_info"]!;
        Assert.Equal(("FAILED", 1_700_000_002_000), ((string)failed["status"]!, (long)failed["end_time"]!));
    }

    [Theory]
    [MemberData(nameof(StatusesByNameAndNumber))]
    public async Task Rule_5_5_a_status_is_given_by_name_or_number(string json, string expected)
    {
        string id = await server.CreateRunAsync();
        JsonObject updated = await _client.PostAsync("runs/update", new JsonObject { ["run_id"] = id, ["status"] = JsonNode.Parse(json) });
        Assert.Equal(expected, (string)updated["run_info"]!["status"]!);
    }

    [Theory]
    [InlineData("\"DONE\"")]
    [InlineData("0")]
    [InlineData("6")]
    [InlineData("true")]
    public async Task Rule_5_5_a_status_that_does_not_exist_is_refused_and_changes_nothing(string json)
    {
        string id = await server.CreateRunAsync();
        (await _client.TryPostAsync("runs/update", new JsonObject { ["run_id"] = id, ["run_name"] = "renamed", ["status"] = JsonNode.Parse(json) })).IsError(400, "INVALID_PARAMETER_VALUE", $"Invalid value {json} for parameter 'status' supplied");
        Assert.NotEqual("renamed", (string)(await RunAsync(id))["info"]!["run_name"]!);
    }

    [Fact]
    public async Task Rule_5_6_deleting_and_restoring_a_run_twice_is_no_error()
    {
        string id = await server.CreateRunAsync();
        foreach (string act in (string[])["restore", "delete", "delete", "restore", "restore"])
            await _client.PostAsync($"runs/{act}", new JsonObject { ["run_id"] = id });
        Assert.Equal("active", (string)(await RunAsync(id))["info"]!["lifecycle_stage"]!);
    }

    [Theory]
    [InlineData("runs/log-parameter")]
    [InlineData("runs/set-tag")]
    [InlineData("runs/delete-tag")]
    [InlineData("runs/update")]
    public async Task Rule_5_6_a_deleted_run_is_read_but_not_written(string path)
    {
        string id = await server.CreateRunAsync();
        await _client.PostAsync("runs/set-tag", new JsonObject { ["run_id"] = id, ["key"] = "k", ["value"] = "v" });
        await _client.PostAsync("runs/delete", new JsonObject { ["run_id"] = id });
        JsonNode before = await RunAsync(id);
        (await _client.TryPostAsync(path, new JsonObject { ["run_id"] = id, ["key"] = "k", ["value"] = "w", ["status"] = "FINISHED" })).IsError(400, "INVALID_PARAMETER_VALUE", $"The run {id} must be in the 'active' state");
        Assert.True(JsonNode.DeepEquals(before, await RunAsync(id)));
    }

    [Theory]
    [InlineData("00000000000000000000000000000abc")]
    [InlineData("../../etc/passwd")]
    [InlineData("no run\0")]
    public async Task Rule_5_6_an_unknown_run_is_404(string id)
    {
        foreach (string path in (string[])["runs/update", "runs/delete", "runs/restore", "runs/log-parameter", "runs/set-tag", "runs/delete-tag"])
            (await _client.TryPostAsync(path, new JsonObject { ["run_id"] = id, ["key"] = "k", ["value"] = "v" })).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"Run with id={id} not found");
        (await _client.TryGetAsync("runs/get", ("run_id", id))).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"Run with id={id} not found");
    }

    [Fact]
    public async Task Rule_5_8_a_param_keeps_its_value()
    {
        string id = await server.CreateRunAsync();
        JsonObject body = new() { ["run_id"] = id, ["key"] = "lr", ["value"] = "0.1" };
        await _client.PostAsync("runs/log-parameter", body);
        await _client.PostAsync("runs/log-parameter", body);
        body["value"] = "0.10";
        MlflowClient.Answer answer = await _client.TryPostAsync("runs/log-parameter", body);
        answer.IsError(400, "INVALID_PARAMETER_VALUE");
        Assert.StartsWith("Changing param values is not allowed", (string)answer.Json["message"]!, StringComparison.Ordinal);
        Assert.Equal("""[{"key":"lr","value":"0.1"}]""", (await RunAsync(id))["data"]!["params"]!.ToJsonString());
    }

    [Fact]
    public async Task Rule_5_8_a_param_that_was_cut_is_equal_again()
    {
        string id = await server.CreateRunAsync();
        JsonObject body = new() { ["run_id"] = id, ["key"] = "long", ["value"] = new string('a', 6001) };
        await _client.PostAsync("runs/log-parameter", body);
        await _client.PostAsync("runs/log-parameter", body);
    }

    [Fact]
    public async Task Rule_5_9_the_last_value_of_a_tag_wins_and_may_be_empty()
    {
        string id = await server.CreateRunAsync();
        foreach (string value in (string[])["a", "b", ""])
        {
            await _client.PostAsync("runs/set-tag", new JsonObject { ["run_id"] = id, ["key"] = "k", ["value"] = value });
            Assert.Equal(value, Tag(await RunAsync(id), "k"));
        }
    }

    [Fact]
    public async Task Rule_5_9_deleting_a_missing_tag_is_404()
    {
        string id = await server.CreateRunAsync();
        (await _client.TryPostAsync("runs/delete-tag", new JsonObject { ["run_id"] = id, ["key"] = "none" })).IsError(404, "RESOURCE_DOES_NOT_EXIST", "No tag with name: none");
    }

    private static string Tag(JsonNode run, string key) => (string)run["data"]!["tags"]!.AsArray().Single(tag => (string)tag!["key"]! == key)!["value"]!;

    private static JsonObject Body(string experiment, string? field, string? tag)
    {
        JsonObject body = new() { ["experiment_id"] = experiment, ["run_name"] = field };
        if (tag is not null)
            body["tags"] = new JsonArray(new JsonObject { ["key"] = "mlflow.runName", ["value"] = tag });
        return body;
    }

    private async Task<JsonNode> CreateAsync(string? field, string? tag) => (await _client.PostAsync("runs/create", Body(await server.CreateExperimentAsync(), field, tag)))["run"]!;

    private async Task<JsonNode> RunAsync(string id) => (await _client.GetAsync("runs/get", ("run_id", id)))["run"]!;
}
