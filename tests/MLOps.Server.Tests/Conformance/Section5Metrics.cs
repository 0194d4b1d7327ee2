using System.Net;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §5.7, 5.8: what becomes of points, and of batches.</summary>
public sealed class Section5Metrics(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    public async Task Rule_5_7_relogging_an_identical_point_stores_nothing_new()
    {
        string run = await server.CreateRunAsync();
        for (int i = 0; i < 2; i++)
            await server.LogAsync(run, "loss", [(0.5, 1, 1), (0.5, 1, 1), (double.NaN, 1, 1), (double.NaN, 1, 1), (0.5, 1, 2), (0.5, 2, 1), (0.25, 1, 1)]);
        Assert.Equal([(0.25, 1, 1), (0.5, 1, 1), (double.NaN, 1, 1), (0.5, 1, 2), (0.5, 2, 1)], await server.HistoryAsync(run, "loss"));
    }

    [Fact]
    public async Task Rule_5_7_the_latest_value_is_the_largest_by_step_then_timestamp_then_value()
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", [(9, 900, 1), (1, 100, 2), (2, 200, 2), (3, 200, 2), (8, 50, 2)]);
        Assert.Equal((3, 200, 2), await LatestAsync(run, "loss"));
        await server.LogAsync(run, "signed", [(-1, 1, 1), (double.NaN, 1, 1)]);
        Assert.Equal((double.NaN, 1, 1), await LatestAsync(run, "signed"));
        await server.LogAsync(run, "signed", [(1, 1, 1)]);
        Assert.Equal((1, 1, 1), await LatestAsync(run, "signed"));
    }

    [Fact]
    public async Task Rule_5_7_NaN_and_infinities_are_kept()
    {
        string run = await server.CreateRunAsync();
        (double, long, long)[] points = [(double.NegativeInfinity, 1, 1), (double.NaN, 2, 2), (double.PositiveInfinity, 3, 3), (double.MaxValue, 4, 4), (double.Epsilon, 5, 5), (-1e-300, 6, 6)];
        await server.LogAsync(run, "loss", points);
        Assert.Equal(points, await server.HistoryAsync(run, "loss"));
    }

    [Fact]
    public async Task Rule_5_7_a_history_is_by_timestamp_step_value()
    {
        string run = await server.CreateRunAsync();
        (double, long, long)[] ordered = [(5, 10, 9), (1, 20, -1), (0, 20, 0), (1, 20, 0), (double.NaN, 20, 0), (0, 30, -9)];
        await server.LogAsync(run, "loss", ordered.Reverse());
        Assert.Equal(ordered, await server.HistoryAsync(run, "loss"));
        // Page by page in the same order, where a page ends among equal times as well.
        List<(double, long, long)> found = [];
        string token = "";
        do
        {
            JsonObject page = await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"), ("max_results", "1"), ("page_token", token));
            found.Add(Assert.Single(Points.Of(page)));
            token = (string?)page["next_page_token"] ?? "";
        }
        while (token.Length > 0);
        Assert.Equal(ordered, found);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("0")]
    public async Task Rule_5_7_no_max_results_is_25000(string? most)
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", Enumerable.Range(0, 25_001).Select(i => (0.5, (long)i, (long)i)));
        JsonObject first = await _client.GetAsync("metrics/get-history", [("run_id", run), ("metric_key", "loss"), .. most is null ? [] : (ReadOnlySpan<(string, string)>)[("max_results", most)]]);
        Assert.Equal(25_000, first["metrics"]!.AsArray().Count);
        JsonObject second = await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"), ("page_token", (string)first["next_page_token"]!));
        Assert.Equal([(0.5, 25_000, 25_000)], Points.Of(second));
        Assert.Null(second["next_page_token"]);
    }

    [Fact]
    public async Task Rule_5_7_a_long_history_comes_whole()
    {
        const int count = 60_000;
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "train/loss", Enumerable.Range(0, count).Select(i => (i / 7.0, 1_700_000_000_000 + i, (long)i)));
        JsonObject whole = await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "train/loss"), ("max_results", "1000000"));
        Assert.Null(whole["next_page_token"]);
        Assert.Equal(Enumerable.Range(0, count).Select(i => (i / 7.0, 1_700_000_000_000 + i, (long)i)), Points.Of(whole));
    }

    [Fact]
    public async Task Rule_5_7_an_interval_shows_evenly_spaced_steps_the_last_and_the_ends_of_each_run()
    {
        string experiment = await server.CreateExperimentAsync(), first = await server.CreateRunAsync(experiment), second = await server.CreateRunAsync(experiment);
        await server.LogAsync(first, "loss", Enumerable.Range(0, 1000).Select(i => ((double)i, 5000L - i, (long)i)));
        await server.LogAsync(second, "loss", Enumerable.Range(333, 335).Select(i => ((double)-i, 1L, (long)i)));
        JsonObject answer = await _client.GetAsync("metrics/get-history-bulk-interval", ("run_ids", second), ("run_ids", first), ("metric_key", "loss"), ("max_results", "10"));
        long[] chosen = [0, 100, 200, 300, 333, 400, 500, 600, 667, 700, 800, 900, 999];
        ILookup<string, long> steps = answer["metrics"]!.AsArray().ToLookup(point => (string)point!["run_id"]!, point => (long)point!["step"]!);
        // In the order that the runs were asked for.
        Assert.Equal([second, first], steps.Select(run => run.Key));
        Assert.Equal(chosen, steps[first]);
        Assert.Equal(chosen.Where(step => step is >= 333 and <= 667), steps[second]);
    }

    [Fact]
    public async Task Rule_5_7_an_interval_shows_all_points_of_a_step_and_all_steps_when_they_are_few()
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "loss", [(1, 9, -4), (2, 1, 7), (3, 2, 7), (4, 2, 7), (5, 1, 8)]);
        JsonObject answer = await _client.GetAsync("metrics/get-history-bulk-interval", ("run_ids", run), ("metric_key", "loss"));
        Assert.Equal([(1, 9, -4), (2, 1, 7), (3, 2, 7), (4, 2, 7), (5, 1, 8)], Points.Of(answer));
    }

    [Theory]
    [InlineData("1", null, "both must be specified")]
    [InlineData(null, "1", "both must be specified")]
    [InlineData("2", "1", "end_step must be greater than start_step")]
    public async Task Rule_5_7_an_interval_has_both_ends_or_neither(string? start, string? end, string message)
    {
        List<(string, string)> query = [("run_ids", await server.CreateRunAsync()), ("metric_key", "loss")];
        if (start is not null)
            query.Add(("start_step", start));
        if (end is not null)
            query.Add(("end_step", end));
        (await _client.TryGetAsync("metrics/get-history-bulk-interval", [.. query])).IsError(400, "INVALID_PARAMETER_VALUE", message);
    }

    [Fact]
    public async Task Rule_5_7_a_slash_in_a_key_is_a_character_like_others()
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, "a/b", [(1, 1, 1)]);
        await server.LogAsync(run, "a", [(2, 1, 1)]);
        Assert.Equal([(1, 1, 1)], await server.HistoryAsync(run, "a/b"));
        Assert.Equal([(2, 1, 1)], await server.HistoryAsync(run, "a"));
    }

    [Theory]
    [InlineData("runs/log-metric")]
    [InlineData("runs/log-batch")]
    public async Task Rule_5_7_a_point_with_a_model_is_attached_to_the_model_too(string path)
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment), model = await server.CreateLoggedModelAsync(experiment);
        JsonObject plain = Points.Sent("f1", 0.1, 1, 1), alone = Points.Sent("f1", 0.2, 2, 2), measured = Points.Sent("f1", 0.3, 3, 3);
        (alone["model_id"], measured["model_id"], measured["dataset_name"], measured["dataset_digest"]) = (model, model, "test", "abc");
        if (path == "runs/log-batch")
        {
            await _client.PostAsync(path, new JsonObject { ["run_id"] = run, ["metrics"] = new JsonArray(plain, alone, measured) });
        }
        else
        {
            foreach (JsonObject point in (JsonObject[])[plain, alone, measured])
            {
                point["run_id"] = run;
                await _client.PostAsync(path, point);
            }
        }

        Assert.Equal([(0.1, 1, 1), (0.2, 2, 2), (0.3, 3, 3)], await server.HistoryAsync(run, "f1"));
        JsonArray kept = (await _client.GetAsync($"logged-models/{model}"))["model"]!["data"]!["metrics"]!.AsArray();
        Assert.Equal(
            [(0.2, run, "", ""), (0.3, run, "test", "abc")],
            kept.Select(metric => ((double)metric!["value"]!, (string?)metric["run_id"], (string?)metric["dataset_name"] ?? "", (string?)metric["dataset_digest"] ?? "")).Order());
    }

    [Fact]
    public async Task Rule_5_7_a_model_that_is_not_there_is_not_found()
    {
        string run = await server.CreateRunAsync();
        JsonObject point = Points.Sent("loss", 1, 1, 1);
        point["model_id"] = "not-a-model";
        (await _client.TryPostAsync("runs/log-batch", new JsonObject { ["run_id"] = run, ["metrics"] = new JsonArray(point.DeepClone()) })).IsError(404, "RESOURCE_DOES_NOT_EXIST", "Logged model with ID 'not-a-model' not found");
        point["model_id"] = "m-00000000000000000000000000000000";
        (await _client.TryPostAsync("runs/log-batch", new JsonObject { ["run_id"] = run, ["metrics"] = new JsonArray(point.DeepClone()) })).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        Assert.Empty(await server.HistoryAsync(run, "loss"));
    }

    [Fact]
    public async Task Rule_5_8_a_batch_is_stored_whole_or_not_at_all()
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/log-parameter", new JsonObject { ["run_id"] = run, ["key"] = "depth", ["value"] = "3" });
        JsonObject batch = new()
        {
            ["run_id"] = run,
            ["params"] = new JsonArray(new JsonObject { ["key"] = "width", ["value"] = "1" }, new JsonObject { ["key"] = "depth", ["value"] = "4" }),
            ["metrics"] = new JsonArray(Points.Sent("loss", 1, 1, 1)),
            ["tags"] = new JsonArray(new JsonObject { ["key"] = "colour", ["value"] = "red" }),
        };
        (await _client.TryPostAsync("runs/log-batch", batch)).IsError(400, "INVALID_PARAMETER_VALUE", "Changing param values is not allowed");
        JsonNode data = (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!;
        Assert.Equal("""[{"key":"depth","value":"3"}]""", data["params"]!.ToJsonString());
        Assert.Null(data["metrics"]);
        Assert.DoesNotContain("colour", data["tags"]?.ToJsonString() ?? "", StringComparison.Ordinal);

        batch["params"]![1]!["value"] = "3";
        Assert.Equal(HttpStatusCode.OK, (await _client.TryPostAsync("runs/log-batch", batch)).Status);
        Assert.Equal((1, 1, 1), await LatestAsync(run, "loss"));
    }

    [Fact]
    public async Task Rule_5_9_the_last_of_equal_tags_in_a_batch_wins()
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/log-batch", new JsonObject { ["run_id"] = run, ["tags"] = new JsonArray(new JsonObject { ["key"] = "colour", ["value"] = "red" }, new JsonObject { ["key"] = "colour", ["value"] = "blue" }) });
        JsonArray tags = (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!["tags"]!.AsArray();
        Assert.Equal("blue", (string?)tags.Single(tag => (string?)tag!["key"] == "colour")!["value"]);
    }

    [Theory]
    [InlineData("runs/log-metric")]
    [InlineData("runs/log-batch")]
    public async Task Rule_5_6_a_deleted_run_is_not_written_to_and_an_unknown_one_is_not_found(string path)
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/delete", new JsonObject { ["run_id"] = run });
        (await _client.TryPostAsync(path, BodyFor(run))).IsError(400, "INVALID_PARAMETER_VALUE", "must be in the 'active' state");
        (await _client.TryPostAsync(path, BodyFor("0123456789abcdef0123456789abcdef"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "Run with id=0123456789abcdef0123456789abcdef not found");

        static JsonObject BodyFor(string run) => new() { ["run_id"] = run, ["key"] = "loss", ["value"] = 1, ["timestamp"] = 1, ["metrics"] = new JsonArray(Points.Sent("loss", 1, 1, 1)) };
    }

    private async Task<(double Value, long Timestamp, long Step)> LatestAsync(string run, string key)
    {
        JsonNode data = (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!;
        return Points.Of(new JsonObject { ["metrics"] = new JsonArray(data["metrics"]!.AsArray().Single(metric => (string?)metric!["key"] == key)!.DeepClone()) })[0];
    }
}
