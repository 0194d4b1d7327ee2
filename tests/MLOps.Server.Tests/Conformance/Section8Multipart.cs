using System.Net;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §8.5: uploads in parts.</summary>
public sealed class Section8Multipart(ConformanceServer server)
{
    private const string Mpu = "/api/2.0/mlflow-artifacts/mpu";

    private readonly MlflowClient _client = server.Client;
    private readonly ArtifactClient _artifacts = new(server.Client);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [Endpoint("POST /api/2.0/mlflow-artifacts/mpu/create/{dir}")]
    [Endpoint("POST /api/2.0/mlflow-artifacts/mpu/complete/{dir}")]
    [InlineData("model.bin")]
    [InlineData("/tmp/on the client/größe 100%.bin")]
    [InlineData("C:\\Users\\me\\model.bin")]
    [InlineData("../model.bin")]
    public async Task Rule_8_5_parts_in_any_order_become_one_verified_artifact(string local)
    {
        string folder = await NewFolderAsync();
        byte[][] contents = [Section8Artifacts.Noise(300_000), Section8Artifacts.Noise(300_001), Section8Artifacts.Noise(7)];
        (string id, JsonArray credentials) = await CreateAsync($"{folder}/deep", local, 3);
        Assert.Equal([1, 2, 3], credentials.Select(credential => (int)credential!["part_number"]!));
        JsonArray parts = [];
        foreach (int i in (int[])[2, 0, 1])
            parts.Add(await SendAsync(credentials[i]!, contents[i]));
        Assert.Equal("{}", (await CompleteAsync($"{folder}/deep", local, id, parts)).Body);
        string name = local[(local.LastIndexOfAny(['/', '\\']) + 1)..];
        Assert.Equal(contents.SelectMany(content => content), await _artifacts.DownloadAsync($"{folder}/deep/{name}"));
        Assert.Equal([$"{name} 600008"], await _artifacts.ListAsync($"{folder}/deep"));
        Assert.Single(Directory.GetFiles(Path.Join(server.Server.Folder, "mlartifacts", folder, ".mlops", "manifests")));
        Assert.False(Directory.Exists(Staged(id)));
    }

    [Fact]
    public async Task Rule_8_5_a_client_that_asks_again_because_the_answer_was_lost_hears_that_it_is_done()
    {
        string folder = await NewFolderAsync();
        (string id, JsonArray credentials) = await CreateAsync(folder, "a", 1);
        JsonObject part = await SendAsync(credentials[0]!, [1, 2, 3]);
        for (int attempt = 0; attempt < 2; attempt++)
            Assert.Equal("{}", (await CompleteAsync(folder, "a", id, [part.DeepClone()])).Body);
        (await CompleteAsync(folder, "a", id, [new JsonObject { ["part_number"] = 1, ["etag"] = new string('0', 64) }])).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        (await CompleteAsync(folder, "b", id, [part.DeepClone()])).IsError(404, "RESOURCE_DOES_NOT_EXIST");
    }

    [Fact]
    public async Task Rule_8_5_many_completions_at_once_make_one_artifact()
    {
        string folder = await NewFolderAsync();
        (string id, JsonArray credentials) = await CreateAsync(folder, "model.bin", 4);
        byte[] content = Section8Artifacts.Noise(1_000_000);
        JsonNode[] parts = await Task.WhenAll(credentials.Select(async credential => (JsonNode)await SendAsync(credential!, content)));
        MlflowClient.Answer[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => CompleteAsync(folder, "model.bin", id, [.. parts.Select(part => part.DeepClone())])));
        Assert.All(answers, answer => Assert.Equal((HttpStatusCode.OK, "{}"), (answer.Status, answer.Body)));
        Assert.Equal(Enumerable.Repeat(content, 4).SelectMany(part => part), await _artifacts.DownloadAsync($"{folder}/model.bin"));
        Assert.Single(Directory.GetFiles(Path.Join(server.Server.Folder, "mlartifacts", folder, ".mlops", "manifests")));
    }

    [Fact]
    public async Task Rule_8_5_a_part_that_is_sent_again_counts_by_its_etag()
    {
        string folder = await NewFolderAsync();
        (string id, JsonArray credentials) = await CreateAsync(folder, "a", 1);
        JsonObject first = await SendAsync(credentials[0]!, "first"u8.ToArray()), second = await SendAsync(credentials[0]!, "second"u8.ToArray());
        Assert.NotEqual((string)first["etag"]!, (string)second["etag"]!);
        Assert.Equal("{}", (await CompleteAsync(folder, "a", id, [second])).Body);
        Assert.Equal("second", await _artifacts.DownloadTextAsync($"{folder}/a"));
    }

    [Fact]
    [Endpoint("POST /api/2.0/mlflow-artifacts/mpu/abort/{dir}")]
    public async Task Rule_8_5_an_aborted_upload_leaves_nothing()
    {
        string folder = await NewFolderAsync();
        (string id, JsonArray credentials) = await CreateAsync(folder, "a", 1);
        JsonObject part = await SendAsync(credentials[0]!, [1, 2, 3]);
        Assert.True(Directory.Exists(Staged(id)));
        (await _client.SendAsync(HttpMethod.Post, $"{Mpu}/abort/{folder}", MlflowClient.Json(new JsonObject { ["path"] = "b", ["upload_id"] = id }))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        for (int attempt = 0; attempt < 2; attempt++)
            Assert.Equal("{}", (await _client.SendAsync(HttpMethod.Post, $"{Mpu}/abort/{folder}", MlflowClient.Json(new JsonObject { ["path"] = "a", ["upload_id"] = id }))).Body);
        Assert.False(Directory.Exists(Staged(id)));
        Assert.Empty(await _artifacts.ListAsync(folder));
        (await CompleteAsync(folder, "a", id, [part])).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        using ByteArrayContent late = new([1]);
        using HttpResponseMessage refused = await _client.Http.PutAsync((string)credentials[0]!["url"]!, late, Cancel);
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
    }

    [Fact]
    public async Task Rule_8_5_a_completion_that_does_not_name_every_part_as_it_arrived_is_refused_and_can_be_tried_again()
    {
        string folder = await NewFolderAsync();
        (string id, JsonArray credentials) = await CreateAsync(folder, "a", 2);
        JsonObject first = await SendAsync(credentials[0]!, "fi"u8.ToArray()), second = await SendAsync(credentials[1]!, "rst"u8.ToArray());
        foreach (JsonArray wrong in (JsonArray[])
        [
            [],
            [first.DeepClone()],
            [first.DeepClone(), first.DeepClone()],
            [first.DeepClone(), With(second, 3)],
            [first.DeepClone(), With(first, 2)],
            [first.DeepClone(), new JsonObject { ["part_number"] = 2, ["etag"] = "../../../target" }],
            [first.DeepClone(), new JsonObject { ["part_number"] = 2 }],
        ])
            (await CompleteAsync(folder, "a", id, wrong)).IsError(400, "INVALID_PARAMETER_VALUE");
        Assert.Empty(await _artifacts.ListAsync(folder));
        Assert.Equal("{}", (await CompleteAsync(folder, "a", id, [second, first])).Body);
        Assert.Equal("first", await _artifacts.DownloadTextAsync($"{folder}/a"));

        static JsonObject With(JsonObject part, int number)
        {
            JsonObject other = part.DeepClone().AsObject();
            other["part_number"] = number;
            return other;
        }
    }

    [Fact]
    public async Task Rule_8_5_requests_that_name_no_upload_or_no_part_are_refused()
    {
        string folder = await NewFolderAsync();
        (string id, JsonArray credentials) = await CreateAsync(folder, "a", 1);
        string address = ((string)credentials[0]!["url"]!)[..^2];
        foreach ((string url, int status) in new[] { ($"{address}/0", 400), ($"{address}/2", 400), ($"{address}/x", 400), ($"{address}/1_{id}", 400), ($"{address.Replace(id, new string('0', 64), StringComparison.Ordinal)}/1", 404), ($"{address.Replace(id, "..", StringComparison.Ordinal)}/1", 404) })
        {
            using ByteArrayContent content = new([1]);
            using HttpRequestMessage request = new(HttpMethod.Put, new Uri(url, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })) { Content = content };
            using HttpResponseMessage answer = await _client.Http.SendAsync(request, Cancel);
            Assert.True((int)answer.StatusCode == status || url.Contains("..", StringComparison.Ordinal) && (int)answer.StatusCode is 400 or 404, $"{url}: {answer.StatusCode}");
        }

        foreach ((int parts, string form) in new[] { (0, "Invalid value 0 for parameter 'num_parts' supplied"), (10_001, "Invalid value 10001 for parameter 'num_parts' supplied"), (-1, "Invalid value -1 for parameter 'num_parts' supplied") })
            (await _client.SendAsync(HttpMethod.Post, $"{Mpu}/create/{folder}", MlflowClient.Json(new JsonObject { ["path"] = "a", ["num_parts"] = parts }))).IsError(400, "INVALID_PARAMETER_VALUE", form);
        (await _client.SendAsync(HttpMethod.Post, $"{Mpu}/create/{folder}", MlflowClient.Json(new JsonObject { ["path"] = "a" }))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'num_parts'");
        (await _client.SendAsync(HttpMethod.Post, $"{Mpu}/create/{folder}", MlflowClient.Json(new JsonObject { ["num_parts"] = 1 }))).IsError(400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'path'");
    }

    [Fact]
    public async Task Rule_8_5_a_client_with_credentials_gets_them_back_for_its_parts()
    {
        string folder = await NewFolderAsync();
        MlflowClient.Answer created = await _client.SendAsync(HttpMethod.Post, $"{Mpu}/create/{folder}", MlflowClient.Json(new JsonObject { ["path"] = "a", ["num_parts"] = 1 }), ("Authorization", "Basic dTpw"));
        Assert.Equal("Basic dTpw", (string?)created.Json["credentials"]![0]!["headers"]!["Authorization"]);
        (_, JsonArray without) = await CreateAsync(folder, "b", 1);
        Assert.Empty(without[0]!["headers"]!.AsObject());
    }

    [Fact]
    public async Task Rule_8_5_the_limit_on_artifacts_holds_for_all_parts_together()
    {
        await using ServerInProcess limited = await ServerInProcess.StartAsync(options => options.MaxArtifactBytes = 100_000);
        MlflowClient.Answer created = await limited.Client.SendAsync(HttpMethod.Post, $"{Mpu}/create/", MlflowClient.Json(new JsonObject { ["path"] = "a", ["num_parts"] = 2 }));
        string[] urls = [.. created.Json["credentials"]!.AsArray().Select(credential => (string)credential!["url"]!)];
        foreach ((string url, int size, HttpStatusCode expected) in new[] { (urls[0], 60_000, HttpStatusCode.OK), (urls[1], 60_000, HttpStatusCode.RequestEntityTooLarge), (urls[1], 40_000, HttpStatusCode.OK), (urls[1], 1, HttpStatusCode.RequestEntityTooLarge) })
        {
            using ByteArrayContent content = new(Section8Artifacts.Noise(size));
            using HttpResponseMessage answer = await limited.Client.Http.PutAsync(url, content, Cancel);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    private string Staged(string id) => Path.Join(server.Server.Folder, "mlartifacts", ".mlops", "uploads", id);

    private async Task<string> NewFolderAsync() => await _artifacts.FolderOfAsync(await server.CreateRunAsync());

    private async Task<(string Id, JsonArray Credentials)> CreateAsync(string folder, string local, int parts)
    {
        MlflowClient.Answer answer = await _client.SendAsync(HttpMethod.Post, $"{Mpu}/create/{folder}", MlflowClient.Json(new JsonObject { ["path"] = local, ["num_parts"] = parts }));
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Body);
        return ((string)answer.Json["upload_id"]!, answer.Json["credentials"]!.AsArray());
    }

    private async Task<JsonObject> SendAsync(JsonNode credential, byte[] content)
    {
        using HttpRequestMessage request = new(HttpMethod.Put, (string)credential["url"]!) { Content = new ByteArrayContent(content) };
        foreach ((string name, JsonNode? value) in credential["headers"]!.AsObject())
            request.Headers.TryAddWithoutValidation(name, (string?)value);
        using HttpResponseMessage answer = await _client.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return new JsonObject { ["part_number"] = (int)credential["part_number"]!, ["etag"] = answer.Headers.ETag!.Tag, ["url"] = (string)credential["url"]! };
    }

    private Task<MlflowClient.Answer> CompleteAsync(string folder, string local, string id, JsonArray parts) =>
        _client.SendAsync(HttpMethod.Post, $"{Mpu}/complete/{folder}", MlflowClient.Json(new JsonObject { ["path"] = local, ["upload_id"] = id, ["parts"] = parts }));
}
