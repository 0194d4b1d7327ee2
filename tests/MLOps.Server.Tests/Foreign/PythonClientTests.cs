using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using MLOps.Server.Tests.Conformance;

namespace MLOps.Server.Tests.Foreign;

/// <summary>What MLflow's Python client of the 3.x line sends, written from the contract (§1, 8, 10): its order of calls, its headers, its habits. No Python takes part.</summary>
public sealed class PythonClientTests(ConformanceServer server)
{
    private readonly HttpClient _http = server.Client.Http;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // mlflow.set_experiment, start_run, log_params, log_metrics, set_tags, end_run, search_runs
    [Fact]
    public async Task A_training_script_tracks_a_run()
    {
        string name = ConformanceServer.Unique("python");
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("GET", $"experiments/get-by-name?experiment_name={name}")).Status);
        string experiment = (string)(await OkAsync("POST", "experiments/create", new JsonObject { ["name"] = name, ["tags"] = new JsonArray() }))["experiment_id"]!;
        Assert.Equal(name, (string?)(await OkAsync("GET", $"experiments/get?experiment_id={experiment}"))["experiment"]!["name"]);
        string run = await StartRunAsync(experiment);

        await OkAsync("POST", "runs/log-batch", new JsonObject { ["run_id"] = run, ["params"] = new JsonArray(Pair("lr", "0.01"), Pair("optimizer", "adam")) });
        for (int step = 0; step < 3; step++)
        {
            await OkAsync("POST", "runs/log-metric", new JsonObject
            {
                ["run_uuid"] = run,
                ["run_id"] = run,
                ["key"] = "train/loss",
                ["value"] = 1.0 / (step + 1),
                ["timestamp"] = 1_700_000_000_000 + step,
                ["step"] = step,
            });
        }

        await OkAsync("POST", "runs/log-batch", new JsonObject
        {
            ["run_id"] = run,
            ["metrics"] = new JsonArray(
                new JsonObject { ["key"] = "val/acc", ["value"] = 0.9, ["timestamp"] = 1_700_000_000_010, ["step"] = 2 },
                new JsonObject { ["key"] = "val/nan", ["value"] = "NaN", ["timestamp"] = 1_700_000_000_010, ["step"] = "2" }),
        });
        await OkAsync("POST", "runs/log-parameter", new JsonObject { ["run_uuid"] = run, ["run_id"] = run, ["key"] = "seed", ["value"] = "7" });
        await OkAsync("POST", "runs/set-tag", new JsonObject { ["run_uuid"] = run, ["run_id"] = run, ["key"] = "team", ["value"] = "fraud" });
        JsonObject ended = await OkAsync("POST", "runs/update", new JsonObject { ["run_uuid"] = run, ["run_id"] = run, ["status"] = "FINISHED", ["end_time"] = 1_700_000_060_000 });
        Assert.Equal("FINISHED", (string?)ended["run_info"]!["status"]);

        JsonNode read = (await OkAsync("GET", $"runs/get?run_uuid={run}&run_id={run}"))["run"]!;
        Assert.Equal(run, (string?)read["info"]!["run_uuid"]);
        Assert.Equal("abundant-mule-7", (string?)read["info"]!["run_name"]);
        Assert.Equal([("lr", "0.01"), ("optimizer", "adam"), ("seed", "7")], read["data"]!["params"]!.AsArray().Select(param => ((string)param!["key"]!, (string)param["value"]!)).Order());
        Assert.Equal("NaN", (string?)read["data"]!["metrics"]!.AsArray().Single(metric => (string?)metric!["key"] == "val/nan")!["value"]);
        JsonObject history = await OkAsync("GET", $"metrics/get-history?run_uuid={run}&metric_key=train%2Floss&run_id={run}&max_results=25000");
        Assert.Equal([0L, 1, 2], history["metrics"]!.AsArray().Select(metric => (long)metric!["step"]!));
        Assert.Null(history["next_page_token"]);

        JsonObject found = await OkAsync("POST", "runs/search", new JsonObject
        {
            ["experiment_ids"] = new JsonArray(experiment),
            ["filter"] = "params.lr = '0.01' and metrics.`train/loss` < 0.5 AND tags.mlflow.user = 'ana'",
            ["run_view_type"] = "ACTIVE_ONLY",
            ["max_results"] = "1000",
            ["order_by"] = new JsonArray("attribute.start_time DESC"),
        });
        Assert.Equal(run, (string?)Assert.Single(found["runs"]!.AsArray())!["info"]!["run_id"]);
        JsonObject experiments = await OkAsync("POST", "experiments/search", new JsonObject { ["view_type"] = "ACTIVE_ONLY", ["max_results"] = "1000", ["filter"] = $"name = '{name}'" });
        Assert.Equal(experiment, (string?)Assert.Single(experiments["experiments"]!.AsArray())!["experiment_id"]);
    }

    // mlflow.log_artifacts, list_artifacts, download_artifacts
    [Fact]
    public async Task A_training_script_logs_files_and_reads_them_back()
    {
        string experiment = await server.CreateExperimentAsync(), run = await StartRunAsync(experiment);
        string uri = (string)(await OkAsync("GET", $"runs/get?run_uuid={run}&run_id={run}"))["run"]!["info"]!["artifact_uri"]!;
        Assert.StartsWith("mlflow-artifacts:/", uri, StringComparison.Ordinal);
        string root = uri["mlflow-artifacts:/".Length..].TrimStart('/'), route = $"/api/2.0/mlflow-artifacts/artifacts/{root}";
        Assert.Equal($"{experiment}/{run}/artifacts", root);

        Assert.Equal("{}", (await PutAsync($"{route}/notes.txt", "text/plain", "größe\n"u8.ToArray(), isChunked: false)).Body);
        Assert.Equal("{}", (await PutAsync($"{route}/model/weights.bin", "application/octet-stream", new byte[300_000], isChunked: true)).Body);
        Assert.Equal("{}", (await PutAsync($"{route}/model/MLmodel", type: null, "flavors: {}\n"u8.ToArray(), isChunked: true)).Body);
        Assert.Equal("{}", (await PutAsync($"{route}/model/empty%20file%20%2B.txt", "text/plain", [], isChunked: false)).Body);

        // Bare names, relative to what was listed.
        Assert.Equal([("model", true, null), ("notes.txt", false, 8L)], Files(await OkAsync("GET", $"/api/2.0/mlflow-artifacts/artifacts?path={Uri.EscapeDataString(root)}")));
        Assert.Equal(
            [("MLmodel", false, 12L), ("empty file +.txt", false, 0L), ("weights.bin", false, 300_000L)],
            Files(await OkAsync("GET", $"/api/2.0/mlflow-artifacts/artifacts?path={Uri.EscapeDataString($"{root}/model")}")));
        // A file has nothing below it: so the client knows that it is one.
        Assert.Empty(Files(await OkAsync("GET", $"/api/2.0/mlflow-artifacts/artifacts?path={Uri.EscapeDataString($"{root}/notes.txt")}")));
        // Of the run, relative to its root.
        JsonObject ofRun = await OkAsync("GET", $"artifacts/list?run_uuid={run}&run_id={run}&path=model");
        Assert.Equal(uri, (string?)ofRun["root_uri"]);
        Assert.Equal(["model/MLmodel", "model/empty file +.txt", "model/weights.bin"], Files(ofRun).Select(file => file.Path));

        using HttpRequestMessage download = Request("GET", $"{route}/notes.txt");
        using HttpResponseMessage file = await _http.SendAsync(download, HttpCompletionOption.ResponseHeadersRead, Cancel);
        Assert.Equal("größe\n", await file.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("attachment; filename=notes.txt", file.Content.Headers.ContentDisposition?.ToString().Replace("\"", "", StringComparison.Ordinal));
        Assert.Equal(["nosniff"], file.Headers.GetValues("X-Content-Type-Options"));
        Assert.Equal(300_000, (await SendAsync("GET", $"{route}/model/weights.bin")).Body.Length);
        MlflowClient.Answer missing = await SendAsync("GET", $"{route}/none");
        Assert.Equal((HttpStatusCode.NotFound, "RESOURCE_DOES_NOT_EXIST"), (missing.Status, (string?)missing.Json["error_code"]));
        // The client asks for a link to the store behind the server, and takes 501 for: download here.
        MlflowClient.Answer link = await SendAsync("GET", $"/api/2.0/mlflow-artifacts/presigned/{root}/notes.txt");
        Assert.Equal((HttpStatusCode.NotImplemented, "NOT_IMPLEMENTED"), (link.Status, (string?)link.Json["error_code"]));
    }

    // mlflow.log_artifact of 500 MiB and more, with MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=true
    [Fact]
    public async Task A_training_script_logs_a_large_file_in_parts()
    {
        string folder = $"{await server.CreateExperimentAsync()}/{Guid.NewGuid():N}/artifacts/model", route = "/api/2.0/mlflow-artifacts";
        byte[] content = new byte[250_000];
        new Random(7).NextBytes(content);
        JsonObject created = await OkAsync("POST", $"{route}/mpu/create/{folder}", new JsonObject { ["path"] = "/home/ana/out/large.bin", ["num_parts"] = 3 });
        string upload = (string)created["upload_id"]!;

        JsonArray parts = [];
        foreach (JsonNode? credential in created["credentials"]!.AsArray())
        {
            int number = (int)credential!["part_number"]!;
            string url = (string)credential["url"]!;
            using HttpRequestMessage put = Request("PUT", new Uri(url).PathAndQuery);
            put.Content = new ByteArrayContent(content, (number - 1) * 100_000, Math.Min(100_000, content.Length - ((number - 1) * 100_000)));
            using HttpResponseMessage sent = await _http.SendAsync(put, Cancel);
            Assert.Equal(HttpStatusCode.OK, sent.StatusCode);
            parts.Add((JsonNode)new JsonObject { ["part_number"] = number, ["etag"] = sent.Headers.GetValues("ETag").Single(), ["url"] = url });
        }

        await OkAsync("POST", $"{route}/mpu/complete/{folder}", new JsonObject { ["path"] = "/home/ana/out/large.bin", ["upload_id"] = upload, ["parts"] = parts });
        Assert.Equal(content, await _http.GetByteArrayAsync(new Uri($"{route}/artifacts/{folder}/large.bin", UriKind.Relative), Cancel));
    }

    // mlflow.sklearn.log_model(name=…, registered_model_name=…) and mlflow.pyfunc.load_model("models:/…@champion")
    [Fact]
    public async Task A_training_script_logs_a_model_and_registers_it()
    {
        string experiment = await server.CreateExperimentAsync(), run = await StartRunAsync(experiment), name = ConformanceServer.Unique("model");
        JsonNode logged = (await OkAsync("POST", "logged-models", new JsonObject
        {
            ["experiment_id"] = experiment,
            ["name"] = "classifier",
            ["model_type"] = "",
            ["source_run_id"] = run,
            ["params"] = new JsonArray(Pair("depth", "3")),
            ["tags"] = new JsonArray(Pair("mlflow.user", "ana")),
        }))["model"]!;
        string model = (string)logged["info"]!["model_id"]!, location = (string)logged["info"]!["artifact_uri"]!;
        await OkAsync("POST", "runs/outputs", new JsonObject { ["run_id"] = run, ["models"] = new JsonArray(new JsonObject { ["model_id"] = model, ["step"] = 0 }) });
        await PutAsync($"/api/2.0/mlflow-artifacts/artifacts/{location["mlflow-artifacts:/".Length..].TrimStart('/')}/MLmodel", type: null, "flavors: {}\n"u8.ToArray(), isChunked: false);
        JsonNode ready = (await OkAsync("PATCH", $"logged-models/{model}", new JsonObject { ["model_id"] = model, ["status"] = "LOGGED_MODEL_READY" }))["model"]!;
        Assert.Contains((string?)ready["info"]!["status"], (string[])["LOGGED_MODEL_READY", "2"]);
        Assert.Equal([("depth", "3")], (await OkAsync("GET", $"logged-models/{model}"))["model"]!["data"]!["params"]!.AsArray().Select(param => ((string)param!["key"]!, (string)param["value"]!)));
        await OkAsync("PATCH", $"logged-models/{model}/tags", new JsonObject { ["model_id"] = model, ["tags"] = new JsonArray(Pair("stage", "dev")) });
        Assert.Equal(model, (string?)(await OkAsync("GET", $"runs/get?run_uuid={run}&run_id={run}"))["run"]!["outputs"]!["model_outputs"]![0]!["model_id"]);

        await OkAsync("POST", "registered-models/create", new JsonObject { ["name"] = name, ["description"] = "" });
        MlflowClient.Answer again = await SendAsync("POST", "registered-models/create", new JsonObject { ["name"] = name });
        Assert.Equal((HttpStatusCode.BadRequest, "RESOURCE_ALREADY_EXISTS"), (again.Status, (string?)again.Json["error_code"]));
        JsonNode version = (await OkAsync("POST", "model-versions/create", new JsonObject { ["name"] = name, ["source"] = location, ["run_id"] = run, ["description"] = "", ["model_id"] = model }))["model_version"]!;
        Assert.Equal("1", (string?)version["version"]);
        Assert.Equal("READY", (string?)(await OkAsync("GET", $"model-versions/get?name={name}&version=1"))["model_version"]!["status"]);
        await OkAsync("POST", "registered-models/alias", new JsonObject { ["name"] = name, ["alias"] = "champion", ["version"] = "1" });
        Assert.Equal("1", (string?)(await OkAsync("GET", $"registered-models/alias?name={name}&alias=champion"))["model_version"]!["version"]);
        Assert.Equal(location, (string?)(await OkAsync("GET", $"model-versions/get-download-uri?name={name}&version=1"))["artifact_uri"]);
        Assert.Single((await OkAsync("GET", $"model-versions/search?filter={Uri.EscapeDataString($"name='{name}'")}&max_results=10000"))["model_versions"]!.AsArray());
    }

    [Fact]
    public async Task The_client_learns_by_404_which_families_are_not_served()
    {
        // Newer clients ask these first and go on without them.
        foreach ((string method, string path) in ((string, string)[])
            [("GET", "/api/3.0/mlflow/server-info"), ("POST", "/api/3.0/mlflow/traces"), ("POST", "/api/2.0/mlflow/traces"), ("POST", "/api/3.0/mlflow/traces/search"), ("GET", "/api/3.0/mlflow/scorers/list?experiment_id=0")])
        {
            MlflowClient.Answer answer = await SendAsync(method, path, method == "POST" ? [] : null);
            Assert.Equal((HttpStatusCode.NotFound, "ENDPOINT_NOT_FOUND"), (answer.Status, (string?)answer.Json["error_code"]));
        }

        MlflowClient.Answer version = await SendAsync("GET", "/version");
        Assert.Equal(HttpStatusCode.OK, version.Status);
        Assert.True(Version.Parse(version.Body) is { Major: 3 } and { Minor: < 4 }, version.Body);
    }

    // MLFLOW_TRACKING_URI=http://host:5000/ makes http://host:5000//api/…
    [Fact]
    public async Task A_tracking_URI_that_ends_in_a_slash_works()
    {
        string run = await server.CreateRunAsync();
        Assert.NotNull((await OkAsync("GET", $"//api/2.0/mlflow/runs/get?run_id={run}"))["run"]);
        await OkAsync("POST", "//api/2.0/mlflow/runs/set-tag", new JsonObject { ["run_id"] = run, ["key"] = "a", ["value"] = "b" });
        Assert.Equal("{}", (await PutAsync($"//api/2.0/mlflow-artifacts/artifacts/{run}/a.txt", "text/plain", "a"u8.ToArray(), isChunked: true)).Body);
        Assert.Equal(HttpStatusCode.OK, (await SendAsync("GET", "//version")).Status);
    }

    // The client retries every method on 5xx and on a connection that broke behind the server's back.
    [Fact]
    public async Task A_request_sent_twice_changes_nothing_more()
    {
        string experiment = await server.CreateExperimentAsync(), run = await StartRunAsync(experiment), name = ConformanceServer.Unique("twice");
        JsonObject batch = new()
        {
            ["run_id"] = run,
            ["metrics"] = new JsonArray(new JsonObject { ["key"] = "loss", ["value"] = 0.5, ["timestamp"] = 1_700_000_000_000, ["step"] = 1 }),
            ["params"] = new JsonArray(Pair("lr", "0.1")),
            ["tags"] = new JsonArray(Pair("t", "1")),
        };
        for (int i = 0; i < 2; i++)
        {
            await OkAsync("POST", "runs/log-batch", batch);
            await OkAsync("POST", "runs/delete", new JsonObject { ["run_id"] = run });
            await OkAsync("POST", "runs/delete", new JsonObject { ["run_id"] = run });
            await OkAsync("POST", "runs/restore", new JsonObject { ["run_id"] = run });
        }

        JsonNode data = (await OkAsync("GET", $"runs/get?run_uuid={run}&run_id={run}"))["run"]!["data"]!;
        Assert.Single(data["metrics"]!.AsArray());
        Assert.Single(data["params"]!.AsArray());
        Assert.Single((await OkAsync("GET", $"metrics/get-history?run_id={run}&metric_key=loss&max_results=25000"))["metrics"]!.AsArray());
        await OkAsync("POST", "registered-models/create", new JsonObject { ["name"] = name });
        for (int i = 0; i < 2; i++)
        {
            await OkAsync("POST", "registered-models/set-tag", new JsonObject { ["name"] = name, ["key"] = "k", ["value"] = "v" });
            await OkAsync("DELETE", "registered-models/delete-tag", new JsonObject { ["name"] = name, ["key"] = "k" });
        }
    }

    [Fact]
    public async Task Credentials_and_a_workspace_that_nobody_asked_for_change_nothing()
    {
        foreach (string credentials in (string[])["Basic dXNlcjp3b3Jk", "Bearer abcdef", "Basic %%%", ""])
        {
            using HttpRequestMessage request = Request("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0");
            request.Headers.TryAddWithoutValidation("Authorization", credentials);
            using HttpResponseMessage response = await _http.SendAsync(request, Cancel);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task History_is_read_in_pages_of_25000()
    {
        const int Points = 26_000;
        string run = await server.CreateRunAsync();
        for (int first = 0; first < Points; first += 1000)
        {
            await OkAsync("POST", "runs/log-batch", new JsonObject
            {
                ["run_id"] = run,
                ["metrics"] = new JsonArray([.. Enumerable.Range(first, 1000).Select(step => (JsonNode)new JsonObject { ["key"] = "loss", ["value"] = step, ["timestamp"] = step, ["step"] = step })]),
            });
        }

        List<long> steps = [];
        for (string token = "", page; ; token = $"&page_token={Uri.EscapeDataString(page)}")
        {
            JsonObject answer = await OkAsync("GET", $"metrics/get-history?run_uuid={run}&metric_key=loss&run_id={run}&max_results=25000{token}");
            steps.AddRange(answer["metrics"]!.AsArray().Select(metric => (long)metric!["step"]!));
            if ((string?)answer["next_page_token"] is not { } next)
                break;
            page = next;
            Assert.Equal(25_000, steps.Count);
        }

        Assert.Equal(Enumerable.Range(0, Points).Select(step => (long)step), steps);
    }

    private static JsonObject Pair(string key, string value) => new() { ["key"] = key, ["value"] = value };

    private static IEnumerable<(string Path, bool IsFolder, long? Size)> Files(JsonObject listing) => (listing["files"]?.AsArray() ?? [])
        .Select(file => ((string)file!["path"]!, (bool?)file["is_dir"] ?? false, (long?)file["file_size"])).OrderBy(file => file.Item1, StringComparer.Ordinal);

    // As urllib3 and requests put it on the wire.
    private HttpRequestMessage Request(string method, string path)
    {
        // Absolute, or a doubled slash would be taken for the beginning of a host.
        Uri uri = new($"{server.Server.Address.GetLeftPart(UriPartial.Authority)}{(path.StartsWith('/') ? path : $"/api/2.0/mlflow/{path}")}");
        HttpRequestMessage request = new(new HttpMethod(method), uri);
        request.Headers.TryAddWithoutValidation("User-Agent", "mlflow-python-client/3.5.0");
        request.Headers.TryAddWithoutValidation("Accept-Encoding", "gzip, deflate, zstd");
        request.Headers.TryAddWithoutValidation("Accept", "*/*");
        request.Headers.ConnectionClose = false;
        return request;
    }

    private async Task<string> StartRunAsync(string experiment)
    {
        JsonObject started = await OkAsync("POST", "runs/create", new JsonObject
        {
            ["experiment_id"] = experiment,
            ["user_id"] = "ana",
            ["run_name"] = "abundant-mule-7",
            ["start_time"] = 1_700_000_000_000,
            ["tags"] = new JsonArray(
                Pair("mlflow.user", "ana"), Pair("mlflow.source.name", "train.py"), Pair("mlflow.source.type", "LOCAL"), Pair("mlflow.runName", "abundant-mule-7"), Pair("mlflow.source.git.commit", "8c1cdcf")),
        });
        Assert.Equal("RUNNING", (string?)started["run"]!["info"]!["status"]);
        return (string)started["run"]!["info"]!["run_id"]!;
    }

    private async Task<JsonObject> OkAsync(string method, string path, JsonObject? body = null)
    {
        MlflowClient.Answer answer = await SendAsync(method, path, body);
        Assert.True(answer.Status == HttpStatusCode.OK, $"{method} {path}: {(int)answer.Status} {answer.Body}");
        return answer.Json;
    }

    private async Task<MlflowClient.Answer> SendAsync(string method, string path, JsonObject? body = null)
    {
        using HttpRequestMessage request = Request(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body.ToJsonString()));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return await AnswerAsync(request);
    }

    private async Task<MlflowClient.Answer> PutAsync(string path, string? type, byte[] bytes, bool isChunked)
    {
        using HttpRequestMessage request = Request("PUT", path);
        request.Content = new ByteArrayContent(bytes);
        if (type is not null)
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (isChunked)
            request.Headers.TransferEncodingChunked = true;
        return await AnswerAsync(request);
    }

    private async Task<MlflowClient.Answer> AnswerAsync(HttpRequestMessage request)
    {
        using HttpResponseMessage response = await _http.SendAsync(request, Cancel);
        return new MlflowClient.Answer(response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), response.Content.Headers.ContentType?.MediaType);
    }
}
