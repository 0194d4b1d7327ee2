using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §9.1: what logged models do.</summary>
public sealed partial class Section9LoggedModels(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    public async Task Rule_9_1_an_id_is_m_and_32_hex_digits_and_a_new_model_is_pending()
    {
        string experiment = await server.CreateExperimentAsync();
        JsonObject info = await InfoAsync(await server.CreateLoggedModelAsync(experiment, "churn"));
        Assert.Matches(ModelId(), (string?)info["model_id"]);
        Assert.Equal("LOGGED_MODEL_PENDING", (string?)info["status"]);
    }

    [Fact]
    public async Task Rule_5_2_its_files_lie_below_the_experiments_location()
    {
        string experiment = await server.CreateExperimentAsync(), id = await server.CreateLoggedModelAsync(experiment);
        JsonObject got = await _client.GetAsync("experiments/get", ("experiment_id", experiment));
        Assert.Equal($"{((string)got["experiment"]!["artifact_location"]!).TrimEnd('/')}/models/{id}/artifacts", (string?)(await InfoAsync(id))["artifact_uri"]);
    }

    [Theory]
    [InlineData("LOGGED_MODEL_READY", "LOGGED_MODEL_READY")]
    [InlineData(2, "LOGGED_MODEL_READY")]
    [InlineData("LOGGED_MODEL_UPLOAD_FAILED", "LOGGED_MODEL_UPLOAD_FAILED")]
    [InlineData(3, "LOGGED_MODEL_UPLOAD_FAILED")]
    public async Task Rule_9_1_finalizing_takes_the_status_by_name_or_number(object status, string name)
    {
        string id = await server.CreateLoggedModelAsync();
        await _client.PatchAsync($"logged-models/{id}", new JsonObject { ["status"] = status is int number ? number : (string)status });
        Assert.Equal(name, (string?)(await InfoAsync(id))["status"]);
    }

    [Theory]
    [InlineData("LOGGED_MODEL_PENDING")]
    [InlineData("LOGGED_MODEL_STATUS_UNSPECIFIED")]
    [InlineData("READY")]
    [InlineData("99")]
    [InlineData("")]
    public async Task Rule_9_1_finalizing_to_anything_else_is_400(string status)
    {
        string id = await server.CreateLoggedModelAsync();
        (await _client.TryPatchAsync($"logged-models/{id}", new JsonObject { ["status"] = status })).IsError(400, "INVALID_PARAMETER_VALUE", "'status'");
        (await _client.TryPatchAsync($"logged-models/{id}", [])).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'status'");
        Assert.Equal("LOGGED_MODEL_PENDING", (string?)(await InfoAsync(id))["status"]);
    }

    [Fact]
    public async Task Rule_9_1_a_name_is_generated_if_absent()
    {
        Assert.Matches(GeneratedName(), (string?)(await InfoAsync(await server.CreateLoggedModelAsync()))["name"]);
    }

    [Fact]
    public async Task Rule_9_1_names_need_not_be_unique()
    {
        string experiment = await server.CreateExperimentAsync();
        Assert.NotEqual(await server.CreateLoggedModelAsync(experiment, "churn"), await server.CreateLoggedModelAsync(experiment, "churn"));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("a.b")]
    [InlineData("50%")]
    [InlineData("\"a\"")]
    [InlineData("it's")]
    public async Task Rule_4_a_logged_models_name_has_none_of_the_characters_that_addresses_need(string name)
    {
        string experiment = await server.CreateExperimentAsync();
        (await _client.TryPostAsync("logged-models", new JsonObject { ["experiment_id"] = experiment, ["name"] = name })).IsError(400, "INVALID_PARAMETER_VALUE");
        Assert.Empty(await _client.PostAsync("logged-models/search", new JsonObject { ["experiment_ids"] = new JsonArray(experiment) }));
    }

    [Fact]
    public async Task Rule_9_1_a_deleted_model_is_404_unless_deleted_ones_are_allowed()
    {
        string id = await server.CreateLoggedModelAsync();
        await _client.DeleteAsync($"logged-models/{id}", []);
        (await _client.TryGetAsync($"logged-models/{id}")).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryGetAsync($"logged-models/{id}", ("allow_deleted", "false"))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        JsonObject model = await _client.GetAsync($"logged-models/{id}", ("allow_deleted", "true"));
        Assert.Equal(id, (string?)model["model"]!["info"]!["model_id"]);
        (await _client.TryGetAsync($"logged-models/{id}", ("allow_deleted", "perhaps"))).IsError(400, "INVALID_PARAMETER_VALUE", "allow_deleted");
    }

    [Fact]
    public async Task Rule_9_1_a_deleted_model_takes_no_changes_and_is_not_found_by_searches()
    {
        string experiment = await server.CreateExperimentAsync(), id = await server.CreateLoggedModelAsync(experiment);
        await _client.DeleteAsync($"logged-models/{id}", []);
        (await _client.TryPatchAsync($"logged-models/{id}", new JsonObject { ["status"] = 2 })).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryPatchAsync($"logged-models/{id}/tags", new JsonObject { ["tags"] = LoggedModelRequests.Pairs(("a", "b")) })).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryPostAsync($"logged-models/{id}/params", new JsonObject { ["params"] = LoggedModelRequests.Pairs(("a", "b")) })).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        Assert.Empty(await _client.PostAsync("logged-models/search", new JsonObject { ["experiment_ids"] = new JsonArray(experiment) }));
    }

    [Fact]
    public async Task Rule_9_1_params_are_add_only_and_adding_one_again_fails_whole()
    {
        string id = await server.CreateLoggedModelAsync();
        await _client.PostAsync($"logged-models/{id}/params", new JsonObject { ["params"] = LoggedModelRequests.Pairs(("a", "1")) });
        JsonObject again = new() { ["params"] = LoggedModelRequests.Pairs(("b", "2"), ("a", "1")) };
        (await _client.TryPostAsync($"logged-models/{id}/params", again)).IsError(400, "INVALID_PARAMETER_VALUE", "'a'");
        JsonObject model = await _client.GetAsync($"logged-models/{id}");
        Assert.Equal("""[{"key":"a","value":"1"}]""", model["model"]!["data"]!["params"]!.ToJsonString());
    }

    [Fact]
    public async Task Rule_9_1_deleting_a_tag_that_is_not_there_is_404()
    {
        string id = await server.CreateLoggedModelAsync();
        (await _client.TryDeleteAsync($"logged-models/{id}/tags/missing", [])).IsError(404, "RESOURCE_DOES_NOT_EXIST", "missing");
        (await _client.TryDeleteAsync($"logged-models/{id}/tags/a%2Fb", [])).IsError(404, "RESOURCE_DOES_NOT_EXIST", "a/b");
    }

    [Fact]
    public async Task Rule_9_1_setting_tags_answers_nothing()
    {
        string id = await server.CreateLoggedModelAsync();
        Assert.Empty(await _client.PatchAsync($"logged-models/{id}/tags", new JsonObject { ["tags"] = LoggedModelRequests.Pairs(("a", "b")) }));
    }

    private async Task<JsonObject> InfoAsync(string id) => (await _client.GetAsync($"logged-models/{id}"))["model"]!["info"]!.AsObject();

    [GeneratedRegex("^m-[0-9a-f]{32}$")]
    private static partial Regex ModelId();

    [GeneratedRegex("^[a-z]+-[a-z]+-[0-9]+$")]
    private static partial Regex GeneratedName();
}
