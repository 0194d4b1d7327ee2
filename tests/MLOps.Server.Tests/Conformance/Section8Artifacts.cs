using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §8: artifacts through the proxy.</summary>
public sealed class Section8Artifacts(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;
    private readonly ArtifactClient _artifacts = new(server.Client);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [Endpoint("PUT /api/2.0/mlflow-artifacts/artifacts/{path}")]
    [Endpoint("GET /api/2.0/mlflow-artifacts/artifacts/{path}")]
    [InlineData("model.bin")]
    [InlineData("a/b/c/with space + plus & ampersand.txt")]
    [InlineData("percent 100%/50%25.txt")]
    [InlineData("größe/模型/😀.bin")]
    [InlineData("2026-01-01T10_00_00Z=a,b;c'd(e)[f]{g}~!@$^.json")]
    [InlineData(".hidden/.file")]
    [InlineData("what?/is=this&that.txt")]
    public async Task Rule_8_1_a_name_comes_back_as_it_was_given(string name)
    {
        string folder = await NewFolderAsync();
        await _artifacts.PutAsync($"{folder}/{name}", name);
        Assert.Equal(name, await _artifacts.DownloadTextAsync($"{folder}/{name}"));
        JsonObject listed = await ListRunAsync(RunOf(folder), name.Contains('/', StringComparison.Ordinal) ? name[..name.LastIndexOf('/')] : "");
        Assert.Equal(name, (string)listed["files"]![0]!["path"]!);
        Assert.Equal("{}", (await _artifacts.DeleteAsync($"{folder}/{name}")).Body);
        Assert.Empty(await _artifacts.ListAsync(folder));
    }

    [Fact]
    [Endpoint("GET /api/2.0/mlflow-artifacts/artifacts?path=P")]
    public async Task Rule_8_2_the_proxy_lists_bare_names_of_one_level()
    {
        string folder = await NewFolderAsync();
        foreach (string path in (string[])["b.txt", "a/1", "a/b/2", "a/b/3", "a.txt"])
            await _artifacts.PutAsync($"{folder}/{path}", path);
        Assert.Equal(["a/", "a.txt 5", "b.txt 5"], await _artifacts.ListAsync(folder));
        Assert.Equal(["1 3", "b/"], await _artifacts.ListAsync($"{folder}/a"));
        Assert.Equal(["1 3", "b/"], await _artifacts.ListAsync($"{folder}/a/"));
        Assert.Equal(["2 5", "3 5"], await _artifacts.ListAsync($"{folder}/a/b"));
        Assert.Equal(["artifacts/"], await _artifacts.ListAsync(folder[..folder.LastIndexOf('/')]));
    }

    [Fact]
    public async Task Rule_8_2_a_missing_path_and_a_file_have_no_files()
    {
        string folder = await NewFolderAsync();
        await _artifacts.PutAsync($"{folder}/file", "x");
        foreach (string path in (string[])[$"{folder}/nothing", $"{folder}/file", $"{folder}/fil"])
        {
            MlflowClient.Answer answer = await _client.TryGetAsync(ArtifactClient.Route, ("path", path));
            Assert.Equal((HttpStatusCode.OK, "{}"), (answer.Status, answer.Body));
        }
    }

    [Fact]
    [Endpoint("GET /artifacts/list")]
    public async Task Rule_8_2_a_run_lists_run_relative_paths_and_its_root()
    {
        string folder = await NewFolderAsync(), run = RunOf(folder);
        foreach (string path in (string[])["b.txt", "a/1", "a/b/2"])
            await _artifacts.PutAsync($"{folder}/{path}", path);
        JsonObject root = await ListRunAsync(run, "");
        Assert.Equal($"mlflow-artifacts:/{folder}", (string)root["root_uri"]!);
        Assert.Equal(["a/", "b.txt 5"], ArtifactClient.NamesOf(root));
        Assert.False(root.ContainsKey("next_page_token"));
        Assert.Equal(["a/1 3", "a/b/"], ArtifactClient.NamesOf(await ListRunAsync(run, "a")));
        JsonObject nothing = await ListRunAsync(run, "nothing");
        Assert.Equal((false, $"mlflow-artifacts:/{folder}"), (nothing.ContainsKey("files"), (string)nothing["root_uri"]!));
        Assert.False((await ListRunAsync(run, "b.txt")).ContainsKey("files"));
        Assert.Equal(["a/", "b.txt 5"], ArtifactClient.NamesOf(await _client.GetAsync("artifacts/list", ("run_uuid", run))));
    }

    [Fact]
    public async Task Rule_8_2_a_list_goes_on_after_its_token()
    {
        string folder = await NewFolderAsync();
        foreach (string path in (string[])["a", "b", "c/d"])
            await _artifacts.PutAsync($"{folder}/{path}", path);
        Assert.Equal(["b 1", "c/"], ArtifactClient.NamesOf(await _client.GetAsync("artifacts/list", ("run_id", RunOf(folder)), ("page_token", "a"))));
    }

    [Fact]
    public async Task Rule_8_2_hashes_are_kept_with_the_run_and_shown_to_nobody()
    {
        string folder = await NewFolderAsync();
        await _artifacts.PutAsync($"{folder}/model.bin", "weights");
        string[] manifests = Directory.GetFiles(Path.Join(server.Server.Folder, "mlartifacts", folder, ".mlops", "manifests"));
        Assert.Contains(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("weights"u8)), await File.ReadAllTextAsync(Assert.Single(manifests), Cancel), StringComparison.Ordinal);
        Assert.Equal(["model.bin 7"], await _artifacts.ListAsync(folder));
        string manifest = $"{folder}/.mlops/manifests/{Path.GetFileName(manifests[0])}";
        using (HttpResponseMessage read = await _artifacts.GetAsync(manifest))
            Assert.Equal(HttpStatusCode.BadRequest, read.StatusCode);
        (await _artifacts.TryPutAsync($"{ArtifactClient.Route}/{ArtifactClient.Escape(manifest)}", new StringContent("{}"))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid path");
        (await _artifacts.DeleteAsync(manifest)).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid path");
        (await _client.TryGetAsync(ArtifactClient.Route, ("path", $"{folder}/.mlops"))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid path");
        (await _client.TryGetAsync("artifacts/list", ("run_id", RunOf(folder)), ("path", ".mlops/manifests"))).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid path");
    }

    [Fact]
    public async Task Rule_8_3_an_upload_may_be_chunked_have_any_type_and_overwrite()
    {
        string folder = await NewFolderAsync(), target = $"{ArtifactClient.Route}/{folder}/deep/er/model.bin";
        using StringContent typed = new("first", Encoding.UTF8, "text/x-python");
        Assert.Equal("{}", (await _artifacts.TryPutAsync(target, typed)).Body);
        byte[] noise = Noise(3_000_001);
        using StreamContent chunked = new(new Unsized(noise));
        Assert.Equal("{}", (await _artifacts.TryPutAsync(target, chunked)).Body);
        Assert.Equal(noise, await _artifacts.DownloadAsync($"{folder}/deep/er/model.bin"));
        await _artifacts.PutAsync($"{folder}/deep/er/model.bin", []);
        Assert.Empty(await _artifacts.DownloadAsync($"{folder}/deep/er/model.bin"));
    }

    [Fact]
    public async Task Rule_8_3_an_upload_that_breaks_off_leaves_nothing_and_what_was_there()
    {
        string folder = await NewFolderAsync();
        await _artifacts.PutAsync($"{folder}/old.bin", "good");
        foreach (string name in (string[])["old.bin", "new.bin"])
        {
            using TcpClient tcp = new(AddressFamily.InterNetwork);
            await tcp.ConnectAsync(server.Server.Address.Host, server.Server.Address.Port, Cancel);
            NetworkStream stream = tcp.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes($"PUT {ArtifactClient.Route}/{folder}/{name} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"), Cancel);
            await stream.WriteAsync(Noise(400_000), Cancel);
            // The server has begun: its half file is there. Then the client is gone.
            string temporary = Path.Join(server.Server.Folder, "mlartifacts", folder, ".mlops", "tmp");
            await UntilAsync(() => Directory.Exists(temporary) && Directory.GetFiles(temporary).Length > 0);
            tcp.Client.LingerState = new LingerOption(true, 0);
            tcp.Close();
            await UntilAsync(() => Directory.GetFiles(temporary).Length == 0);
        }

        Assert.Equal(["old.bin 4"], await _artifacts.ListAsync(folder));
        Assert.Equal("good", await _artifacts.DownloadTextAsync($"{folder}/old.bin"));
    }

    [Fact]
    public async Task Rule_8_3_a_file_where_a_folder_is_needed_is_the_callers_mistake()
    {
        string folder = await NewFolderAsync();
        await _artifacts.PutAsync($"{folder}/a/b", "x");
        (await _artifacts.TryPutAsync($"{ArtifactClient.Route}/{folder}/a/b/c", new StringContent("y"))).IsError(400, "INVALID_PARAMETER_VALUE");
        (await _artifacts.TryPutAsync($"{ArtifactClient.Route}/{folder}/a", new StringContent("y"))).IsError(400, "INVALID_PARAMETER_VALUE");
        (await _artifacts.TryPutAsync($"{ArtifactClient.Route}/{folder}/{new string('n', 300)}", new StringContent("y"))).IsError(400, "INVALID_PARAMETER_VALUE");
        using HttpResponseMessage below = await _artifacts.GetAsync($"{folder}/a/b/c"), long1 = await _artifacts.GetAsync($"{folder}/{new string('n', 300)}"), aFolder = await _artifacts.GetAsync($"{folder}/a");
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound, HttpStatusCode.NotFound), (below.StatusCode, long1.StatusCode, aFolder.StatusCode));
    }

    [Theory]
    [InlineData("model.txt", "text/plain", "attachment; filename=model.txt")]
    [InlineData("MLmodel", "text/plain", "attachment; filename=MLmodel")]
    [InlineData("conda.yaml", "text/plain", "attachment; filename=conda.yaml")]
    [InlineData("plot.png", "image/png", "attachment; filename=plot.png")]
    [InlineData("data.json", "application/json", "attachment; filename=data.json")]
    [InlineData("model.pkl", "application/octet-stream", "attachment; filename=model.pkl")]
    [InlineData("no extension", "application/octet-stream", "attachment; filename=\"no extension\"; filename*=UTF-8''no%20extension")]
    [InlineData("page.html", "text/plain", "attachment; filename=page.html")]
    [InlineData("page.XHTML", "text/plain", "attachment; filename=page.XHTML")]
    [InlineData("script.js", "text/plain", "attachment; filename=script.js")]
    [InlineData("größe \"x\";y=.txt", "text/plain", "attachment; filename=\"gr__e _x_;y=.txt\"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%22x%22%3By%3D.txt")]
    public async Task Rule_8_4_a_download_says_what_it_is(string name, string type, string disposition)
    {
        string folder = await NewFolderAsync();
        await _artifacts.PutAsync($"{folder}/{name}", "content");
        foreach (HttpMethod method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head])
        {
            using HttpResponseMessage answer = await _artifacts.GetAsync($"{folder}/{name}", method: method);
            Assert.Equal((HttpStatusCode.OK, type, 7), (answer.StatusCode, answer.Content.Headers.ContentType?.ToString(), answer.Content.Headers.ContentLength));
            Assert.Equal(disposition, answer.Content.Headers.NonValidated["Content-Disposition"].ToString());
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("bytes", answer.Headers.AcceptRanges.Single());
        }
    }

    [Fact]
    public async Task Rule_8_4_a_missing_file_is_not_found()
    {
        string folder = await NewFolderAsync();
        (await _artifacts.RawAsync(HttpMethod.Get, $"{ArtifactClient.Route}/{folder}/nothing", content: null)).IsError(404, "RESOURCE_DOES_NOT_EXIST");
        using HttpResponseMessage head = await _artifacts.GetAsync($"{folder}/nothing", method: HttpMethod.Head);
        Assert.Equal(HttpStatusCode.NotFound, head.StatusCode);
    }

    [Theory]
    [InlineData(0L, 9L, 0, 10)]
    [InlineData(99_990L, null, 99_990, 10)]
    [InlineData(null, 5L, 99_995, 5)]
    [InlineData(null, 200_000L, 0, 100_000)]
    [InlineData(50_000L, 500_000L, 50_000, 50_000)]
    [InlineData(99_999L, 99_999L, 99_999, 1)]
    public async Task Rule_8_4_a_range_gives_its_bytes(long? from, long? to, int begin, int length)
    {
        string folder = await NewFolderAsync();
        byte[] content = Noise(100_000);
        await _artifacts.PutAsync($"{folder}/model.bin", content);
        using HttpResponseMessage answer = await _artifacts.GetAsync($"{folder}/model.bin", new RangeHeaderValue(from, to));
        Assert.Equal(HttpStatusCode.PartialContent, answer.StatusCode);
        Assert.Equal($"bytes {begin}-{begin + length - 1}/100000", answer.Content.Headers.ContentRange?.ToString());
        Assert.Equal(content[begin..(begin + length)], await answer.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task Rule_8_4_a_range_past_the_end_is_refused_and_one_of_another_content_gives_the_whole()
    {
        string folder = await NewFolderAsync();
        await _artifacts.PutAsync($"{folder}/model.bin", "0123456789");
        using (HttpResponseMessage past = await _artifacts.GetAsync($"{folder}/model.bin", new RangeHeaderValue(10, 20)))
        {
            Assert.Equal((HttpStatusCode.RequestedRangeNotSatisfiable, "bytes */10", "application/json"), (past.StatusCode, past.Content.Headers.ContentRange?.ToString(), past.Content.Headers.ContentType?.MediaType));
            Assert.Equal("INVALID_PARAMETER_VALUE", (string?)JsonNode.Parse(await past.Content.ReadAsStringAsync(Cancel))!["error_code"]);
        }

        EntityTagHeaderValue tag;
        using (HttpResponseMessage whole = await _artifacts.GetAsync($"{folder}/model.bin"))
            tag = whole.Headers.ETag!;
        foreach ((EntityTagHeaderValue condition, HttpStatusCode expected) in new[] { (tag, HttpStatusCode.PartialContent), (new EntityTagHeaderValue("\"other\""), HttpStatusCode.OK) })
        {
            using HttpRequestMessage request = new(HttpMethod.Get, $"{ArtifactClient.Route}/{folder}/model.bin");
            request.Headers.Range = new RangeHeaderValue(2, 4);
            request.Headers.IfRange = new RangeConditionHeaderValue(condition);
            using HttpResponseMessage answer = await _client.Http.SendAsync(request, Cancel);
            Assert.Equal((expected, expected == HttpStatusCode.OK ? "0123456789" : "234"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel)));
        }
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(3_000_000)]
    public async Task Rule_8_4_a_file_that_was_damaged_never_arrives_whole(int size)
    {
        string folder = await NewFolderAsync();
        await _artifacts.PutAsync($"{folder}/model.bin", Noise(size));
        string file = Path.Join(server.Server.Folder, "mlartifacts", folder, "model.bin");
        DateTime written = File.GetLastWriteTimeUtc(file);
        await using (FileStream damage = File.OpenWrite(file))
        {
            damage.Position = size - 1;
            damage.WriteByte((byte)(Noise(size)[^1] ^ 1));
        }

        File.SetLastWriteTimeUtc(file, written);
        // What is small is refused, what is large breaks off before its end.
        if (size < 100_000)
            (await _artifacts.RawAsync(HttpMethod.Get, $"{ArtifactClient.Route}/{folder}/model.bin", content: null)).IsError(500, "INTERNAL_ERROR", "not what was uploaded");
        else
            await Assert.ThrowsAnyAsync<HttpRequestException>(() => _artifacts.DownloadAsync($"{folder}/model.bin"));
        await UntilAsync(() => server.Server.Log.Contains($"/{folder}/model.bin was answered with INTERNAL_ERROR", StringComparison.Ordinal));
    }

    [Fact]
    [Endpoint("DELETE /api/2.0/mlflow-artifacts/artifacts/{path}")]
    public async Task Rule_8_4_a_file_a_folder_and_nothing_are_deleted()
    {
        string folder = await NewFolderAsync();
        foreach (string path in (string[])["a/1", "a/b/2", "ab", "c"])
            await _artifacts.PutAsync($"{folder}/{path}", path);
        foreach ((string path, string[] left) in new (string, string[])[] { ("a", ["ab 2", "c 1"]), ("c", ["ab 2"]), ("c", ["ab 2"]), ("nothing/here", ["ab 2"]), ("", []), ("", []) })
        {
            MlflowClient.Answer deleted = await _artifacts.DeleteAsync(path.Length == 0 ? folder : $"{folder}/{path}");
            Assert.Equal((HttpStatusCode.OK, "{}"), (deleted.Status, deleted.Body));
            Assert.Equal(left, await _artifacts.ListAsync(folder));
        }

        await _artifacts.PutAsync($"{folder}/c", "again");
        Assert.Equal("again", await _artifacts.DownloadTextAsync($"{folder}/c"));
    }

    [Fact]
    [Endpoint("GET /api/2.0/mlflow-artifacts/presigned/{path}")]
    public async Task Rule_8_5_a_store_without_links_answers_that_clients_download_here()
    {
        string folder = await NewFolderAsync();
        await _artifacts.PutAsync($"{folder}/model.bin", "x");
        (await _client.TryGetAsync($"/api/2.0/mlflow-artifacts/presigned/{folder}/model.bin")).IsError(501, "NOT_IMPLEMENTED");
    }

    [Fact]
    public async Task Rule_8_5_a_store_with_links_gives_them()
    {
        await using ServerInProcess linked = await ServerInProcess.StartAsync(track: (tracking, kept) => tracking.UseArtifactProxy(kept).DecorateArtifactStores((store, _) => new LinkingStore(store)));
        await new ArtifactClient(linked.Client).PutAsync("a b/model.bin", "weights");
        MlflowClient.Answer answer = await linked.Client.TryGetAsync("/api/2.0/mlflow-artifacts/presigned/a%20b/model.bin");
        Assert.Equal("""{"url":"https://store.example/a%20b/model.bin?for=3600","headers":{},"file_size":7}""", answer.Body);
        (await linked.Client.TryGetAsync("/api/2.0/mlflow-artifacts/presigned/nothing")).IsError(404, "RESOURCE_DOES_NOT_EXIST");
    }

    [Fact]
    public async Task Rule_8_6_a_server_that_does_not_serve_artifacts_says_so_on_every_route()
    {
        await using ServerInProcess none = await ServerInProcess.StartAsync(options => options.ServeArtifacts = false);
        foreach ((HttpMethod method, string path) in new[]
        {
            (HttpMethod.Get, "artifacts?path=a"), (HttpMethod.Get, "artifacts/a"), (HttpMethod.Put, "artifacts/a"), (HttpMethod.Delete, "artifacts/a"),
            (HttpMethod.Post, "mpu/create/a"), (HttpMethod.Get, "presigned/a"), (HttpMethod.Get, ""),
        })
        {
            MlflowClient.Answer answer = await none.Client.SendAsync(method, $"/api/2.0/mlflow-artifacts/{path}", method == HttpMethod.Put ? new StringContent("x") : null);
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "text/plain"), (answer.Status, answer.MediaType));
        }
    }

    [Fact]
    public async Task Rule_8_3_a_limit_on_artifacts_holds_for_sized_and_chunked_uploads()
    {
        await using ServerInProcess limited = await ServerInProcess.StartAsync(options => options.MaxArtifactBytes = 100_000);
        ArtifactClient artifacts = new(limited.Client);
        await artifacts.PutAsync("exact", Noise(100_000));
        (await artifacts.TryPutAsync($"{ArtifactClient.Route}/sized", new ByteArrayContent(Noise(100_001)))).IsError(413, "INVALID_PARAMETER_VALUE");
        (await artifacts.TryPutAsync($"{ArtifactClient.Route}/chunked", new StreamContent(new Unsized(Noise(100_001))))).IsError(413, "INVALID_PARAMETER_VALUE");
        Assert.Equal(["exact 100000"], await artifacts.ListAsync(""));
    }

    internal static byte[] Noise(int size)
    {
        byte[] bytes = new byte[size];
        new Random(size).NextBytes(bytes);
        return bytes;
    }

    private static string RunOf(string folder) => folder.Split('/')[^2];

    // The pause paces the asking; nothing is concluded from it.
    private static async Task UntilAsync(Func<bool> isSo)
    {
        while (!isSo())
            await Task.Delay(10, Cancel);
    }

    private Task<JsonObject> ListRunAsync(string run, string path) => path.Length == 0 ? _client.GetAsync("artifacts/list", ("run_id", run)) : _client.GetAsync("artifacts/list", ("run_id", run), ("path", path));

    private async Task<string> NewFolderAsync() => await _artifacts.FolderOfAsync(await server.CreateRunAsync());

    /// <summary>A store that makes links.</summary>
    private sealed class LinkingStore(IArtifactStore inner) : DelegatingArtifactStore(inner)
    {
        public override ArtifactStoreCapabilities Capabilities => Inner.Capabilities | ArtifactStoreCapabilities.DownloadLinks;

        public override ValueTask<Uri> GetDownloadLinkAsync(Uri location, string path, TimeSpan validFor, CancellationToken cancellationToken) =>
            new(new Uri($"https://store.example/{ArtifactClient.Escape(path)}?for={validFor.TotalSeconds}"));
    }

    /// <summary>Content that cannot tell its length.</summary>
    private sealed class Unsized(byte[] content) : MemoryStream(content)
    {
        public override bool CanSeek => false;
    }
}
