using System.Text;
using System.Text.Json.Nodes;
using MLOps.Tracking.Contract;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §1.5 to 1.7: errors.</summary>
public sealed class Section1Errors(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Theory]
    [InlineData("GET", "/api/2.0/mlflow/traces")]
    [InlineData("POST", "/api/2.0/mlflow/gateway-proxy")]
    [InlineData("GET", "/ajax-api/2.0/mlflow/nothing/at/all")]
    [InlineData("POST", "/api/3.0/mlflow/traces/search")]
    [InlineData("DELETE", "/api/2.0/mlflow/")]
    [InlineData("GET", "/api")]
    [InlineData("PROPFIND", "/api/2.0/mlflow/runs")]
    public async Task Rule_1_5_an_unknown_route_is_404(string method, string path) =>
        (await _client.SendAsync(new HttpMethod(method), path, content: null)).IsError(404, "ENDPOINT_NOT_FOUND", "There is no route");

    [Theory]
    [InlineData("GET", "runs/log-metric", "POST")]
    [InlineData("DELETE", "runs/log-batch", "POST")]
    [InlineData("OPTIONS", "runs/log-batch", "POST")]
    [InlineData("POST", "metrics/get-history", "GET, HEAD")]
    [InlineData("PUT", "experiments/create", "POST")]
    [InlineData("BREW", "experiments/create", "POST")]
    public async Task Rule_1_5_a_wrong_method_is_405_and_names_the_right_ones(string method, string path, string allowed)
    {
        foreach (string root in (string[])["/api/2.0/mlflow/", "/ajax-api/2.0/mlflow/"])
        {
            using HttpRequestMessage request = new(new HttpMethod(method), root + path);
            using HttpResponseMessage answer = await _client.Http.SendAsync(request, TestContext.Current.CancellationToken);
            JsonNode error = JsonNode.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
            Assert.Equal((405, allowed), ((int)answer.StatusCode, string.Join(", ", answer.Content.Headers.Allow)));
            Assert.Contains(allowed, (string?)error["message"], StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Rule_1_6_writing_again_what_was_written_succeeds_and_changes_nothing()
    {
        string run = await server.CreateRunAsync();
        JsonObject batch = new()
        {
            ["run_id"] = run,
            ["metrics"] = new JsonArray(new JsonObject { ["key"] = "loss", ["value"] = 0.5, ["timestamp"] = 1, ["step"] = 2 }),
            ["params"] = new JsonArray(new JsonObject { ["key"] = "depth", ["value"] = "3" }),
            ["tags"] = new JsonArray(new JsonObject { ["key"] = "colour", ["value"] = "red" }),
        };
        await _client.PostAsync("runs/log-batch", batch);
        string once = (await _client.GetAsync("runs/get", ("run_id", run))).ToJsonString();
        await _client.PostAsync("runs/log-batch", batch);
        Assert.Equal(once, (await _client.GetAsync("runs/get", ("run_id", run))).ToJsonString());
        Assert.Single((await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss")))["metrics"]!.AsArray());
    }

    [Fact]
    public async Task Rule_1_6_no_body_makes_the_server_answer_5xx()
    {
        int seed = int.TryParse(Environment.GetEnvironmentVariable("MLOPS_TEST_SEED"), out int given) ? given : Random.Shared.Next();
        int count = TestLength.Of(500, 20_000);
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}");
        Random random = new(seed);
        string run = await server.CreateRunAsync();
        Dictionary<int, int> statuses = [];
        for (int i = 0; i < count; i++)
        {
            (string path, byte[] body) = SpoiltRequest.Next(random, run);
            using ByteArrayContent content = new(body);
            content.Headers.ContentType = new("application/json");
            MlflowClient.Answer answer = await _client.SendAsync(HttpMethod.Post, path, content);
            Assert.True((int)answer.Status < 500, $"Seed {seed}, request {i}: {path} {Encoding.UTF8.GetString(body)} was answered with {(int)answer.Status} {answer.Body}");
            Assert.Equal("application/json", answer.MediaType);
            Assert.NotNull(answer.Json);
            statuses[(int)answer.Status] = statuses.GetValueOrDefault((int)answer.Status) + 1;
        }

        // Some are spoilt where nobody looks, most are not.
        Assert.InRange(statuses.GetValueOrDefault(200), 1, count * 9 / 10);
        Assert.InRange(statuses.GetValueOrDefault(400), count / 10, count);
    }

    [Fact]
    public async Task Rule_1_7_a_missing_parameter_is_named_and_null_and_empty_count_as_missing()
    {
        foreach (JsonObject body in (JsonObject[])[[], new() { ["name"] = null }, new() { ["name"] = "" }])
            (await _client.TryPostAsync("experiments/create", body)).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'");
        string run = await server.CreateRunAsync();
        foreach (string field in (string[])["run_id", "key", "value", "timestamp"])
        {
            foreach (JsonNode? value in (JsonNode?[])[null, "", "absent"])
            {
                JsonObject point = new() { ["run_id"] = run, ["key"] = "loss", ["value"] = 0.5, ["timestamp"] = 1 };
                point[field] = value;
                if ((string?)value is "absent")
                    point.Remove(field);
                (await _client.TryPostAsync("runs/log-metric", point)).IsError(400, "INVALID_PARAMETER_VALUE", $"Missing value for required parameter '{field}'");
            }
        }

        (await _client.TryGetAsync("metrics/get-history", ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'metric_key'");
        (await _client.TryGetAsync("metrics/get-history", ("run_id", run), ("metric_key", ""))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'metric_key'");
    }

    [Theory]
    [InlineData("key", "5", "5")]
    [InlineData("key", "{ \"b\": 1, \"a\": [true, null] }", "{\"a\":[true,null],\"b\":1}")]
    [InlineData("value", "true", "true")]
    [InlineData("value", "\"high\"", "\"high\"")]
    [InlineData("value", "1e400", "1e400")]
    [InlineData("value", "[0.5]", "[0.5]")]
    [InlineData("timestamp", "1.5", "1.5")]
    [InlineData("timestamp", "\"now\"", "\"now\"")]
    [InlineData("timestamp", "-1", "-1")]
    [InlineData("timestamp", "false", "false")]
    [InlineData("step", "9223372036854775808", "9223372036854775808")]
    [InlineData("step", "\"\"", "\"\"")]
    [InlineData("run_id", "7", "7")]
    public async Task Rule_1_7_a_value_of_the_wrong_type_is_shown_as_compact_JSON(string field, string json, string shown)
    {
        JsonObject point = new() { ["run_id"] = await server.CreateRunAsync(), ["key"] = "loss", ["value"] = 0.5, ["timestamp"] = 1, ["step"] = 1 };
        point[field] = "HERE";
        string body = point.ToJsonString().Replace("\"HERE\"", json, StringComparison.Ordinal);
        (await _client.SendAsync(HttpMethod.Post, "runs/log-metric", MlflowClient.Json(body))).IsError(400, "INVALID_PARAMETER_VALUE", $"Invalid value {shown} for parameter '{field}' supplied");
    }

    [Theory]
    [InlineData("""{"metrics":[{"key":"a","value":1}]}""", "Missing value for required parameter 'metrics[0].timestamp'")]
    [InlineData("""{"metrics":[{"key":"a","value":1,"timestamp":1},{"value":1,"timestamp":1}]}""", "Missing value for required parameter 'metrics[1].key'")]
    [InlineData("""{"metrics":[{"key":"a","timestamp":1}]}""", "Missing value for required parameter 'metrics[0].value'")]
    [InlineData("""{"metrics":[{"key":"a","value":true,"timestamp":1}]}""", "Invalid value true for parameter 'metrics[0].value' supplied")]
    [InlineData("""{"metrics":[{"key":"a","value":1,"timestamp":"x"}]}""", "Invalid value \"x\" for parameter 'metrics[0].timestamp' supplied")]
    [InlineData("""{"metrics":[7]}""", "Invalid value 7 for parameter 'metrics[0]' supplied")]
    [InlineData("""{"metrics":{"key":"a"}}""", "Invalid value {\"key\":\"a\"} for parameter 'metrics' supplied")]
    [InlineData("""{"params":[{"key":"a"},{"key":"b"},{"key":"c"},{"value":"1"}]}""", "Missing value for required parameter 'params[3].key'")]
    [InlineData("""{"params":[{"key":"a","value":1}]}""", "Invalid value 1 for parameter 'params[0].value' supplied")]
    [InlineData("""{"tags":[{"key":"a","value":"b"},{"key":""}]}""", "Missing value for required parameter 'tags[1].key'")]
    public async Task Rule_1_7_what_is_missing_or_wrong_in_a_list_is_named_by_its_index(string body, string message)
    {
        string run = await server.CreateRunAsync();
        (await _client.SendAsync(HttpMethod.Post, "runs/log-batch", MlflowClient.Json($"{{\"run_id\":\"{run}\",{body[1..]}"))).IsError(400, "INVALID_PARAMETER_VALUE", message);
    }

    [Fact]
    public async Task Rule_1_7_values_of_a_query_are_shown_as_texts()
    {
        string run = await server.CreateRunAsync();
        foreach (string value in (string[])["abc", "1.5", "", "99999999999999999999", "-1"])
        {
            (await _client.TryGetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"), ("max_results", value)))
                .IsError(400, "INVALID_PARAMETER_VALUE", $"Invalid value \"{value}\" for parameter 'max_results' supplied");
        }
    }
}
