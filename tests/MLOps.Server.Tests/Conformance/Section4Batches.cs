using System.Net;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §4: the limits of metrics and of log-batch.</summary>
public sealed class Section4Batches(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Theory]
    [InlineData(1000, 0, 0)]
    [InlineData(800, 100, 100)]
    public async Task Rule_4_a_batch_takes_so_much(int metrics, int pairs, int tags) => Assert.Equal(HttpStatusCode.OK, (await SendAsync(metrics, pairs, tags)).Status);

    [Theory]
    [InlineData(1001, 0, 0, "1000 metrics")]
    [InlineData(0, 101, 0, "100 params")]
    [InlineData(0, 0, 101, "100 tags")]
    [InlineData(801, 100, 100, "1000 metrics, params and tags")]
    [InlineData(901, 100, 0, "1000 metrics, params and tags")]
    public async Task Rule_4_a_batch_takes_no_more(int metrics, int pairs, int tags, string limit)
    {
        MlflowClient.Answer answer = await SendAsync(metrics, pairs, tags);
        answer.IsError(400, "INVALID_PARAMETER_VALUE", limit);
    }

    [Fact]
    public async Task Rule_4_items_are_counted_before_they_are_read()
    {
        string body = $"{{\"metrics\":[{string.Join(',', Enumerable.Repeat("0", 1001))}]}}";
        (await _client.SendAsync(HttpMethod.Post, "runs/log-batch", MlflowClient.Json(body))).IsError(400, "INVALID_PARAMETER_VALUE", "at most 1000 metrics. Got 1001 metrics");
    }

    [Fact]
    public async Task Rule_4_a_param_comes_once_in_a_batch_even_with_equal_values()
    {
        string run = await server.CreateRunAsync();
        JsonObject batch = new() { ["run_id"] = run, ["params"] = new JsonArray(Pair("depth", "3"), Pair("width", "3"), Pair("depth", "3")) };
        (await _client.TryPostAsync("runs/log-batch", batch)).IsError(400, "INVALID_PARAMETER_VALUE", "'depth'");
        Assert.Null((await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!["params"]);
    }

    [Theory]
    [InlineData("-a")]
    [InlineData("a.b")]
    [InlineData("a/../b")]
    [InlineData("ä")]
    [InlineData("a b")]
    public async Task Rule_4_a_run_id_in_a_batch_has_its_form(string run) =>
        (await _client.TryPostAsync("runs/log-batch", new JsonObject { ["run_id"] = run })).IsError(400, "INVALID_PARAMETER_VALUE", $"Invalid run ID: '{run}'");

    [Fact]
    public async Task Rule_4_a_run_id_in_a_batch_has_at_most_256_characters()
    {
        (await _client.TryPostAsync("runs/log-batch", new JsonObject { ["run_id"] = new string('a', 257) })).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid run ID");
        (await _client.TryPostAsync("runs/log-batch", new JsonObject { ["run_id"] = new string('a', 256) })).IsError(404, "RESOURCE_DOES_NOT_EXIST");
    }

    [Theory]
    [InlineData("loss")]
    [InlineData("train/loss")]
    [InlineData("val: top-1 acc.")]
    [InlineData("größe_µ_損失")]
    [InlineData("..")]
    [InlineData("/loss")]
    [InlineData("a//b")]
    [InlineData("a/")]
    [InlineData("a/../b")]
    [InlineData("a/./b")]
    [InlineData(".")]
    [InlineData("a$b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\\b")]
    public async Task Rule_4_keys_of_metrics_are_like_plain_relative_paths(string key)
    {
        bool isLegal = Limits.KeyError(key) is null;
        string run = await server.CreateRunAsync();
        MlflowClient.Answer alone = await _client.TryPostAsync("runs/log-metric", new JsonObject { ["run_id"] = run, ["key"] = key, ["value"] = 1, ["timestamp"] = 1 });
        MlflowClient.Answer batch = await _client.TryPostAsync("runs/log-batch", new JsonObject { ["run_id"] = run, ["metrics"] = new JsonArray(Points.Sent("ok", 1, 1, 1), Points.Sent(key, 1, 1, 1)) });
        if (isLegal)
        {
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (alone.Status, batch.Status));
            Assert.Equal([(1, 1, 0), (1, 1, 1)], await server.HistoryAsync(run, key));
        }
        else
        {
            alone.IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'key' supplied");
            batch.IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'metrics[1].key' supplied");
            Assert.Empty(await server.HistoryAsync(run, "ok"));
        }
    }

    [Fact]
    public async Task Rule_4_keys_of_metrics_have_at_most_250_characters()
    {
        string run = await server.CreateRunAsync();
        await server.LogAsync(run, new string('k', 250), [(1, 1, 1)]);
        (await _client.TryPostAsync("runs/log-metric", new JsonObject { ["run_id"] = run, ["key"] = new string('k', 251), ["value"] = 1, ["timestamp"] = 1 })).IsError(400, "INVALID_PARAMETER_VALUE", "250 characters");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rule_4_booleans_are_no_values_of_metrics(bool value)
    {
        string run = await server.CreateRunAsync();
        (await _client.TryPostAsync("runs/log-metric", new JsonObject { ["run_id"] = run, ["key"] = "loss", ["value"] = value, ["timestamp"] = 1 })).IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'value' supplied");
        Assert.Empty(await server.HistoryAsync(run, "loss"));
    }

    [Fact]
    public async Task Rule_4_timestamps_are_not_negative_and_steps_are_any_whole_number()
    {
        string run = await server.CreateRunAsync();
        (double, long, long)[] points = [(1, 0, long.MinValue), (2, 0, -1), (3, 0, long.MaxValue), (4, long.MaxValue, 0)];
        await server.LogAsync(run, "loss", points);
        Assert.Equal(points, await server.HistoryAsync(run, "loss"));
        (await _client.TryPostAsync("runs/log-batch", new JsonObject { ["run_id"] = run, ["metrics"] = new JsonArray(Points.Sent("loss", 1, -1, 1)) })).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid value -1 for parameter 'metrics[0].timestamp' supplied");
    }

    [Fact]
    public async Task Rule_4_long_values_of_params_and_tags_are_cut()
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/log-batch", new JsonObject { ["run_id"] = run, ["params"] = new JsonArray(Pair("long", new string('x', 6001))), ["tags"] = new JsonArray(Pair("long", new string('y', 8001))) });
        JsonNode data = (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!;
        Assert.Equal(6000, ((string)data["params"]![0]!["value"]!).Length);
        Assert.Equal(8000, ((string)data["tags"]!.AsArray().Single(tag => (string?)tag!["key"] == "long")!["value"]!).Length);
    }

    private async Task<MlflowClient.Answer> SendAsync(int metrics, int pairs, int tags) => await _client.TryPostAsync("runs/log-batch", new JsonObject
    {
        ["run_id"] = await server.CreateRunAsync(),
        ["metrics"] = new JsonArray([.. Enumerable.Range(0, metrics).Select(i => Points.Sent("loss", i, i, i))]),
        ["params"] = new JsonArray([.. Enumerable.Range(0, pairs).Select(i => Pair($"p{i}", "v"))]),
        ["tags"] = new JsonArray([.. Enumerable.Range(0, tags).Select(i => Pair($"t{i}", "v"))]),
    });

    private static JsonObject Pair(string key, string value) => new() { ["key"] = key, ["value"] = value };
}
