using System.Net;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §3.2: the endpoints of metrics.</summary>
public sealed class Section3Metrics(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Theory]
    [Endpoint("POST /runs/log-metric")]
    [InlineData("run_id")]
    [InlineData("run_uuid")]
    public async Task Rule_3_2_log_metric_takes_a_point(string runField)
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/log-metric", new JsonObject { [runField] = run, ["key"] = "loss", ["value"] = 0.5, ["timestamp"] = 1_700_000_000_000, ["step"] = 7 });
        Assert.Equal([(0.5, 1_700_000_000_000, 7)], await server.HistoryAsync(run, "loss"));
    }

    [Fact]
    [Endpoint("POST /runs/log-metric")]
    public async Task Rule_3_2_the_step_of_log_metric_is_0_when_it_is_not_there()
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/log-metric", new JsonObject { ["run_id"] = run, ["key"] = "loss", ["value"] = 0.5, ["timestamp"] = 1 });
        Assert.Equal([(0.5, 1, 0)], await server.HistoryAsync(run, "loss"));
    }

    [Fact]
    [Endpoint("POST /runs/log-batch")]
    public async Task Rule_3_2_log_batch_takes_metrics_params_and_tags()
    {
        string run = await server.CreateRunAsync();
        JsonObject answer = await _client.PostAsync("runs/log-batch", new JsonObject
        {
            ["run_id"] = run,
            ["metrics"] = new JsonArray(Points.Sent("loss", 0.5, 10, 1), Points.Sent("accuracy", 0.9, 10, 1), Points.Sent("loss", 0.25, 20, 2)),
            ["params"] = new JsonArray(new JsonObject { ["key"] = "depth", ["value"] = "3" }, new JsonObject { ["key"] = "note" }),
            ["tags"] = new JsonArray(new JsonObject { ["key"] = "colour", ["value"] = "red" }),
        });
        Assert.Empty(answer);
        Assert.Equal([(0.5, 10, 1), (0.25, 20, 2)], await server.HistoryAsync(run, "loss"));
        Assert.Equal([(0.9, 10, 1)], await server.HistoryAsync(run, "accuracy"));
        JsonNode data = (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!;
        Assert.Equal("""[{"key":"depth","value":"3"},{"key":"note","value":""}]""", data["params"]!.ToJsonString());
        Assert.Contains("""{"key":"colour","value":"red"}""", data["tags"]!.AsArray().Select(tag => tag!.ToJsonString()));
    }

    [Fact]
    [Endpoint("POST /runs/log-batch")]
    public async Task Rule_3_2_an_empty_log_batch_asks_whether_the_run_can_be_written_to()
    {
        string run = await server.CreateRunAsync();
        Assert.Empty(await _client.PostAsync("runs/log-batch", new JsonObject { ["run_id"] = run }));
        Assert.Empty(await _client.PostAsync("runs/log-batch", new JsonObject { ["run_id"] = run, ["metrics"] = new JsonArray(), ["params"] = null }));
        (await _client.TryPostAsync("runs/log-batch", new JsonObject { ["run_id"] = "0123456789abcdef0123456789abcdef" })).IsError(404, "RESOURCE_DOES_NOT_EXIST", "Run with id=0123456789abcdef0123456789abcdef not found");
        await _client.PostAsync("runs/delete", new JsonObject { ["run_id"] = run });
        (await _client.TryPostAsync("runs/log-batch", new JsonObject { ["run_id"] = run })).IsError(400, "INVALID_PARAMETER_VALUE", "must be in the 'active' state");
    }

    [Theory]
    [Endpoint("GET /metrics/get-history")]
    [InlineData("run_id")]
    [InlineData("run_uuid")]
    public async Task Rule_3_2_get_history_gives_a_metric_page_by_page(string runField)
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", Enumerable.Range(0, 10).Select(i => (i * 0.5, 100L + i, (long)i)));
        List<(double, long, long)> found = [];
        string? token = "";
        for (int page = 0; page < 4; page++)
        {
            Assert.NotNull(token);
            JsonObject answer = await _client.GetAsync("metrics/get-history", [(runField, run), ("metric_key", "loss"), ("max_results", "3"), .. token.Length == 0 ? [] : (ReadOnlySpan<(string, string)>)[("page_token", token)]]);
            found.AddRange(Points.Of(answer));
            Assert.Equal(page == 3 ? 1 : 3, answer["metrics"]!.AsArray().Count);
            token = (string?)answer["next_page_token"];
        }

        Assert.Null(token);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (i * 0.5, 100L + i, (long)i)), found);
    }

    [Fact]
    [Endpoint("GET /metrics/get-history")]
    public async Task Rule_3_2_a_full_last_page_has_no_token()
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", [(1, 1, 1), (2, 2, 2)]);
        JsonObject answer = await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"), ("max_results", "2"));
        Assert.Equal((2, null), (answer["metrics"]!.AsArray().Count, (string?)answer["next_page_token"]));
    }

    [Fact]
    [Endpoint("GET /metrics/get-history")]
    public async Task Rule_3_2_points_that_come_between_two_pages_shift_nothing()
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", [(1, 100, 1), (2, 200, 2), (3, 300, 3)]);
        JsonObject first = await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"), ("max_results", "2"));
        await server.LogAsync(run, "loss", [(0, 50, 0), (2, 200, 1), (9, 200, 2), (4, 400, 4)]);
        JsonObject rest = await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"), ("page_token", (string)first["next_page_token"]!));
        Assert.Equal([(9, 200, 2), (3, 300, 3), (4, 400, 4)], Points.Of(rest));
    }

    [Fact]
    [Endpoint("GET /metrics/get-history")]
    public async Task Rule_3_2_a_token_of_another_history_or_a_damaged_one_is_refused()
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", [(1, 1, 1), (2, 2, 2)]);
        string token = (string)(await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"), ("max_results", "1")))["next_page_token"]!;
        (await _client.TryGetAsync("metrics/get-history", ("run_id", run), ("metric_key", "accuracy"), ("page_token", token))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid page token");
        foreach (string damaged in (string[])[token[1..], token + "A", $"{(token[0] == 'A' ? 'B' : 'A')}{token[1..]}", "x", "%00", new string('A', token.Length)])
            (await _client.TryGetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"), ("page_token", damaged))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid page token");
    }

    [Fact]
    [Endpoint("GET /metrics/get-history")]
    public async Task Rule_3_2_the_history_of_an_unknown_run_is_404_and_that_of_a_deleted_one_is_read()
    {
        (await _client.TryGetAsync("metrics/get-history", ("run_id", "0123456789abcdef0123456789abcdef"), ("metric_key", "loss"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "Run with id=0123456789abcdef0123456789abcdef not found");
        (await _client.TryGetAsync("metrics/get-history", ("run_id", "../x"), ("metric_key", "loss"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "not found");
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", [(1, 1, 1)]);
        await _client.PostAsync("runs/delete", new JsonObject { ["run_id"] = run });
        Assert.Equal([(1, 1, 1)], await server.HistoryAsync(run, "loss"));
    }

    [Fact]
    [Endpoint("GET /metrics/get-history-bulk")]
    public async Task Rule_3_2_get_history_bulk_is_for_pages_and_says_the_run_of_each_point()
    {
        string experiment = await server.CreateExperimentAsync(), first = await server.CreateRunAsync(experiment), second = await server.CreateRunAsync(experiment);
        await server.LogAsync(second, "loss", [(3, 30, 1), (4, 40, 2)]);
        await server.LogAsync(first, "loss", [(2, 20, 2), (1, 10, 1)]);
        (await _client.TryGetAsync("metrics/get-history-bulk", ("run_id", first), ("metric_key", "loss"))).IsError(404, "ENDPOINT_NOT_FOUND");

        JsonObject answer = await _client.GetAsync("/ajax-api/2.0/mlflow/metrics/get-history-bulk", ("run_id", second), ("run_id", first), ("metric_key", "loss"));
        // By run, whatever order they were asked in.
        (string, double)[] expected = [(first, 1), (first, 2), (second, 3), (second, 4)];
        Assert.Equal(expected.OrderBy(point => point.Item1, StringComparer.Ordinal).ThenBy(point => point.Item2), answer["metrics"]!.AsArray().Select(point => ((string)point!["run_id"]!, (double)point["value"]!)));
        JsonObject some = await _client.GetAsync("/ajax-api/2.0/mlflow/metrics/get-history-bulk", ("run_id", second), ("run_id", first), ("metric_key", "loss"), ("max_results", "3"));
        Assert.Equal(answer["metrics"]!.AsArray().Take(3).Select(point => point!.ToJsonString()), some["metrics"]!.AsArray().Select(point => point!.ToJsonString()));
    }

    [Theory]
    [Endpoint("GET /metrics/get-history-bulk")]
    [Endpoint("GET /metrics/get-history-bulk-interval")]
    [InlineData("/ajax-api/2.0/mlflow/metrics/get-history-bulk", "run_id")]
    [InlineData("metrics/get-history-bulk-interval", "run_ids")]
    [InlineData("/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval", "run_ids")]
    public async Task Rule_3_2_histories_of_1_to_100_runs_are_asked_at_once(string path, string field)
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", [(1, 1, 1)]);
        (string, string) unknown = (field, "0123456789abcdef0123456789abcdef"), key = ("metric_key", "loss");
        (await _client.TryGetAsync(path, key)).IsError(400, "INVALID_PARAMETER_VALUE", $"Missing value for required parameter '{field}'");
        (await _client.TryGetAsync(path, (field, run))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'metric_key'");
        (await _client.TryGetAsync(path, [key, .. Enumerable.Repeat(unknown, 101)])).IsError(400, "INVALID_PARAMETER_VALUE", "100");
        (await _client.TryGetAsync(path, (field, run), key, ("max_results", "-1"))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid value \"-1\" for parameter 'max_results' supplied");
        // One that is named twice is one, and one that is not there has no points.
        Assert.Equal([(1, 1, 1)], Points.Of(await _client.GetAsync(path, [key, (field, run), .. Enumerable.Repeat(unknown, 98), (field, run)])));
        Assert.Equal("{}", (await _client.TryGetAsync(path, key, unknown)).Body);
    }

    [Fact]
    [Endpoint("GET /metrics/get-history-bulk-interval")]
    public async Task Rule_3_2_get_history_bulk_interval_takes_its_bounds()
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", Enumerable.Range(-5, 11).Select(i => ((double)i, 1L, (long)i)));
        MlflowClient.Answer answer = await _client.TryGetAsync("metrics/get-history-bulk-interval", ("run_ids", run), ("metric_key", "loss"), ("start_step", "-2"), ("end_step", "2"));
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.Equal([-2, -1, 0, 1, 2], Points.Of(answer.Json).Select(point => point.Step));
        Assert.Equal(run, (string?)answer.Json["metrics"]![0]!["run_id"]);
        foreach (string most in (string[])["0", "2501"])
            (await _client.TryGetAsync("metrics/get-history-bulk-interval", ("run_ids", run), ("metric_key", "loss"), ("max_results", most))).IsError(400, "INVALID_PARAMETER_VALUE", $"Invalid value \"{most}\" for parameter 'max_results' supplied");
    }
}
