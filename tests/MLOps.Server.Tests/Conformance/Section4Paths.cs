using System.Text.Json.Nodes;
using MLOps.Tracking.Contract;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §4, last paragraph: paths in artifact calls.</summary>
public sealed class Section4Paths(ConformanceServer server)
{
    private static readonly string[] s_hostile =
    [
        "../x", "a/../x", "a/..", "..", "%2e%2e/x", "%2E%2e%2fx", "%252e%252e%252fx", "%25252e%25252e/x", "a/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "..%5cx", "a%5c..%5cx", "%255c", "..%2f..%2fx",
        "/etc/passwd", "%2fetc", "%252fetc", "C:/x", "c%3a/x", "C:x", "a%23b", "a%2523b", "a%0ab", "a%2500b", "a%7fb", "file:///etc/passwd", "file%3a///etc", ".mlops/x", ".MLOPS/x", "a/.mlops/x", "%2emlops/x", "a/%252emlops/x",
    ];

    private readonly MlflowClient _client = server.Client;
    private readonly ArtifactClient _artifacts = new(server.Client);

    public static TheoryData<string> Hostile => [.. s_hostile];

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Rule_4_a_path_that_could_leave_its_folder_is_invalid_on_every_route_that_takes_it_in_its_target(string path)
    {
        string folder = await _artifacts.FolderOfAsync(await server.CreateRunAsync());
        foreach (string below in (string[])["", $"{folder}/"])
        {
            // Behind a folder a slash is one too many and no harm.
            if (below.Length > 0 && Uri.UnescapeDataString(Uri.UnescapeDataString(path)).StartsWith('/'))
                continue;
            string target = below + path;
            foreach (string api in (string[])["api", "ajax-api"])
            {
                string artifacts = $"/{api}/2.0/mlflow-artifacts";
                foreach ((HttpMethod method, string route) in new[] { (HttpMethod.Get, "artifacts"), (HttpMethod.Put, "artifacts"), (HttpMethod.Delete, "artifacts"), (HttpMethod.Get, "presigned"), })
                    await IsInvalidAsync(method, $"{artifacts}/{route}/{target}", method == HttpMethod.Put ? new StringContent("x") : null, target);
                foreach (string route in (string[])["create", "complete", "abort"])
                    await IsInvalidAsync(HttpMethod.Post, $"{artifacts}/mpu/{route}/{target}", MlflowClient.Json(new JsonObject { ["path"] = "x", ["num_parts"] = 1, ["upload_id"] = new string('0', 64), ["parts"] = Part() }), target);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Hostile))]
    [InlineData("a\0b")]
    [InlineData("a\\b")]
    [InlineData("a#b")]
    [InlineData("a\nb")]
    public async Task Rule_4_a_path_that_could_leave_its_folder_is_invalid_in_every_parameter(string path)
    {
        string run = await server.CreateRunAsync(), escaped = Uri.EscapeDataString(path), missing = new('0', 32);
        foreach (string written in (string[])[escaped, path.Contains('\0', StringComparison.Ordinal) || path.AsSpan().ContainsAny('\\', '#', '\n') ? escaped : path])
        {
            await IsInvalidAsync(HttpMethod.Get, $"{ArtifactClient.Route}?path={written}", content: null, path);
            await IsInvalidAsync(HttpMethod.Get, $"/api/2.0/mlflow/artifacts/list?run_id={run}&path={written}", content: null, path);
            await IsInvalidAsync(HttpMethod.Get, $"/api/2.0/mlflow/artifacts/list?run_id={run}&page_token={written}", content: null, path);
            await IsInvalidAsync(HttpMethod.Get, $"/get-artifact?run_id={run}&path={written}", content: null, path);
            await IsInvalidAsync(HttpMethod.Get, $"/get-artifact?run_uuid={run}&path={written}", content: null, path);
            await IsInvalidAsync(HttpMethod.Get, $"/model-versions/get-artifact?name=none&version=1&path={written}", content: null, path);
            await IsInvalidAsync(HttpMethod.Get, $"/ajax-api/2.0/mlflow/logged-models/m-{missing}/artifacts/files?artifact_file_path={written}", content: null, path);
            await IsInvalidAsync(HttpMethod.Post, $"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path={written}", new StringContent("x"), path);
        }

        await IsInvalidAsync(HttpMethod.Post, "/api/2.0/mlflow/artifacts/presigned-upload-url", MlflowClient.Json(new JsonObject { ["run_id"] = run, ["path"] = path }), path);
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/..")]
    [InlineData("a/")]
    [InlineData("C:/")]
    [InlineData("%2e%2e")]
    [InlineData("..%5cx")]
    [InlineData("a%2f..%2fb")]
    [InlineData("a\0b")]
    [InlineData("a#b")]
    [InlineData(".mlops")]
    public async Task Rule_4_the_name_of_an_upload_in_parts_is_judged_like_any_other(string path)
    {
        foreach (string route in (string[])["create", "complete", "abort"])
            await IsInvalidAsync(HttpMethod.Post, $"/api/2.0/mlflow-artifacts/mpu/{route}/a", MlflowClient.Json(new JsonObject { ["path"] = path, ["num_parts"] = 1, ["upload_id"] = new string('0', 64), ["parts"] = Part() }), path);
    }

    [Theory]
    [InlineData("", 405, "ENDPOINT_NOT_FOUND")]
    [InlineData("/", 405, "ENDPOINT_NOT_FOUND")]
    [InlineData("/.", 400, "INVALID_PARAMETER_VALUE")]
    [InlineData("/./", 400, "INVALID_PARAMETER_VALUE")]
    [InlineData("//", 400, "INVALID_PARAMETER_VALUE")]
    public async Task Rule_4_the_root_is_neither_written_nor_deleted(string path, int status, string code)
    {
        (await _artifacts.RawAsync(HttpMethod.Put, $"{ArtifactClient.Route}{path}", new StringContent("x"))).IsError(status, code);
        (await _artifacts.RawAsync(HttpMethod.Delete, $"{ArtifactClient.Route}{path}", content: null)).IsError(status, code);
    }

    [Fact]
    public async Task Rule_4_a_path_with_NUL_in_a_target_is_refused_by_the_web_server()
    {
        Assert.Equal(400, (int)(await _artifacts.RawAsync(HttpMethod.Get, $"{ArtifactClient.Route}/a%00b", content: null)).Status);
    }

    [Theory]
    [InlineData("aux.txt", "device")]
    [InlineData("a/trailing dot.", "dot or a space")]
    [InlineData("space /x", "dot or a space")]
    public async Task Rule_4_a_name_that_means_another_file_on_windows_is_refused_with_the_reason(string path, string reason) =>
        (await _artifacts.TryPutAsync($"{ArtifactClient.Route}/{ArtifactClient.Escape(path)}", new StringContent("x"))).IsError(400, "INVALID_PARAMETER_VALUE", reason);

    [Fact]
    public async Task Rule_4_a_path_of_endless_escapes_is_refused_at_once()
    {
        string path = "%" + string.Concat(Enumerable.Repeat("25", 500_000)) + "2e";
        (await _client.TryPostAsync("artifacts/presigned-upload-url", new JsonObject { ["run_id"] = await server.CreateRunAsync(), ["path"] = path })).IsError(400, "INVALID_PARAMETER_VALUE", "at most");
    }

    [Fact]
    public async Task Rule_4_a_symbolic_link_in_the_destination_is_not_followed()
    {
        string folder = await _artifacts.FolderOfAsync(await server.CreateRunAsync());
        await _artifacts.PutAsync($"{folder}/file", "x");
        string place = Path.Join(server.Server.Folder, "mlartifacts", folder), outside = Directory.CreateTempSubdirectory("mlops-outside-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Join(outside, "secret"), "secret", TestContext.Current.CancellationToken);
            Directory.CreateSymbolicLink(Path.Join(place, "link"), outside);
            foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Put])
                (await _artifacts.RawAsync(method, $"{ArtifactClient.Route}/{folder}/link/secret", method == HttpMethod.Put ? new StringContent("x") : null)).IsError(400, "INVALID_PARAMETER_VALUE", "symbolic link");
            Assert.Equal(["file 1"], await _artifacts.ListAsync(folder));
            Assert.Equal("secret", await File.ReadAllTextAsync(Path.Join(outside, "secret"), TestContext.Current.CancellationToken));
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public async Task Rule_4_whatever_a_path_is_made_of_it_stays_in_its_folder_and_comes_back()
    {
        string[] pieces = ["..", ".", "/", "//", "%2e", "%2E%2E", "%2f", "%252f", "%5c", "%00", "%23", "C:", "~", "a", "b.txt", " ", "%20", "%25", "%c3%b6", "%ff", "%", "+", ";", ":", ".mlops", "%2emlops", "etc", "passwd", "CON", "?", "&"];
        int seed = int.TryParse(Environment.GetEnvironmentVariable("MLOPS_TEST_SEED"), out int given) ? given : Environment.TickCount;
        TestContext.Current.SendDiagnosticMessage("MLOPS_TEST_SEED={0}", seed);
        Random random = new(seed);
        string folder = await _artifacts.FolderOfAsync(await server.CreateRunAsync()), kept = Path.Join(server.Server.Folder, "mlartifacts", folder);
        for (int i = 0; i < TestLength.Of(300, 20_000); i++)
        {
            string target = $"{ArtifactClient.Route}/{folder}/{string.Concat(random.GetItems(pieces, random.Next(1, 8)))}", content = $"content {i}";
            MlflowClient.Answer put = await _artifacts.RawAsync(HttpMethod.Put, target, new StringContent(content));
            Assert.True((int)put.Status is 200 or 400 or 405, $"seed {seed}: {target}: {(int)put.Status} {put.Body}");
            if ((int)put.Status != 200)
                continue;
            MlflowClient.Answer got = await _artifacts.RawAsync(HttpMethod.Get, target, content: null);
            Assert.True(((int)got.Status, got.Body) == (200, content), $"seed {seed}: {target}: {(int)got.Status} {got.Body}");
            string[] files = [.. Directory.GetFiles(kept, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }).Where(file => !Path.GetRelativePath(kept, file).StartsWith(".mlops/", StringComparison.Ordinal))];
            Assert.Equal(content, await File.ReadAllTextAsync(Assert.Single(files), TestContext.Current.CancellationToken));
            Assert.Equal("{}", (await _artifacts.RawAsync(HttpMethod.Delete, target, content: null)).Body);
        }
    }

    private static JsonArray Part() => [new JsonObject { ["part_number"] = 1, ["etag"] = new string('0', 64) }];

    private async Task IsInvalidAsync(HttpMethod method, string target, HttpContent? content, string path)
    {
        MlflowClient.Answer answer = await _artifacts.RawAsync(method, target, content);
        Assert.True((int)answer.Status == 400 && answer.MediaType == "application/json", $"{method} {target} ({path}): {(int)answer.Status} {answer.Body}");
        Assert.Equal(("INVALID_PARAMETER_VALUE", "Invalid path"), ((string?)answer.Json["error_code"], (string?)answer.Json["message"]));
    }
}
