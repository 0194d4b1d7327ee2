using System.Text.Json.Nodes;
using MLOps.Registry;
using MLOps.Server.Tests.Conformance;
using MLOps.Tracking.LoggedModels;

namespace MLOps.Server.Tests.Registry;

/// <summary>Contract §7.3: versions that are made of logged models.</summary>
public sealed class LoggedModelSourceTests : IAsyncLifetime
{
    private const string Tag = "mlflow.modelVersions";

    private RegistryServer _server = null!;
    private RunId _run;
    private ExperimentId _experiment;

    private MlflowClient Client => _server.Client;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _server = await RegistryServer.StartAsync();
        _run = await _server.Tracker.RunAsync("fraud", run => Task.FromResult(run.Id), cancellationToken: Cancel);
        _experiment = (await _server.Tracker.GetRunAsync(_run, Cancel)).Info.ExperimentId;
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Rule_7_3_a_logged_model_is_the_source_by_its_id_and_lends_its_run()
    {
        LoggedModel logged = await CreateAsync("s3://bucket/logged");
        string name = await Client.CreateModelAsync();
        JsonObject version = await Client.CreateVersionAsync(name, $"models:/{logged.Id}");
        Assert.Equal(($"models:/{logged.Id}", _run.Value, logged.Id.Value), ((string)version["source"]!, (string)version["run_id"]!, (string)version["model_id"]!));
        Assert.Equal("s3://bucket/logged", (string)(await Client.GetAsync("model-versions/get-download-uri", ("name", name), ("version", "1")))["artifact_uri"]!);
        Assert.Equal($"[{{\"name\":\"{name}\",\"version\":1}}]", await TagAsync(logged.Id));
    }

    [Fact]
    public async Task Rule_7_3_the_logged_model_of_model_id_is_told_of_each_version()
    {
        LoggedModel logged = await CreateAsync("s3://bucket/logged");
        string name = await Client.CreateModelAsync(), other = await Client.CreateModelAsync();
        JsonObject version = await Client.CreateVersionAsync(name, "s3://bucket/logged", ("model_id", logged.Id.Value));
        Assert.Equal((_run.Value, logged.Id.Value), ((string)version["run_id"]!, (string)version["model_id"]!));
        await Client.CreateVersionAsync(name, "s3://bucket/logged", ("model_id", logged.Id.Value), ("run_id", "of-another-server"));
        await Client.CreateVersionAsync(other, "s3://bucket/logged", ("model_id", logged.Id.Value));
        Assert.Equal($"[{{\"name\":\"{name}\",\"version\":1}},{{\"name\":\"{name}\",\"version\":2}},{{\"name\":\"{other}\",\"version\":1}}]", await TagAsync(logged.Id));
        Assert.Equal("of-another-server", (string)(await Client.GetVersionAsync(name, "2"))["run_id"]!);
    }

    [Fact]
    public async Task Versions_that_are_made_at_once_are_all_told()
    {
        LoggedModel logged = await CreateAsync("s3://bucket/logged");
        string name = await Client.CreateModelAsync();
        await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => Client.CreateVersionAsync(name, "s3://bucket/logged", ("model_id", logged.Id.Value))));
        Assert.Equal(Enumerable.Range(1, 12), JsonNode.Parse((await TagAsync(logged.Id))!)!.AsArray().Select(item => (int)item!["version"]!).Order());
    }

    [Theory]
    [InlineData("no JSON")]
    [InlineData("{}")]
    [InlineData("[{\"name\":\"older\", \"version\": 7}]")]
    public async Task What_the_tag_was_before_is_kept_where_it_is_a_list(string before)
    {
        LoggedModel logged = await CreateAsync("s3://bucket/logged");
        await _server.Tracker.Store.ChangeLoggedModelAsync(logged.Id, new LoggedModelChange { SetTags = new Dictionary<string, string> { [Tag] = before } }, Cancel);
        string name = await Client.CreateModelAsync();
        await Client.CreateVersionAsync(name, $"models:/{logged.Id}");
        string kept = before[0] == '[' ? "{\"name\":\"older\",\"version\":7}," : "";
        Assert.Equal($"[{kept}{{\"name\":\"{name}\",\"version\":1}}]", await TagAsync(logged.Id));
    }

    [Fact]
    public async Task A_tag_that_is_full_forgets_the_first_versions()
    {
        LoggedModel logged = await CreateAsync("s3://bucket/logged");
        string full = $"[{string.Join(',', Enumerable.Range(1, 300).Select(number => $"{{\"name\":\"a\",\"version\":{number}}}"))}]";
        await _server.Tracker.Store.ChangeLoggedModelAsync(logged.Id, new LoggedModelChange { SetTags = new Dictionary<string, string> { [Tag] = full } }, Cancel);
        string name = await Client.CreateModelAsync(new string('n', RegistryLimits.ModelNameLength));
        for (int i = 0; i < 12; i++)
            await Client.CreateVersionAsync(name, $"models:/{logged.Id}");
        string tag = (await TagAsync(logged.Id))!;
        JsonArray list = JsonNode.Parse(tag)!.AsArray();
        Assert.InRange(tag.Length, Limits.TagValueLength - 30, Limits.TagValueLength);
        Assert.Equal((12, name), ((int)list[^1]!["version"]!, (string)list[^1]!["name"]!));
        Assert.Equal(300, (int)list[^13]!["version"]!);
    }

    [Fact]
    public async Task Rule_7_3_a_local_path_is_taken_within_the_artifacts_of_the_logged_model()
    {
        LoggedModel logged = await CreateAsync("file:///models/one/artifacts"), other = await CreateAsync("file:///models/two/artifacts");
        string name = await Client.CreateModelAsync();
        await Client.CreateVersionAsync(name, logged.ArtifactLocation, ("model_id", logged.Id.Value));
        await Client.CreateVersionAsync(name, $"{logged.ArtifactLocation}/deep", ("model_id", logged.Id.Value));
        foreach (string source in (string[])[other.ArtifactLocation, $"{logged.ArtifactLocation}/..", $"{logged.ArtifactLocation}/%2e%2e/x", "/etc"])
            (await Client.TryCreateVersionAsync(name, source, ("model_id", logged.Id.Value))).IsError(400, "INVALID_PARAMETER_VALUE", "To use a local path as a model version");
    }

    [Fact]
    public async Task A_logged_model_that_is_not_there_is_told_before_anything_is_made()
    {
        LoggedModel deleted = await CreateAsync("s3://bucket/logged");
        await _server.Tracker.Store.ChangeLoggedModelAsync(deleted.Id, new LoggedModelChange { Lifecycle = Lifecycle.Deleted }, Cancel);
        string name = await Client.CreateModelAsync();
        foreach (string id in (string[])[deleted.Id.Value, LoggedModelId.New().Value, "m-nonsense", "nonsense"])
            (await Client.TryCreateVersionAsync(name, "s3://bucket/x", ("model_id", id))).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"Logged model with ID '{id}' not found");
        (await Client.TryCreateVersionAsync(name, $"models:/{deleted.Id}")).IsError(400, "INVALID_PARAMETER_VALUE", "Unable to fetch model from model URI source artifact location");
        Assert.False((await Client.GetModelAsync(name)).ContainsKey("latest_versions"));
    }

    private async Task<LoggedModel> CreateAsync(string location) => await _server.Tracker.Store.CreateLoggedModelAsync(
        new NewLoggedModel { Id = LoggedModelId.New(), ExperimentId = _experiment, Name = "trial", SourceRunId = _run, ArtifactLocation = location }, Cancel);

    private async Task<string?> TagAsync(LoggedModelId id) => (await _server.Tracker.Store.FindLoggedModelAsync(id, Cancel))!.Tags.GetValueOrDefault(Tag);
}
