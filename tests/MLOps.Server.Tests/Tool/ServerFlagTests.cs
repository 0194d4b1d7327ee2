using System.Net;
using System.Text.Json.Nodes;
using SQLitePCL;

namespace MLOps.Server.Tests.Tool;

/// <summary>What <c>mlops server</c> makes of its flags.</summary>
public sealed class ServerFlagTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlops-tool-").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("There is no flag --frobnicate", "--frobnicate")]
    [InlineData("'5001' is none", "5001")]
    [InlineData("--port is a number", "--port", "many")]
    [InlineData("--port needs a value", "--port")]
    [InlineData("is no address of this machine", "--host", "no such host")]
    [InlineData("make API keys with `mlops keys create NAME` beside the database, or let everybody in with --allow-anonymous", "--host", "0.0.0.0")]
    [InlineData("--allow-anonymous", "-h", "::")]
    [InlineData("not in postgresql", "--backend-store-uri", "postgresql://user:secret@db/mlflow")]
    [InlineData("file store", "--backend-store-uri", "./mlruns")]
    [InlineData("names no file", "--backend-store-uri", "sqlite://")]
    [InlineData("names no file", "--backend-store-uri", "sqlite:///:memory:")]
    [InlineData("lacks a slash", "--backend-store-uri", "sqlite://mlops.db")]
    [InlineData("Models are kept with the runs", "--registry-store-uri", "sqlite:///other.db")]
    [InlineData("artifacts of hdfs", "--artifacts-destination", "hdfs://a/b")]
    [InlineData("mlops keys create", "--app-name", "basic-auth")]
    [InlineData("dotnet-counters", "--expose-prometheus", "metrics")]
    [InlineData("no workspaces", "--enable-workspaces")]
    [InlineData("asks for TLS", "--uvicorn-opts", "--ssl-keyfile key.pem")]
    [InlineData("begins with a slash", "--static-prefix", "mlflow")]
    [InlineData("SAMEORIGIN, DENY or NONE", "--x-frame-options=ALLOWALL")]
    [InlineData("no file 'absent.keys'", "--api-keys", "absent.keys")]
    [InlineData("--behind-proxy takes networks", "--behind-proxy", "proxy")]
    [InlineData("no regular expression", "--model-sources", "(")]
    public async Task A_wrong_flag_gets_a_sentence_and_2(string sentence, params string[] flags)
    {
        (int exitCode, string output) = await ServerProcess.RunToolAsync(_folder, ["server", .. flags]);
        Assert.True(exitCode == 2, output);
        Assert.Contains(sentence, output, StringComparison.Ordinal);
        Assert.Single(output.TrimEnd().Split('\n'));
        Assert.DoesNotContain("secret", output, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("MLFLOW_PORT", "many", "--port is a number")]
    [InlineData("MLFLOW_HOST", "0.0.0.0", "--allow-anonymous")]
    [InlineData("MLFLOW_BACKEND_STORE_URI", "mysql://db", "not in mysql")]
    [InlineData("MLFLOW_EXPOSE_PROMETHEUS", "metrics", "dotnet-counters")]
    [InlineData("MLFLOW_SERVE_ARTIFACTS", "perhaps", "must be true or false")]
    [InlineData("MLFLOW_ARTIFACTS_DESTINATION", "dbfs:/x", "artifacts of dbfs")]
    public async Task MLflows_environment_variables_stand_for_flags(string name, string value, string sentence)
    {
        (int exitCode, string output) = await ServerProcess.RunToolAsync(_folder, [(name, value)], "server");
        Assert.True(exitCode == 2, output);
        Assert.Contains(sentence, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_flag_counts_more_than_its_variable()
    {
        (int exitCode, string output) = await ServerProcess.RunToolAsync(_folder, [("MLFLOW_BACKEND_STORE_URI", "mysql://db")], "server", "--backend-store-uri", "oracle://db");
        Assert.Equal(2, exitCode);
        Assert.Contains("not in oracle", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("--help")]
    [InlineData("server", "--help")]
    [InlineData("keys", "--help")]
    public async Task The_tool_tells_its_version_and_its_flags(params string[] arguments)
    {
        (int exitCode, string output) = await ServerProcess.RunToolAsync(_folder, arguments);
        Assert.Equal(0, exitCode);
        Assert.Contains("mlops", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_that_is_not_there_gets_a_sentence_and_2()
    {
        (int exitCode, string output) = await ServerProcess.RunToolAsync(_folder, "serve");
        Assert.Equal((2, "mlops: There is no command 'serve'. `mlops --help` lists the commands."), (exitCode, output.TrimEnd()));
    }

    [Fact]
    public async Task A_port_that_is_taken_gets_a_sentence_and_1()
    {
        await using ServerProcess first = await ServerProcess.StartAsync(_folder);
        (int exitCode, string output) = await ServerProcess.RunToolAsync(_folder, "server", "--backend-store-uri", "sqlite:///second.db", "--port", $"{first.Address.Port}");
        Assert.Equal(1, exitCode);
        Assert.Equal($"mlops: The port {first.Address.Port} of 127.0.0.1 is taken (address already in use). Choose another with --port, or end the program that has it.", output.TrimEnd());
    }

    [Theory]
    [InlineData("PRAGMA application_id=1296846704; PRAGMA user_version=9999; CREATE TABLE future (x)", "schema version 9999")]
    [InlineData("CREATE TABLE alembic_version (version_num)", "another program")]
    public async Task A_file_that_is_not_ours_or_too_new_gets_a_sentence_and_1_and_stays_as_it_is(string sql, string sentence)
    {
        string file = Path.Join(_folder, "mlops.db");
        Batteries_V2.Init();
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(file, out sqlite3 database));
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(database, sql));
        raw.sqlite3_close(database);
        byte[] before = await File.ReadAllBytesAsync(file, Cancel);
        (int exitCode, string output) = await ServerProcess.RunToolAsync(_folder, "server", "--port", "0");
        Assert.True(exitCode == 1, output);
        Assert.Contains(sentence, output, StringComparison.Ordinal);
        Assert.Single(output.TrimEnd().Split('\n'));
        Assert.Equal(before, await File.ReadAllBytesAsync(file, Cancel));
        Assert.Empty(Directory.GetFiles(_folder, "mlops.db-*"));
    }

    [Fact]
    public async Task The_flags_of_MLflows_server_say_where_things_go_and_what_browsers_may()
    {
        string[] flags =
        [
            "--backend-store-uri=sqlite:///data/team.db", "--registry-store-uri", "sqlite:///data/team.db", "--default-artifact-root", "./roots", "--static-prefix", "/mlflow", "--allowed-hosts", "127.0.0.1:*,mlops.example",
            "--cors-allowed-origins", "https://dash.example", "--x-frame-options", "deny", "--workers", "4", "--gunicorn-opts", "--timeout 180", "--no-serve-artifacts", "--allow-anonymous", "--host", "0.0.0.0",
        ];
        await using ServerProcess server = await ServerProcess.StartAsync(_folder, flags);
        Assert.True(File.Exists(Path.Join(_folder, "data", "team.db")));
        JsonNode experiment = (await server.Client.GetAsync("experiments/get", ("experiment_id", "0")))["experiment"]!;
        Assert.StartsWith(new Uri(Path.Join(_folder, "roots")).AbsoluteUri, (string?)experiment["artifact_location"], StringComparison.Ordinal);
        foreach (string path in (string[])["/mlflow/health", "/mlflow/api/2.0/mlflow/experiments/get?experiment_id=0", "/mlflow/ajax-api/2.0/mlflow/experiments/get?experiment_id=0"])
            Assert.Equal(HttpStatusCode.OK, (await server.Client.TryGetAsync(path)).Status);
        (await server.Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", null, ("Host", "localhost"))).IsError(403, "PERMISSION_DENIED", "Invalid Host header");
        Assert.Equal(HttpStatusCode.OK, (await server.Client.SendAsync(HttpMethod.Get, "experiments/get?experiment_id=0", null, ("Host", "mlops.example"))).Status);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await server.Client.TryGetAsync("/api/2.0/mlflow-artifacts/artifacts?path=x")).Status);

        using HttpRequestMessage request = new(HttpMethod.Options, "/api/2.0/mlflow/experiments/create") { Headers = { { "Origin", "https://dash.example" }, { "Access-Control-Request-Method", "POST" } } };
        using HttpResponseMessage preflight = await server.Client.Http.SendAsync(request, Cancel);
        Assert.Equal(["https://dash.example"], preflight.Headers.GetValues("Access-Control-Allow-Origin"));
        using HttpResponseMessage health = await server.Client.Http.GetAsync("/health", Cancel);
        Assert.Equal(["DENY"], health.Headers.GetValues("X-Frame-Options"));

        Assert.Equal(0, await server.StopAsync());
        Assert.Contains("--workers has no effect", server.Log, StringComparison.Ordinal);
        Assert.Contains("--gunicorn-opts has no effect", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Artifacts_go_through_the_server_into_its_folder_by_default()
    {
        await using ServerProcess server = await ServerProcess.StartAsync(_folder);
        Assert.StartsWith("mlflow-artifacts:/", (string?)(await server.Client.GetAsync("experiments/get", ("experiment_id", "0")))["experiment"]!["artifact_location"], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await server.Client.SendAsync(HttpMethod.Put, "/api/2.0/mlflow-artifacts/artifacts/a/b.txt", new StringContent("x"))).Status);
        Assert.Equal("x", await File.ReadAllTextAsync(Path.Join(_folder, "mlartifacts", "a", "b.txt"), Cancel));
    }

    [Fact]
    public async Task Forwarded_headers_count_only_from_proxies_that_were_named()
    {
        const string path = "experiments/get?experiment_id=0";
        await using ServerProcess server = await ServerProcess.StartAsync(_folder, "--behind-proxy", "127.0.0.1", "--access-log", "--allow-anonymous", "--log-level", "warning");
        Assert.Equal(HttpStatusCode.OK, (await server.Client.SendAsync(HttpMethod.Get, path, null, ("X-Forwarded-For", "203.0.113.9"), ("User-Agent", "secret-agent"))).Status);
        await server.StopAsync();
        string line = Assert.Single(server.Log.Split('\n'), line => line.Contains("203.0.113.9", StringComparison.Ordinal));
        Assert.Contains("/api/2.0/mlflow/experiments/get", line, StringComparison.Ordinal);
        Assert.Contains("200", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-agent", server.Log, StringComparison.Ordinal);

        await using ServerProcess strict = await ServerProcess.StartAsync(_folder, "--behind-proxy", "10.0.0.0/8");
        (await strict.Client.SendAsync(HttpMethod.Get, path, null, ("X-Forwarded-For", "127.0.0.1"))).IsError(403, "PERMISSION_DENIED", "its own machine only");
        Assert.Equal(HttpStatusCode.OK, (await strict.Client.TryGetAsync(path)).Status);
    }
}
