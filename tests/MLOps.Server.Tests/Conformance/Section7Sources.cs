using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §7.3: which sources of versions are taken. A source that leads elsewhere would let callers read the server's files.</summary>
public sealed class Section7Sources(ConformanceServer server)
{
    private const string Local = "To use a local path as a model version", Remote = "If supplying a source as an http, https,";

    private readonly MlflowClient _client = server.Client;

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("/")]
    [InlineData("relative/path")]
    [InlineData("model")]
    [InlineData("../model")]
    [InlineData("~/model")]
    [InlineData(" /etc")]
    [InlineData(" file:///etc")]
    [InlineData("\\\\host\\share")]
    [InlineData("C:\\Windows")]
    [InlineData("C:/Windows")]
    [InlineData("//etc/passwd")]
    [InlineData("file:///etc/passwd")]
    [InlineData("FILE:///etc/passwd")]
    [InlineData("file:/etc/passwd")]
    [InlineData("file:etc")]
    [InlineData("file:")]
    [InlineData("file://localhost/etc/passwd")]
    [InlineData("file://host/share")]
    [InlineData("file:////etc/passwd")]
    [InlineData("file:///etc/passwd?x=/../..")]
    [InlineData("file:///%65tc/passwd")]
    [InlineData("/tmp/\0")]
    public async Task Rule_7_3_a_path_of_the_server_needs_a_run(string source)
    {
        string name = await _client.CreateModelAsync(), run = await server.CreateRunAsync();
        (await _client.TryCreateVersionAsync(name, source)).IsError(400, "INVALID_PARAMETER_VALUE", Local);
        (await _client.TryCreateVersionAsync(name, source, ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", Local);
        (await _client.TryCreateVersionAsync(name, source, ("run_id", Guid.NewGuid().ToString("N")))).IsError(400, "INVALID_PARAMETER_VALUE", Local);
        Assert.Empty(await _client.GetAsync("model-versions/search", ("filter", $"name = '{name}'")));
    }

    [Fact]
    public async Task Rule_7_3_a_path_below_the_artifacts_of_its_run_is_taken()
    {
        string name = await _client.CreateModelAsync();
        (string run, string uri, string folder) = await CreateLocalRunAsync();
        Directory.CreateDirectory(Path.Join(folder, "model"));
        foreach (string source in (string[])[uri, $"{uri}/model", $"{uri}/not/yet/there", folder, $"{folder}/model/", $"{uri}/a....b/....", $"{uri}/mod%65l"])
        {
            JsonObject made = await _client.CreateVersionAsync(name, source, ("run_id", run));
            Assert.Equal(source, (string)made["source"]!);
            Assert.Equal(source, (string)(await _client.GetAsync("model-versions/get-download-uri", ("name", name), ("version", (string)made["version"]!)))["artifact_uri"]!);
        }
    }

    [Fact]
    public async Task Rule_7_3_a_path_that_leaves_the_artifacts_of_its_run_is_refused()
    {
        string name = await _client.CreateModelAsync();
        (string run, string uri, string folder) = await CreateLocalRunAsync();
        (string otherRun, string otherUri, string otherFolder) = await CreateLocalRunAsync();
        foreach (string source in (string[])[
            $"{uri}/..", $"{uri}/../x", $"{uri}/%2e%2e/x", $"{uri}/%252e%252e/x", $"{uri}/a/../../x", $"{uri}/..%2fx", $"{uri}/..%5cx", $"{uri}/..\\x", $"{uri}/a%00", $"{uri}x", $"{uri}#x", $"{uri}?x",
            $"{folder}/..", $"{folder}/../x", $"{folder}/a/../../x", $"{folder}/%2e%2e/x", $"{folder}-more", Path.GetDirectoryName(folder)!, otherUri, otherFolder])
        {
            (await _client.TryCreateVersionAsync(name, source, ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", Local);
        }

        await _client.CreateVersionAsync(name, otherUri, ("run_id", otherRun));
    }

    [Fact]
    public async Task Rule_7_3_a_link_below_the_artifacts_of_a_run_is_not_followed()
    {
        string name = await _client.CreateModelAsync();
        (string run, string uri, string folder) = await CreateLocalRunAsync();
        Directory.CreateDirectory(folder);
        Directory.CreateSymbolicLink(Path.Join(folder, "out"), "/etc");
        File.CreateSymbolicLink(Path.Join(folder, "file"), "/etc/passwd");
        Directory.CreateSymbolicLink(Path.Join(folder, "nowhere"), "/does/not/exist");
        foreach (string source in (string[])[$"{uri}/out", $"{uri}/out/ssl", $"{uri}/file", $"{uri}/nowhere", $"{folder}/out/", $"{uri}/%6fut"])
            (await _client.TryCreateVersionAsync(name, source, ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", Local);
    }

    [Fact]
    public async Task Rule_7_3_a_run_whose_artifacts_lie_elsewhere_lends_no_local_path()
    {
        string name = await _client.CreateModelAsync();
        JsonObject experiment = await _client.PostAsync("experiments/create", RegistryRequests.Body(("name", ConformanceServer.Unique("remote")), ("artifact_location", "s3://bucket/tmp")));
        string run = await server.CreateRunAsync((string)experiment["experiment_id"]!);
        (await _client.TryCreateVersionAsync(name, "/tmp/x", ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", Local);
        (await _client.TryCreateVersionAsync(name, "file:///bucket/tmp", ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", Local);
    }

    [Theory]
    [InlineData("s3://bucket/models/one")]
    [InlineData("s3://bucket")]
    [InlineData("s3://bucket//models///one//")]
    [InlineData("http://host/a/b/")]
    [InlineData("https://host:8080/api/2.0/mlflow-artifacts/artifacts/0/model")]
    [InlineData("mlflow-artifacts:/0/run/artifacts/model")]
    [InlineData("mlflow-artifacts://host:5000/0/run/artifacts/model")]
    [InlineData("gs://bucket/....")]
    [InlineData("gs://bucket/....../x")]
    [InlineData("wasbs://container@account.blob.core.windows.net/path")]
    [InlineData("abfss://fs@account.dfs.core.windows.net/a b/ü")]
    [InlineData("dbfs:/databricks/mlflow/1")]
    [InlineData("ftp://host/a%20b/c..d/e..")]
    [InlineData("hdfs:///models/..x")]
    [InlineData("s3://bucket/100%/x")]
    public async Task Rule_7_3_a_remote_source_is_taken_as_it_is(string source)
    {
        string name = await _client.CreateModelAsync();
        JsonObject made = await _client.CreateVersionAsync(name, source);
        Assert.Equal((source, "READY"), ((string)made["source"]!, (string)made["status"]!));
    }

    [Theory]
    [InlineData("http://host/a/../../b")]
    [InlineData("https://host/..")]
    [InlineData("s3://bucket/../x")]
    [InlineData("s3:/my_bucket/models/path/../../other/path")]
    [InlineData("mlflow-artifacts://host:5000/../../../../")]
    [InlineData("mlflow-artifacts://host:5000/..%2f..%2f..%2f..%2f")]
    [InlineData("http://host/%2e%2e/x")]
    [InlineData("http://host/%252e%252e/x")]
    [InlineData("http://host/%25252e%25252E%25252fx")]
    [InlineData("http://host/..%5Cx")]
    [InlineData("http://host/a\\..\\b")]
    [InlineData("http://host/%00")]
    [InlineData("http://host/a%2500")]
    [InlineData("http://host/a\0b")]
    [InlineData("http://host/./a")]
    [InlineData("http://host/a?x=/../../etc")]
    [InlineData("http://host/a#/../../etc")]
    [InlineData("http://host/%23/../../etc")]
    [InlineData("http://host/%3f/%2e%2e/etc")]
    [InlineData("s3:relative/path")]
    [InlineData("s3:..")]
    [InlineData("s3:../x")]
    [InlineData("models:/a/../1")]
    [InlineData("runs:/abc/../../x")]
    public async Task Rule_7_3_a_remote_source_with_relative_parts_is_refused(string source)
    {
        string name = await _client.CreateModelAsync(), run = await server.CreateRunAsync();
        (await _client.TryCreateVersionAsync(name, source)).IsError(400, "INVALID_PARAMETER_VALUE", Remote);
        (await _client.TryCreateVersionAsync(name, source, ("run_id", run))).IsError(400, "INVALID_PARAMETER_VALUE", Remote);
    }

    [Fact]
    public async Task Rule_7_3_a_source_that_is_encoded_thousandfold_or_endless_is_refused_at_once()
    {
        string name = await _client.CreateModelAsync();
        (await _client.TryCreateVersionAsync(name, $"http://host/%{string.Concat(Enumerable.Repeat("25", 3_900))}2e%2e/x")).IsError(400, "INVALID_PARAMETER_VALUE");
        (await _client.TryCreateVersionAsync(name, "http://host/" + new string('a', 1 << 20))).IsError(400, "INVALID_PARAMETER_VALUE", "8000");
    }

    [Fact]
    public async Task Rule_7_3_a_version_as_the_source_must_be_there()
    {
        string name = await _client.CreateModelAsync(), absent = ConformanceServer.Unique("absent");
        await _client.CreateVersionAsync(name);
        foreach (string source in (string[])[$"models:/{absent}/1", $"models:/{name}/7", $"models:/{name}@absent", $"models:/{name}/Production"])
            (await _client.TryCreateVersionAsync(name, source)).IsError(400, "INVALID_PARAMETER_VALUE", $"Unable to fetch model from model URI source artifact location '{source}'");
        (await _client.TryCreateVersionAsync(name, "models:/nonsense")).IsError(400, "INVALID_PARAMETER_VALUE", "no model URI");
        (await _client.TryCreateVersionAsync(absent, $"models:/{name}/1")).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"Registered Model with name={absent} not found");
    }

    [Fact]
    public async Task Rule_7_3_a_version_is_the_source_by_alias_or_stage_too()
    {
        string name = await _client.CreateModelAsync(), copies = await _client.CreateModelAsync();
        await _client.CreateVersionAsync(name, "s3://bucket/one");
        await _client.CreateVersionAsync(name, "s3://bucket/two");
        await _client.SetAliasAsync(name, "champion", "1");
        await _client.MoveToStageAsync(name, "2", "Staging");
        foreach ((string source, string location) in new[] { ($"models:/{name}@champion", "s3://bucket/one"), ($"models:/{name}/Staging", "s3://bucket/two"), ($"models:/{name}/latest", "s3://bucket/two") })
        {
            string version = (string)(await _client.CreateVersionAsync(copies, source))["version"]!;
            Assert.Equal(location, (string)(await _client.GetAsync("model-versions/get-download-uri", ("name", copies), ("version", version)))["artifact_uri"]!);
        }
    }

    [Fact]
    public async Task Rule_7_3_artifacts_of_a_run_are_named_by_the_run()
    {
        string name = await _client.CreateModelAsync();
        (string run, string uri, _) = await CreateLocalRunAsync();
        JsonObject made = await _client.CreateVersionAsync(name, $"runs:/{run}/model");
        Assert.Equal(run, (string)made["run_id"]!);
        Assert.Equal($"{uri}/model", (string)(await _client.GetAsync("model-versions/get-download-uri", ("name", name), ("version", "1")))["artifact_uri"]!);
        string elsewhere = $"runs:/{Guid.NewGuid():N}/model";
        Assert.Equal("2", (string)(await _client.CreateVersionAsync(name, elsewhere))["version"]!);
        Assert.Equal(elsewhere, (string)(await _client.GetAsync("model-versions/get-download-uri", ("name", name), ("version", "2")))["artifact_uri"]!);
    }

    [Fact]
    public async Task Rule_7_3_the_source_of_a_prompt_is_any_text()
    {
        string name = await _client.CreateModelAsync(tags: ("mlflow.prompt.is_prompt", "true"));
        int number = 0;
        foreach (string source in (string[])["prompt-template", "/etc", "file:///etc", "a text, not a path"])
        {
            JsonObject made = (await _client.PostAsync("model-versions/create", PromptOf(source)))["model_version"]!.AsObject();
            Assert.Equal((source, $"{++number}"), ((string)made["source"]!, (string)made["version"]!));
        }

        (await _client.TryPostAsync("model-versions/create", PromptOf("http://host/../x"))).IsError(400, "INVALID_PARAMETER_VALUE", Remote);

        JsonObject PromptOf(string source) => new() { ["name"] = name, ["source"] = source, ["tags"] = RegistryRequests.Pairs(("mlflow.prompt.is_prompt", "true"), ("mlflow.prompt.text", "Hello {{name}}")) };
    }

    [Fact]
    public async Task Rule_7_3_a_prompt_as_the_source_lends_no_path_to_its_copy()
    {
        string prompt = await _client.CreateModelAsync(), copies = await _client.CreateModelAsync();
        await _client.PostAsync("model-versions/create", new JsonObject { ["name"] = prompt, ["source"] = "/etc", ["tags"] = RegistryRequests.Pairs(("mlflow.prompt.is_prompt", "true")) });
        await _client.CreateVersionAsync(copies, $"models:/{prompt}/1");
        Assert.DoesNotContain("etc", (string)(await _client.GetAsync("model-versions/get-download-uri", ("name", copies), ("version", "1")))["artifact_uri"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc")]
    [InlineData("file:///etc")]
    public async Task Rule_7_3_nothing_of_the_server_is_read_through_a_prompt(string source)
    {
        string prompt = await _client.CreateModelAsync(), copies = await _client.CreateModelAsync();
        await _client.PostAsync("model-versions/create", new JsonObject { ["name"] = prompt, ["source"] = source, ["tags"] = RegistryRequests.Pairs(("mlflow.prompt.is_prompt", "true")) });
        await _client.DeleteAsync("model-versions/delete-tag", RegistryRequests.Body(("name", prompt), ("version", "1"), ("key", "mlflow.prompt.is_prompt")));
        await _client.CreateVersionAsync(copies, $"models:/{prompt}/1");
        foreach (string name in (string[])[prompt, copies])
        {
            MlflowClient.Answer answer = await _client.TryGetAsync("/model-versions/get-artifact", ("name", name), ("version", "1"), ("path", "passwd"));
            Assert.InRange((int)answer.Status, 400, 499);
            Assert.DoesNotContain("root:", answer.Body, StringComparison.Ordinal);
        }
    }

    /// <summary>A run whose artifacts lie in a folder of the server's machine.</summary>
    private async Task<(string Run, string Uri, string Folder)> CreateLocalRunAsync()
    {
        string root = Path.Join(server.Server.Folder, ConformanceServer.Unique("artifacts"));
        JsonObject experiment = await _client.PostAsync("experiments/create", RegistryRequests.Body(("name", ConformanceServer.Unique("local")), ("artifact_location", new Uri(root).AbsoluteUri)));
        JsonObject run = await _client.PostAsync("runs/create", new JsonObject { ["experiment_id"] = (string)experiment["experiment_id"]!, ["start_time"] = 1_700_000_000_000 });
        string uri = (string)run["run"]!["info"]!["artifact_uri"]!;
        return ((string)run["run"]!["info"]!["run_id"]!, uri, new Uri(uri).LocalPath);
    }
}
