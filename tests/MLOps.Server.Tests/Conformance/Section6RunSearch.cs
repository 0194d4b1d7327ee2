using System.Net;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §6.1 to 6.5 and 6.12: how runs are searched, ordered and paged.</summary>
public sealed class Section6RunSearch(ConformanceServer server, SearchedRuns runs) : IClassFixture<SearchedRuns>
{
    private readonly MlflowClient _client = server.Client;

    [Theory]
    [InlineData(null, "dcbae")]
    [InlineData("", "dcbae")]
    [InlineData("  ", "dcbae")]
    [InlineData("metrics.acc > 0 AND params.lr = '0.1'", "a")]
    [InlineData("metrics.acc>0 and params.lr='0.2'", "b")]
    [InlineData("status = 'RUNNING' And tags.`a b` = 'in quotes' aNd start_time > 0", "c")]
    public async Task Rule_6_1_comparisons_are_joined_by_AND(string? filter, string found) => Assert.Equal(found, await runs.FindAsync(filter));

    [Theory]
    [InlineData("metrics.acc > 0 OR metrics.acc < 0")]
    [InlineData("NOT metrics.acc > 0")]
    [InlineData("(metrics.acc > 0)")]
    [InlineData("metrics.acc > 0;")]
    [InlineData("metrics.acc > 0; metrics.acc < 1")]
    [InlineData("metrics.acc > 0 AND")]
    [InlineData("AND metrics.acc > 0")]
    [InlineData("metrics.acc > 0 params.lr = '0.1'")]
    [InlineData("metrics.acc")]
    [InlineData("metrics.acc >")]
    [InlineData("params.lr = '0.1")]
    public async Task Rule_6_1_anything_else_is_refused(string filter) => (await runs.TryFindAsync(filter)).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid clause(s) in filter string");

    [Theory]
    [InlineData("runs/search", "start_time > 0")]
    [InlineData("runs/search", "params.k{0} = 'x'")]
    [InlineData("runs/search", "metrics.k{0} > 1")]
    [InlineData("runs/search", "tags.k{0} IS NULL")]
    [InlineData("runs/search", "datasets.name LIKE '%{0}%'")]
    [InlineData("experiments/search", "creation_time > 0")]
    [InlineData("experiments/search", "tags.k{0} = 'x'")]
    public async Task Rule_6_1_a_filter_has_up_to_500_conditions(string path, string condition)
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(500)).Status);
        (await AskAsync(501)).IsError(400, "INVALID_PARAMETER_VALUE", "at most 500 conditions");

        Task<MlflowClient.Answer> AskAsync(int conditions) => _client.TryPostAsync(path, new JsonObject
        {
            ["experiment_ids"] = new JsonArray(runs.Experiment),
            ["max_results"] = 5,
            ["filter"] = string.Join(" AND ", Enumerable.Range(0, conditions).Select(i => condition.Replace("{0}", $"{i}", StringComparison.Ordinal))),
        });
    }

    [Fact]
    public async Task Rule_6_5_an_order_has_up_to_100_keys()
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(100)).Status);
        (await AskAsync(101)).IsError(400, "INVALID_PARAMETER_VALUE", "at most 100 keys");

        Task<MlflowClient.Answer> AskAsync(int keys) => runs.TryFindAsync(null, [.. Enumerable.Range(0, keys).Select(i => $"metrics.k{i} DESC")]);
    }

    [Fact]
    public async Task Rule_3_2_runs_of_up_to_50000_experiments_are_searched()
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(50_000)).Status);
        (await AskAsync(50_001)).IsError(400, "INVALID_PARAMETER_VALUE", "at most 50000 experiments");

        Task<MlflowClient.Answer> AskAsync(int experiments) =>
            _client.TryPostAsync("runs/search", new JsonObject { ["max_results"] = 1, ["experiment_ids"] = new JsonArray([.. Enumerable.Range(1, experiments).Select(id => JsonValue.Create($"{id}"))]) });
    }

    [Theory]
    [InlineData("status = 'FAILED'", "b")]
    [InlineData("tags.dotted.key = 'yes'", "c")]
    [InlineData("metrics.`my metric` > 2", "d")]
    [InlineData("metrics.\"my metric\" > 2", "d")]
    [InlineData("params.\"p q\" = 'x y'", "d")]
    [InlineData("metrics.slash/metric < 1", "d")]
    [InlineData("`metrics`.acc > 0.6", "a")]
    [InlineData("params.LR = '0.1'", "")]
    public async Task Rule_6_2_an_identifier_is_an_entity_and_a_key(string filter, string found) => Assert.Equal(found, await runs.FindAsync(filter));

    [Theory]
    [InlineData("Metrics.acc > 0")]
    [InlineData("PARAMS.lr = '0.1'")]
    [InlineData("things.acc = '1'")]
    public async Task Rule_6_2_entity_names_are_lower_case(string filter) => (await runs.TryFindAsync(filter)).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid clause(s) in filter string");

    [Theory]
    [InlineData("params.lr = \"0.1\"", "a")]
    [InlineData("tags.it = \"it's\"", "d")]
    [InlineData("metrics.acc = -2", "d")]
    [InlineData("metrics.acc = -2.0e0", "d")]
    [InlineData("metrics.slash/metric = 1E-7", "d")]
    [InlineData("metrics.acc = .5", "b")]
    public async Task Rule_6_3_texts_are_quoted_and_numbers_are_not(string filter, string found) => Assert.Equal(found, await runs.FindAsync(filter));

    [Theory]
    [InlineData("params.lr = 0.1")]
    [InlineData("params.opt = adam")]
    [InlineData("attributes.run_id IN ()")]
    [InlineData("attributes.run_id IN (1)")]
    [InlineData("attributes.run_id IN 'a'")]
    public async Task Rule_6_3_a_text_without_quotes_or_an_empty_list_is_refused(string filter) => (await runs.TryFindAsync(filter)).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid clause(s) in filter string");

    [Theory]
    [InlineData("metric.acc = 0.9", "a")]
    [InlineData("metrics.acc != 0.9 AND metrics.acc < 10", "db")]
    [InlineData("metrics.acc > 0.5", "a")]
    [InlineData("metrics.acc >= 0.5", "ba")]
    [InlineData("metrics.acc < 0.5", "d")]
    [InlineData("metrics.acc <= 0.5", "db")]
    [InlineData("metrics.acc = 77", "")]
    [InlineData("metrics.none != 1", "")]
    public async Task Rule_6_4_metrics_are_compared_by_their_latest_values(string filter, string found) => Assert.Equal(found, await runs.FindAsync(filter));

    [Theory]
    [InlineData("parameter.lr = '0.1'", "a")]
    [InlineData("parameters.lr != '0.1'", "b")]
    [InlineData("param.opt LIKE 'sg%'", "")]
    [InlineData("params.opt LIKE 'SG_'", "b")]
    [InlineData("params.opt ilike 'sg%'", "b")]
    [InlineData("params.lr IS NULL", "dce")]
    [InlineData("params.lr is not null", "ba")]
    [InlineData("params.empty = ''", "d")]
    [InlineData("tag.team = 'Risk'", "a")]
    [InlineData("tags.team = 'risk'", "")]
    [InlineData("tags.team != 'Risk'", "b")]
    [InlineData("tags.team LIKE '%isk'", "a")]
    [InlineData("tags.team ILIKE 'FR%'", "b")]
    [InlineData("tags.team IS NULL", "dce")]
    [InlineData("tags.team IS NOT NULL", "ba")]
    public async Task Rule_6_4_params_and_tags_are_compared_as_texts(string filter, string found) => Assert.Equal(found, await runs.FindAsync(filter));

    [Theory]
    [InlineData("attribute.run_name = 'c'", "c")]
    [InlineData("attributes.`run name` = 'c'", "c")]
    [InlineData("attr.`Run name` != 'c'", "dbae")]
    [InlineData("run.`Run Name` LIKE 'c'", "c")]
    [InlineData("run_name ILIKE 'C'", "c")]
    [InlineData("status != 'RUNNING'", "ba")]
    [InlineData("attributes.user_id = 'ada'", "ca")]
    [InlineData("user_id LIKE 'b%'", "b")]
    [InlineData("artifact_uri LIKE '%/artifacts'", "dcbae")]
    [InlineData("artifact_uri NOT IN ('x')", "dcbae")]
    [InlineData("start_time >= 3000", "dc")]
    [InlineData("attributes.created < 1000", "e")]
    [InlineData("Created = 2000", "b")]
    [InlineData("end_time > 5000", "b")]
    [InlineData("end_time != 5000", "b")]
    public async Task Rule_6_4_attributes_are_compared(string filter, string found) => Assert.Equal(found, await runs.FindAsync(filter));

    [Fact]
    public async Task Rule_6_4_ids_are_compared_with_lists()
    {
        string list = $"('{runs.Ids["a"]}', '{runs.Ids["d"]}', 'NONE')";
        Assert.Equal("da", await runs.FindAsync($"attributes.run_id IN {list}"));
        Assert.Equal("da", await runs.FindAsync($"run_id in {list}"));
        Assert.Equal("cbe", await runs.FindAsync($"run_id NOT IN {list}"));
        Assert.Equal("b", await runs.FindAsync($"run_id = '{runs.Ids["b"]}'"));
        Assert.Equal("", await runs.FindAsync($"run_id IN ('{runs.Ids["a"].ToUpperInvariant()}')"));
    }

    [Theory]
    [InlineData("dataset.name = 'iris'", "a")]
    [InlineData("datasets.name LIKE '%i%'", "ba")]
    [InlineData("datasets.name ILIKE 'IRIS'", "a")]
    [InlineData("datasets.digest IN ('d1', 'd3')", "a")]
    [InlineData("datasets.context = 'test'", "b")]
    [InlineData("dataset.context = 'training' AND dataset.name = 'wine'", "")]
    public async Task Rule_6_4_datasets_are_compared(string filter, string found) => Assert.Equal(found, await runs.FindAsync(filter));

    [Theory]
    [InlineData("attributes.nothing = 'x'", "Invalid attribute key")]
    [InlineData("acc > 0", "Invalid attribute key")]
    [InlineData("metrics.acc = '0.9'", "Expected numeric value type for metric")]
    [InlineData("metrics.acc > high", "Expected numeric value type for metric")]
    [InlineData("start_time > '2000'", "Expected numeric value type")]
    [InlineData("metrics.acc LIKE '0%'", "LIKE does not go with metric 'acc'")]
    [InlineData("params.lr > '0.1'", "> does not go with param 'lr'")]
    [InlineData("params.lr IN ('0.1')", "IN does not go with param 'lr'")]
    [InlineData("tags.team > 'a'", "> does not go with tag 'team'")]
    [InlineData("start_time LIKE '1%'", "LIKE does not go with attribute 'start_time'")]
    [InlineData("datasets.size = 'x'", "Datasets have no property 'size'")]
    public async Task Rule_6_4_what_does_not_go_together_is_refused(string filter, string message) => (await runs.TryFindAsync(filter)).IsError(400, "INVALID_PARAMETER_VALUE", message);

    [Theory]
    [InlineData("metrics.acc", "dbace")]
    [InlineData("metrics.acc ASC", "dbace")]
    [InlineData("metrics.acc desc", "abdce")]
    [InlineData("params.opt", "badce")]
    [InlineData("params.opt DESC", "abdce")]
    [InlineData("tags.team", "abdce")]
    [InlineData("attributes.start_time ASC", "eabcd")]
    [InlineData("start_time", "eabcd")]
    [InlineData("attributes.end_time DESC", "badce")]
    [InlineData("end_time", "abdce")]
    [InlineData("status", "badce")]
    [InlineData("run_name DESC", "edcba")]
    [InlineData("metrics.loss", "adcbe")]
    [InlineData("params.`p q` DESC", "dcbae")]
    public async Task Rule_6_5_runs_are_ordered_with_what_is_missing_last(string key, string found) => Assert.Equal(found, await runs.FindAsync(null, key));

    [Fact]
    public async Task Rule_6_5_several_keys_order_one_after_the_other()
    {
        Assert.Equal("baecd", await runs.FindAsync(null, "status", "start_time ASC"));
        Assert.Equal("badce", await runs.FindAsync(null, "status ASC", "start_time DESC"));
    }

    [Fact]
    public async Task Rule_6_5_equal_runs_are_ordered_by_start_and_then_by_id()
    {
        string experiment = await server.CreateExperimentAsync();
        string[] ids = [await server.CreateRunAsync(experiment), await server.CreateRunAsync(experiment), await server.CreateRunAsync(experiment)];
        Array.Sort(ids, StringComparer.Ordinal);
        foreach (JsonArray order in (JsonArray[])[[], new JsonArray("metrics.none DESC"), new JsonArray("start_time ASC")])
        {
            JsonObject found = await _client.PostAsync("runs/search", new JsonObject { ["experiment_ids"] = new JsonArray(experiment), ["order_by"] = order });
            Assert.Equal(ids, found["runs"]!.AsArray().Select(run => (string)run!["info"]!["run_id"]!));
        }
    }

    [Theory]
    [InlineData("datasets.name", "Runs cannot be ordered by their datasets")]
    [InlineData("metrics.acc down", "Invalid order_by clause")]
    [InlineData("metrics.acc, params.lr", "Invalid order_by clause")]
    [InlineData("attributes.nothing", "Invalid attribute key")]
    public async Task Rule_6_5_other_orders_are_refused(string key, string message) => (await runs.TryFindAsync(null, key)).IsError(400, "INVALID_PARAMETER_VALUE", message);

    [Fact]
    public async Task Rule_6_5_a_field_that_is_repeated_is_refused() =>
        (await runs.TryFindAsync(null, "metrics.acc", "metrics.acc DESC")).IsError(400, "INVALID_PARAMETER_VALUE", "twice");

    [Fact]
    public async Task Rule_6_12_pages_hold_every_run_once_and_a_full_last_page_has_no_token()
    {
        string experiment = await server.CreateExperimentAsync();
        List<string> made = [];
        for (int i = 0; i < 6; i++)
            made.Add(await server.CreateRunAsync(experiment));
        made.Sort(StringComparer.Ordinal);

        List<int> sizes = [];
        List<string> found = [];
        string? token = null;
        do
        {
            JsonObject page = await _client.PostAsync("runs/search", new JsonObject { ["experiment_ids"] = new JsonArray(experiment), ["max_results"] = sizes.Count + 1, ["page_token"] = token ?? "" });
            string[] ids = [.. page["runs"]!.AsArray().Select(run => (string)run!["info"]!["run_id"]!)];
            found.AddRange(ids);
            sizes.Add(ids.Length);
            token = (string?)page["next_page_token"];
            // What begins meanwhile comes before what was read.
            await _client.PostAsync("runs/create", new JsonObject { ["experiment_id"] = experiment, ["start_time"] = 1_800_000_000_000 });
        }
        while (token is not null);

        Assert.Equal([1, 2, 3], sizes);
        Assert.Equal(made, found);
    }

    [Theory]
    [InlineData("x")]
    [InlineData("eyJvZmZzZXQiOiAxfQ==")]
    public async Task Rule_6_12_a_token_that_was_not_given_is_refused(string token)
    {
        JsonObject question = runs.Question(null, []);
        question["page_token"] = token;
        (await _client.TryPostAsync("runs/search", question)).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid page token");
    }

    [Fact]
    public async Task Rule_6_12_a_token_belongs_to_its_question()
    {
        JsonObject question = runs.Question(null, []);
        question["max_results"] = 2;
        string token = (string)(await _client.PostAsync("runs/search", question))["next_page_token"]!;
        question = runs.Question("start_time > 0", []);
        question["page_token"] = token;
        (await _client.TryPostAsync("runs/search", question)).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid page token");
    }
}
