using System.Net;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §1: transport and encoding.</summary>
public sealed class Section1Transport(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Theory]
    [InlineData("/api/2.0/mlflow/")]
    [InlineData("/ajax-api/2.0/mlflow/")]
    public async Task Rule_1_1_every_endpoint_exists_for_programs_and_for_pages(string root)
    {
        string name = ConformanceServer.Unique("twin");
        MlflowClient.Answer made = await _client.SendAsync(HttpMethod.Post, $"{root}experiments/create", MlflowClient.Json(new JsonObject { ["name"] = name }));
        Assert.Equal(HttpStatusCode.OK, made.Status);
        MlflowClient.Answer read = await _client.TryGetAsync($"{root}experiments/get", ("experiment_id", (string)made.Json["experiment_id"]!));
        Assert.Equal(name, (string?)read.Json["experiment"]!["name"]);
    }

    [Theory]
    [InlineData("//api/2.0/mlflow/experiments/get?experiment_id=0")]
    [InlineData("//ajax-api/2.0/mlflow/experiments/get?experiment_id=0")]
    [InlineData("//health")]
    public async Task Rule_1_1_a_doubled_slash_in_front_is_one(string path)
    {
        // As an absolute address: a relative one that begins with two slashes names a host.
        using HttpResponseMessage answer = await _client.Http.GetAsync(new Uri(server.Server.Address.GetLeftPart(UriPartial.Authority) + path), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Rule_1_2_repeated_fields_of_a_query_repeat_the_key()
    {
        string experiment = await server.CreateExperimentAsync(), first = await server.CreateRunAsync(experiment), second = await server.CreateRunAsync(experiment);
        foreach (string run in (string[])[first, second])
            await _client.PostAsync("runs/log-metric", Point(run));
        JsonObject both = await _client.GetAsync("metrics/get-history-bulk-interval", ("run_ids", first), ("run_ids", second), ("metric_key", "loss"));
        Assert.Equal([first, second], both["metrics"]!.AsArray().Select(point => (string)point!["run_id"]!));
    }

    [Fact]
    public async Task Rule_1_2_POST_must_say_that_it_sends_JSON()
    {
        const string body = """{"name":""}""";
        (await _client.SendAsync(HttpMethod.Post, "experiments/create", new StringContent(body))).IsError(400, "INVALID_PARAMETER_VALUE", "Bad Request. Content-Type must be one of ['application/json'].");
        (await _client.SendAsync(HttpMethod.Post, "experiments/create", new ByteArrayContent([]))).IsError(400, "INVALID_PARAMETER_VALUE", "Content-Type header is missing");
        StringContent withParameter = MlflowClient.Json(new JsonObject { ["name"] = ConformanceServer.Unique("typed") });
        withParameter.Headers.ContentType = new("application/json") { Parameters = { new("charset", "utf-8"), new("profile", "x") } };
        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(HttpMethod.Post, "experiments/create", withParameter)).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("  \r\n")]
    [InlineData("{}")]
    [InlineData("null")]
    public async Task Rule_1_2_an_empty_body_counts_as_an_object_without_fields(string body) =>
        (await _client.SendAsync(HttpMethod.Post, "experiments/create", MlflowClient.Json(body))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'");

    [Fact]
    public async Task Rule_1_2_a_body_that_was_encoded_twice_is_decoded_twice()
    {
        string name = ConformanceServer.Unique("twice");
        string body = JsonValue.Create(new JsonObject { ["name"] = name }.ToJsonString()).ToJsonString();
        MlflowClient.Answer made = await _client.SendAsync(HttpMethod.Post, "experiments/create", MlflowClient.Json(body));
        Assert.Equal(HttpStatusCode.OK, made.Status);
        Assert.Equal(name, (string?)(await _client.GetAsync("experiments/get", ("experiment_id", (string)made.Json["experiment_id"]!)))["experiment"]!["name"]);
    }

    [Fact]
    public async Task Rule_1_2_a_byte_order_mark_is_no_part_of_the_body()
    {
        StringContent body = MlflowClient.Json($"\uFEFF{{\"name\":\"{ConformanceServer.Unique("marked")}\"}}");
        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(HttpMethod.Post, "experiments/create", body)).Status);
    }

    [Fact]
    public async Task Rule_1_2_unknown_fields_are_ignored()
    {
        JsonObject point = Point(await server.CreateRunAsync());
        point["future"] = new JsonObject { ["a"] = new JsonArray(1, null, "x") };
        await _client.PostAsync("runs/log-metric", point);
        Assert.Equal(HttpStatusCode.OK, (await _client.TryGetAsync("experiments/get", ("experiment_id", "0"), ("future", "x"))).Status);
    }

    [Fact]
    public async Task Rule_1_2_GET_without_a_query_takes_a_body()
    {
        MlflowClient.Answer read = await _client.SendAsync(HttpMethod.Get, "experiments/get", MlflowClient.Json("""{"experiment_id":"0"}"""));
        Assert.Equal("Default", (string?)read.Json["experiment"]!["name"]);
        Assert.Equal("Default", (string?)(await _client.SendAsync(HttpMethod.Get, "experiments/get", new StringContent("""{"experimentId":"0"}"""))).Json["experiment"]!["name"]);
    }

    [Fact]
    public async Task Rule_1_2_HEAD_is_GET_without_the_body()
    {
        foreach ((string path, int status) in ((string, int)[])[("experiments/get?experiment_id=0", 200), ("experiments/get?experiment_id=99999999", 404), ("/health", 200), ("/version", 200), ("experiments/create", 405), ("nothing", 404)])
        {
            MlflowClient.Answer answer = await _client.SendAsync(HttpMethod.Head, path, content: null);
            Assert.Equal((status, ""), ((int)answer.Status, answer.Body));
        }
    }

    [Fact]
    public async Task Rule_1_3_fields_are_taken_in_camel_case_null_is_unset_and_whole_numbers_may_be_texts()
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/log-metric", new JsonObject { ["runId"] = run, ["key"] = "loss", ["value"] = "0.25", ["timestamp"] = "1700000000000", ["step"] = "-3", ["modelId"] = null, ["dataset_name"] = null });
        JsonNode point = (await _client.GetAsync("metrics/get-history", ("runId", run), ("metricKey", "loss")))["metrics"]!.AsArray().Single()!;
        Assert.Equal("""{"key":"loss","value":0.25,"timestamp":1700000000000,"step":-3}""", point.ToJsonString());
    }

    [Theory]
    [InlineData("1.5", "1.5")]
    [InlineData("\"1.5\"", "1.5")]
    [InlineData("\"1e-3\"", "0.001")]
    [InlineData("3", "3")]
    [InlineData("\"NaN\"", "\"NaN\"")]
    [InlineData("\"Infinity\"", "\"Infinity\"")]
    [InlineData("\"-Infinity\"", "\"-Infinity\"")]
    [InlineData("0.1", "0.1")]
    public async Task Rule_1_3_doubles_are_numbers_or_texts_on_input_and_NaN_and_infinities_texts_on_output(string sent, string expected)
    {
        JsonObject point = Point(await server.CreateRunAsync());
        point["value"] = JsonNode.Parse(sent);
        await _client.PostAsync("runs/log-metric", point);
        JsonObject history = await _client.GetAsync("metrics/get-history", ("run_id", (string)point["run_id"]!), ("metric_key", "loss"));
        Assert.Equal(expected, history["metrics"]![0]!["value"]!.ToJsonString());
    }

    [Fact]
    public async Task Rule_1_4_whole_numbers_are_numbers_and_what_is_set_is_there_even_if_zero()
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/log-metric", new JsonObject { ["run_id"] = run, ["key"] = "loss", ["value"] = 0, ["timestamp"] = 0 });
        Assert.Equal("""{"metrics":[{"key":"loss","value":0,"timestamp":0,"step":0}]}""", (await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"))).ToJsonString());
    }

    [Fact]
    public async Task Rule_1_4_an_empty_list_is_absent_and_an_act_without_a_result_answers_an_empty_object()
    {
        string run = await server.CreateRunAsync();
        Assert.Equal("{}", (await _client.TryGetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"))).Body);
        MlflowClient.Answer written = await _client.TryPostAsync("runs/log-metric", Point(run));
        Assert.Equal((HttpStatusCode.OK, "{}", "application/json"), (written.Status, written.Body, written.MediaType));
    }

    [Fact]
    [Endpoint("GET /health")]
    public async Task Rule_1_9_health_answers_OK_as_html()
    {
        MlflowClient.Answer answer = await _client.TryGetAsync("/health");
        Assert.Equal((200, "OK", "text/html"), ((int)answer.Status, answer.Body, answer.MediaType));
    }

    [Fact]
    [Endpoint("GET /version")]
    public async Task Rule_1_9_version_answers_a_version_before_that_of_spans()
    {
        MlflowClient.Answer answer = await _client.TryGetAsync("/version");
        Assert.Equal((200, "text/plain"), ((int)answer.Status, answer.MediaType));
        Assert.InRange(Version.Parse(answer.Body), new Version(3, 0), new Version(3, 3, 99));
    }

    [Fact]
    public async Task Rule_1_9_a_foreign_host_is_refused_but_where_only_health_and_version_are_asked()
    {
        (await _client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", content: null, ("Host", "evil.example"))).IsError(403, "PERMISSION_DENIED");
        foreach (string path in (string[])["/health", "/version"])
            Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(HttpMethod.Get, path, content: null, ("Host", "evil.example"))).Status);
        foreach (string host in (string[])["localhost:5000", "127.0.0.1", "[::1]:80", "10.1.2.3", "192.168.0.7:5000"])
            Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", content: null, ("Host", host))).Status);
    }

    [Fact]
    public async Task Rule_1_9_pages_of_a_foreign_origin_change_nothing()
    {
        JsonObject point = Point(await server.CreateRunAsync());
        (await _client.SendAsync(HttpMethod.Post, "runs/log-metric", MlflowClient.Json(point), ("Origin", "https://evil.example"))).IsError(403, "PERMISSION_DENIED");
        Assert.Empty(await _client.GetAsync("metrics/get-history", ("run_id", (string)point["run_id"]!), ("metric_key", "loss")));
        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(HttpMethod.Post, "runs/log-metric", MlflowClient.Json(point), ("Origin", server.Server.Address.GetLeftPart(UriPartial.Authority)))).Status);
    }

    [Theory]
    [InlineData("experiments/get?experiment_id=0")]
    [InlineData("experiments/get?experiment_id=none")]
    [InlineData("nothing")]
    [InlineData("experiments/create")]
    [InlineData("/health")]
    public async Task Rule_1_9_answers_say_that_browsers_neither_guess_types_nor_frame_them(string path)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path.StartsWith('/') ? path : $"/api/2.0/mlflow/{path}");
        using HttpResponseMessage answer = await _client.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(["nosniff"], answer.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(["SAMEORIGIN"], answer.Headers.GetValues("X-Frame-Options"));
    }

    private static JsonObject Point(string run) => new() { ["run_id"] = run, ["key"] = "loss", ["value"] = 0.5, ["timestamp"] = 1_700_000_000_000, ["step"] = 1 };
}
