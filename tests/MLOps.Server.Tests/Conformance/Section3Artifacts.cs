using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using MLOps.Registry;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §3.2 and 3.4: artifacts beside the proxy.</summary>
public sealed class Section3Artifacts(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    [Endpoint("POST /upload-artifact")]
    [Endpoint("GET /get-artifact?run_id=&path=")]
    public async Task Rule_3_2_a_page_uploads_a_small_file_and_downloads_it()
    {
        string run = await server.CreateRunAsync();
        MlflowClient.Answer uploaded = await UploadAsync(run, "notes/a b.txt", new StringContent("content"));
        Assert.Equal((HttpStatusCode.OK, ""), (uploaded.Status, uploaded.Body));
        foreach (string parameter in (string[])["run_id", "run_uuid"])
        {
            using HttpResponseMessage answer = await _client.Http.GetAsync($"/get-artifact?{parameter}={run}&path=notes%2Fa%20b.txt", Cancel);
            Assert.Equal((HttpStatusCode.OK, "text/plain", "content"), (answer.StatusCode, answer.Content.Headers.ContentType?.ToString(), await answer.Content.ReadAsStringAsync(Cancel)));
            Assert.StartsWith("attachment; filename=", answer.Content.Headers.NonValidated["Content-Disposition"].ToString(), StringComparison.Ordinal);
        }

        using HttpRequestMessage range = new(HttpMethod.Get, $"/get-artifact?run_id={run}&path=notes/a%20b.txt");
        range.Headers.Range = new RangeHeaderValue(3, null);
        using HttpResponseMessage part = await _client.Http.SendAsync(range, Cancel);
        Assert.Equal((HttpStatusCode.PartialContent, "tent"), (part.StatusCode, await part.Content.ReadAsStringAsync(Cancel)));
    }

    [Fact]
    public async Task Rule_3_2_an_upload_of_a_page_has_at_most_10_MiB_and_names_its_run_and_path()
    {
        string run = await server.CreateRunAsync();
        Assert.Equal(HttpStatusCode.OK, (await UploadAsync(run, "most", new ByteArrayContent(new byte[10 << 20]))).Status);
        (await UploadAsync(run, "more", new ByteArrayContent(new byte[(10 << 20) + 1]))).IsError(400, "INVALID_PARAMETER_VALUE", "Max size is 10MB");
        (await _client.SendAsync(HttpMethod.Post, "/ajax-api/2.0/mlflow/upload-artifact?path=x", new StringContent("x"))).IsError(400, "INVALID_PARAMETER_VALUE", "run_uuid");
        (await _client.SendAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}", new StringContent("x"))).IsError(400, "INVALID_PARAMETER_VALUE", "path");
        (await UploadAsync(new string('0', 32), "x", new StringContent("x"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "not found");
    }

    [Fact]
    public async Task Rule_3_2_lists_and_downloads_name_what_is_missing()
    {
        string run = await server.CreateRunAsync(), missing = new('0', 32);
        (await _client.TryGetAsync("artifacts/list")).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'");
        (await _client.TryGetAsync("artifacts/list", ("run_id", missing))).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"Run with id={missing} not found");
        (await _client.TryGetAsync("/get-artifact", ("path", "x"))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'");
        (await _client.TryGetAsync("/get-artifact", ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'path'");
        (await _client.TryGetAsync("/get-artifact", ("run_id", missing), ("path", "x"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"Run with id={missing} not found");
        (await _client.TryGetAsync("/get-artifact", ("run_id", run), ("path", "x"))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryGetAsync("/model-versions/get-artifact", ("name", "none"), ("version", "1"), ("path", "x"))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await _client.TryGetAsync("/model-versions/get-artifact", ("name", "none"), ("version", "one"), ("path", "x"))).IsError(400, "INVALID_PARAMETER_VALUE", "must be an integer");
        (await _client.TryGetAsync("/ajax-api/2.0/mlflow/logged-models/nonsense/artifacts/files", ("artifact_file_path", "x"))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
    }

    [Fact]
    [Endpoint("POST /artifacts/presigned-upload-url")]
    public async Task Rule_3_2_a_proxied_run_has_no_presigned_upload()
    {
        string run = await server.CreateRunAsync();
        (await _client.TryPostAsync("artifacts/presigned-upload-url", new JsonObject { ["run_id"] = run, ["path"] = "x" })).IsError(400, "INVALID_PARAMETER_VALUE", "mlflow-artifacts");
    }

    [Fact]
    public async Task Rule_3_2_a_run_whose_location_no_store_serves_is_the_callers_business()
    {
        string experiment = (string)(await _client.PostAsync("experiments/create", new JsonObject { ["name"] = ConformanceServer.Unique("experiment"), ["artifact_location"] = "nowhere://host/a" }))["experiment_id"]!;
        string run = await server.CreateRunAsync(experiment);
        (await _client.TryGetAsync("artifacts/list", ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", "nowhere");
        (await _client.TryGetAsync("/get-artifact", ("run_id", run), ("path", "x"))).IsError(400, "INVALID_PARAMETER_VALUE", "nowhere");
        (await UploadAsync(run, "x", new StringContent("x"))).IsError(400, "INVALID_PARAMETER_VALUE", "nowhere");
    }

    [Fact]
    [Endpoint("GET /model-versions/get-artifact?name=&version=&path=")]
    public async Task Rule_3_4_a_file_of_a_model_version_is_downloaded()
    {
        await using ServerInProcess own = await ServerInProcess.StartAsync();
        await using MemoryStream content = new("weights"u8.ToArray());
        ModelVersion version = await own.Services.GetRequiredService<ModelRegistry>().RegisterAsync("churn", ModelContent.FromStream(content, "model.bin"), cancellationToken: Cancel);
        MlflowClient.Answer answer = await own.Client.TryGetAsync("/model-versions/get-artifact", ("name", "churn"), ("version", version.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)), ("path", "model.bin"));
        Assert.Equal((HttpStatusCode.OK, "weights"), (answer.Status, answer.Body));
    }

    [Fact]
    [Endpoint("GET /ajax-api/2.0/mlflow/logged-models/{id}/artifacts/files?artifact_file_path=")]
    public async Task Rule_3_4_a_file_of_a_logged_model_is_downloaded()
    {
        await using ServerInProcess own = await ServerInProcess.StartAsync();
        ITrackingStore store = own.Services.GetRequiredService<ITrackingStore>();
        Experiment experiment = await store.CreateExperimentAsync("experiment", artifactLocation: null, Cancel);
        LoggedModel model = await store.CreateLoggedModelAsync(new NewLoggedModel { Id = LoggedModelId.New(), ExperimentId = experiment.Id, Name = "model" }, Cancel);
        Assert.Equal($"mlflow-artifacts:/{experiment.Id}/models/{model.Id}/artifacts", model.ArtifactLocation);
        await new ArtifactClient(own.Client).PutAsync($"{experiment.Id}/models/{model.Id}/artifacts/MLmodel", "flavors:");
        MlflowClient.Answer file = await own.Client.TryGetAsync($"/ajax-api/2.0/mlflow/logged-models/{model.Id}/artifacts/files", ("artifact_file_path", "MLmodel"));
        Assert.Equal((HttpStatusCode.OK, "flavors:", "text/plain"), (file.Status, file.Body, file.MediaType));
        (await own.Client.TryGetAsync($"/ajax-api/2.0/mlflow/logged-models/{LoggedModelId.New()}/artifacts/files", ("artifact_file_path", "x"))).IsError(404, "RESOURCE_DOES_NOT_EXIST", "not found");
    }

    [Fact]
    public async Task Rule_3_4_files_that_lie_elsewhere_than_on_the_proxy_are_served_to_pages_as_well()
    {
        await using ServerInProcess own = await ServerInProcess.StartAsync(track: (_, _) => { });
        Tracker tracker = own.Services.GetRequiredService<Tracker>();
        await using Run run = await tracker.StartRunAsync("experiment", cancellationToken: Cancel);
        await using MemoryStream content = new("here"u8.ToArray());
        await tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation)).UploadAsync("a/b.txt", content, cancellationToken: Cancel);
        await tracker.FlushAsync(Durability.Store, Cancel);
        Assert.StartsWith("file://", run.ArtifactLocation, StringComparison.Ordinal);
        JsonObject listed = await own.Client.GetAsync("artifacts/list", ("run_id", run.Id.Value), ("path", "a"));
        Assert.Equal(["a/b.txt 4"], ArtifactClient.NamesOf(listed));
        Assert.Equal("here", (await own.Client.TryGetAsync("/get-artifact", ("run_id", run.Id.Value), ("path", "a/b.txt"))).Body);
        (await own.Client.TryPostAsync("artifacts/presigned-upload-url", new JsonObject { ["run_id"] = run.Id.Value, ["path"] = "x" })).IsError(501, "NOT_IMPLEMENTED");

        // Nothing says where this server would keep proxied artifacts.
        MlflowClient.Answer proxy = await own.Client.TryGetAsync(ArtifactClient.Route);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "text/plain"), (proxy.Status, proxy.MediaType));
    }

    private Task<MlflowClient.Answer> UploadAsync(string run, string path, HttpContent content) =>
        _client.SendAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={Uri.EscapeDataString(path)}", content);
}
