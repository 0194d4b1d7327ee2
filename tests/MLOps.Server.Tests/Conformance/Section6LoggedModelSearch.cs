using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §6.10: the search for logged models.</summary>
public sealed class Section6LoggedModelSearch(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Theory]
    [InlineData("name = 'alpha'", "alpha")]
    [InlineData("attributes.name = 'alpha'", "alpha")]
    [InlineData("name != 'alpha'", "beta,gamma")]
    [InlineData("name LIKE '%a'", "alpha,beta,gamma")]
    [InlineData("name LIKE 'A%'", "")]
    [InlineData("name ILIKE 'A%'", "alpha")]
    [InlineData("name IN ('alpha', 'gamma')", "alpha,gamma")]
    [InlineData("name NOT IN ('alpha', 'gamma')", "beta")]
    [InlineData("model_type = 'agent'", "alpha")]
    [InlineData("status = 'READY'", "beta")]
    [InlineData("status = 'LOGGED_MODEL_READY'", "beta")]
    [InlineData("creation_timestamp > 0 AND creation_time > 0 AND last_updated_timestamp >= 1700000000000", "alpha,beta,gamma")]
    [InlineData("creation_timestamp < 1700000000000", "")]
    [InlineData("params.depth = '3'", "alpha")]
    [InlineData("params.depth != '3'", "beta")]
    [InlineData("tags.team = 'red' AND params.depth = '4'", "beta")]
    [InlineData("tags.`the team` = 'blue'", "gamma")]
    [InlineData("", "alpha,beta,gamma")]
    public async Task Rule_6_10_filters_speak_of_attributes_params_and_tags(string filter, string names)
    {
        string experiment = await ThreeModelsAsync();
        Assert.Equal(names, string.Join(',', (await NamesAsync(experiment, filter, new JsonArray(Order("name"))))));
    }

    [Theory]
    [InlineData("param.depth = '3'")]
    [InlineData("attribute.name = 'alpha'")]
    [InlineData("metric.accuracy > 1")]
    [InlineData("name > 'alpha'")]
    [InlineData("creation_timestamp = '3'")]
    [InlineData("creation_timestamp LIKE '3'")]
    [InlineData("nothing = 'x'")]
    [InlineData("name = 'alpha' OR name = 'beta'")]
    [InlineData("datasets.name = 'x'")]
    public async Task Rule_6_10_other_words_and_comparators_are_400(string filter)
    {
        JsonObject body = new() { ["experiment_ids"] = new JsonArray(await server.CreateExperimentAsync()), ["filter"] = filter };
        (await _client.TryPostAsync("logged-models/search", body)).IsError(400, "INVALID_PARAMETER_VALUE");
    }

    [Fact]
    public async Task Rule_6_1_a_filter_of_logged_models_has_up_to_500_conditions()
    {
        string experiment = await server.CreateExperimentAsync();
        Assert.Equal(200, (int)(await AskAsync(500)).Status);
        (await AskAsync(501)).IsError(400, "INVALID_PARAMETER_VALUE", "at most 500 conditions");

        Task<MlflowClient.Answer> AskAsync(int conditions) => server.Client.TryPostAsync("logged-models/search", new JsonObject
        {
            ["experiment_ids"] = new JsonArray(experiment),
            ["filter"] = string.Join(" AND ", Enumerable.Range(0, conditions).Select(i => $"name != 'none{i}'")),
        });
    }

    [Fact]
    public async Task Rule_6_10_ids_and_the_source_run_are_attributes()
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment);
        await server.CreateLoggedModelAsync(experiment, "other");
        JsonObject made = await _client.PostAsync("logged-models", new JsonObject { ["experiment_id"] = experiment, ["name"] = "mine", ["source_run_id"] = run });
        string id = (string)made["model"]!["info"]!["model_id"]!;
        Assert.Equal(["mine"], await NamesAsync(experiment, $"source_run_id = '{run}'"));
        Assert.Equal(["mine"], await NamesAsync(experiment, $"model_id = '{id}' AND experiment_id = '{experiment}'"));
        Assert.Equal(["other"], await NamesAsync(experiment, $"model_id != '{id}'"));
    }

    [Fact]
    public async Task Rule_6_10_a_condition_on_a_metric_holds_on_the_datasets_asked_for()
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment);
        string first = await server.CreateLoggedModelAsync(experiment, "first"), second = await server.CreateLoggedModelAsync(experiment, "second");
        await LogAsync(run, first, 0.9, "wine", "d1");
        await LogAsync(run, first, 0.1, "beer", "d2");
        await LogAsync(run, second, 0.5, "wine", "d3");
        Assert.Equal(["first"], await NamesAsync(experiment, "metrics.accuracy > 0.8"));
        Assert.Equal(["first"], await NamesAsync(experiment, "metrics.accuracy < 0.2"));
        Assert.Empty(await NamesAsync(experiment, "metrics.accuracy < 0.2", datasets: new JsonArray(new JsonObject { ["dataset_name"] = "wine" })));
        Assert.Equal(["second"], await NamesAsync(experiment, "metrics.accuracy > 0", datasets: new JsonArray(new JsonObject { ["dataset_name"] = "wine", ["dataset_digest"] = "d3" })));
        JsonArray both = new(new JsonObject { ["dataset_name"] = "beer" }, new JsonObject { ["dataset_name"] = "wine", ["dataset_digest"] = "d3" });
        Assert.Equal(["first", "second"], await NamesAsync(experiment, "metrics.accuracy > 0", new JsonArray(Order("name")), both));
    }

    [Fact]
    public async Task Rule_2_a_models_metrics_tell_run_and_dataset()
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment), id = await server.CreateLoggedModelAsync(experiment);
        await LogAsync(run, id, 0.9, "wine", "d1");
        JsonObject model = await _client.GetAsync($"logged-models/{id}");
        JsonObject metric = Assert.Single(model["model"]!["data"]!["metrics"]!.AsArray())!.AsObject();
        Assert.Equal(("accuracy", 0.9, 7L, 1_700_000_000_000L), ((string?)metric["key"], (double)metric["value"]!, (long)metric["step"]!, (long)metric["timestamp"]!));
        Assert.Equal((id, run, "wine", "d1"), ((string?)metric["model_id"], (string?)metric["run_id"], (string?)metric["dataset_name"], (string?)metric["dataset_digest"]));
    }

    [Theory]
    [InlineData("name", true, "alpha,beta,gamma")]
    [InlineData("name", false, "gamma,beta,alpha")]
    [InlineData("attributes.name", false, "gamma,beta,alpha")]
    [InlineData("creation_time", true, "alpha,beta,gamma")]
    [InlineData("creation_timestamp", false, "gamma,beta,alpha")]
    public async Task Rule_6_10_orders_are_objects_with_a_field_and_a_direction(string field, bool ascending, string names)
    {
        string experiment = await ThreeModelsAsync();
        Assert.Equal(names, string.Join(',', await NamesAsync(experiment, null, new JsonArray(Order(field, ascending)))));
    }

    [Fact]
    public async Task Rule_6_10_ascending_is_the_default_and_the_newest_come_first_without_an_order()
    {
        string experiment = await ThreeModelsAsync();
        Assert.Equal(["alpha", "beta", "gamma"], await NamesAsync(experiment, null, new JsonArray(new JsonObject { ["field_name"] = "name" })));
        Assert.Equal(["gamma", "beta", "alpha"], await NamesAsync(experiment, null));
    }

    [Fact]
    public async Task Rule_6_10_models_without_the_metric_come_last_both_ways_and_equal_ones_newest_first()
    {
        string experiment = await ThreeModelsAsync(), run = await server.CreateRunAsync(experiment), id = await server.CreateLoggedModelAsync(experiment, "delta"), other = await server.CreateLoggedModelAsync(experiment, "epsilon");
        await LogAsync(run, id, 0.9, "wine", "d1");
        await LogAsync(run, other, 0.1, "beer", "d1");
        Assert.Equal(["delta", "epsilon", "gamma", "beta", "alpha"], await NamesAsync(experiment, null, new JsonArray(Order("metrics.accuracy", ascending: false))));
        Assert.Equal(["epsilon", "delta", "gamma", "beta", "alpha"], await NamesAsync(experiment, null, new JsonArray(Order("metrics.accuracy", ascending: true))));
        JsonObject onWine = Order("metrics.accuracy", ascending: true);
        onWine["dataset_name"] = "wine";
        Assert.Equal(["delta", "epsilon", "gamma", "beta", "alpha"], await NamesAsync(experiment, null, new JsonArray(onWine)));
    }

    [Theory]
    [InlineData("params.depth")]
    [InlineData("tags.team")]
    [InlineData("nothing")]
    [InlineData("name DESC")]
    [InlineData("metrics.")]
    [InlineData("")]
    public async Task Rule_6_10_an_order_by_anything_else_is_400(string field)
    {
        JsonObject body = new() { ["experiment_ids"] = new JsonArray(await server.CreateExperimentAsync()), ["order_by"] = new JsonArray(Order(field)) };
        (await _client.TryPostAsync("logged-models/search", body)).IsError(400, "INVALID_PARAMETER_VALUE");
    }

    [Fact]
    public async Task Rule_6_10_a_page_has_50_by_default_and_100_when_0_is_sent()
    {
        string experiment = await server.CreateExperimentAsync();
        for (int i = 0; i < 101; i++)
            await server.CreateLoggedModelAsync(experiment, "many");
        Assert.Equal((50, true), await CountAsync(null));
        Assert.Equal((100, true), await CountAsync(0));
        Assert.Equal((7, true), await CountAsync(7));
        Assert.Equal((101, false), await CountAsync(101));

        async Task<(int Count, bool HasMore)> CountAsync(int? max)
        {
            JsonObject page = await _client.PostAsync("logged-models/search", new JsonObject { ["experiment_ids"] = new JsonArray(experiment), ["max_results"] = max });
            return (page["models"]!.AsArray().Count, page.ContainsKey("next_page_token"));
        }
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(50_001)]
    public async Task Rule_6_10_a_page_of_an_impossible_size_is_400(int size)
    {
        JsonObject body = new() { ["experiment_ids"] = new JsonArray(await server.CreateExperimentAsync()), ["max_results"] = size };
        (await _client.TryPostAsync("logged-models/search", body)).IsError(400, "INVALID_PARAMETER_VALUE", $"Invalid value {size} for parameter 'max_results' supplied");
    }

    [Fact]
    public async Task Rule_6_12_a_token_of_logged_models_leads_on_through_the_same_question_alone()
    {
        string experiment = await ThreeModelsAsync(), other = await server.CreateExperimentAsync();
        JsonObject first = await _client.PostAsync("logged-models/search", Question(experiment, "name != 'x'", "name"));
        Assert.Equal("alpha", (string?)Assert.Single(first["models"]!.AsArray())!["info"]!["name"]);
        string token = (string)first["next_page_token"]!;
        JsonObject second = await _client.PostAsync("logged-models/search", With(Question(experiment, "name != 'x'", "name"), token));
        Assert.Equal("beta", (string?)Assert.Single(second["models"]!.AsArray())!["info"]!["name"]);
        JsonObject last = await _client.PostAsync("logged-models/search", With(Question(experiment, "name != 'x'", "name"), (string)second["next_page_token"]!));
        Assert.False(last.ContainsKey("next_page_token"));
        foreach (JsonObject question in (JsonObject[])[Question(other, "name != 'x'", "name"), Question(experiment, "name != 'y'", "name"), Question(experiment, "name != 'x'", "creation_time")])
            (await _client.TryPostAsync("logged-models/search", With(question, token))).IsError(400, "INVALID_PARAMETER_VALUE", "page token");
        (await _client.TryPostAsync("logged-models/search", With(Question(experiment, "name != 'x'", "name"), "nonsense"))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid page token");

        static JsonObject Question(string experiment, string filter, string order) =>
            new() { ["experiment_ids"] = new JsonArray(experiment), ["filter"] = filter, ["order_by"] = new JsonArray(Order(order)), ["max_results"] = 1 };

        static JsonObject With(JsonObject question, string token)
        {
            question["page_token"] = token;
            return question;
        }
    }

    private static JsonObject Order(string field, bool? ascending = null) => new() { ["field_name"] = field, ["ascending"] = ascending };

    // One after the other by the clock, which has milliseconds.
    private async Task<string> ThreeModelsAsync()
    {
        string experiment = await server.CreateExperimentAsync();
        await MakeAsync("alpha", "agent", "team", "red", "3");
        string beta = await MakeAsync("beta", null, "team", "red", "4");
        await MakeAsync("gamma", null, "the team", "blue", null);
        await _client.PatchAsync($"logged-models/{beta}", new JsonObject { ["status"] = 2 });
        return experiment;

        async Task<string> MakeAsync(string name, string? type, string tag, string value, string? depth)
        {
            JsonObject made = await _client.PostAsync("logged-models", new JsonObject
            {
                ["experiment_id"] = experiment,
                ["name"] = name,
                ["model_type"] = type,
                ["tags"] = LoggedModelRequests.Pairs((tag, value)),
                ["params"] = depth is null ? null : LoggedModelRequests.Pairs(("depth", depth)),
            });
            while (TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() <= (long)made["model"]!["info"]!["creation_timestamp_ms"]!)
                await Task.Yield();
            return (string)made["model"]!["info"]!["model_id"]!;
        }
    }

    private Task<JsonObject> LogAsync(string run, string model, double value, string dataset, string digest) => _client.PostAsync("runs/log-metric", new JsonObject
    {
        ["run_id"] = run,
        ["key"] = "accuracy",
        ["value"] = value,
        ["timestamp"] = 1_700_000_000_000,
        ["step"] = 7,
        ["model_id"] = model,
        ["dataset_name"] = dataset,
        ["dataset_digest"] = digest,
    });

    private async Task<string[]> NamesAsync(string experiment, string? filter, JsonArray? order = null, JsonArray? datasets = null)
    {
        JsonObject page = await _client.PostAsync("logged-models/search", new JsonObject
        {
            ["experiment_ids"] = new JsonArray(experiment),
            ["filter"] = filter,
            ["order_by"] = order,
            ["datasets"] = datasets,
        });
        return [.. (page["models"]?.AsArray() ?? []).Select(model => (string)model!["info"]!["name"]!)];
    }
}
