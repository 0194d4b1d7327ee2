using System.Net;
using System.Text;

namespace MLOps.Server.Tests.Tool;

/// <summary><c>mlops keys</c> beside a running server.</summary>
public sealed class KeysTests : IDisposable
{
    private const string Path = "experiments/get?experiment_id=0";

    private readonly string _folder = Directory.CreateTempSubdirectory("mlops-keys-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Keys_are_made_listed_and_revoked_while_the_server_runs_and_never_written_out()
    {
        string ada = await CreateAsync("ada"), ci = await CreateAsync("ci", "--expires", "90d");
        // The keys beside the database are asked for without a flag, and open the server to others.
        await using ServerProcess server = await ServerProcess.StartAsync(_folder, "--host", "0.0.0.0", "--access-log", "--log-level", "debug");
        (await server.Client.TryGetAsync(Path)).IsError(401, "UNAUTHENTICATED", "MLFLOW_TRACKING_TOKEN");
        Assert.Equal(HttpStatusCode.OK, (await server.Client.TryGetAsync("/health")).Status);
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(server, $"Bearer {ada}"));
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(server, "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"anybody:{ci}"))));

        (int exitCode, string list) = await ServerProcess.RunToolAsync(_folder, "keys", "list");
        Assert.Equal(0, exitCode);
        Assert.Matches("(?m)^ada\tcreated .*\tnever expires\r?$", list);
        Assert.Matches("(?m)^ci\tcreated .*\texpires ", list);

        Assert.Equal(0, (await ServerProcess.RunToolAsync(_folder, "keys", "revoke", "ada")).ExitCode);
        Assert.Equal(HttpStatusCode.Unauthorized, await ReadAsync(server, $"Bearer {ada}"));
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(server, $"Bearer {ci}"));
        Assert.Equal(1, (await ServerProcess.RunToolAsync(_folder, "keys", "revoke", "ada")).ExitCode);

        await server.StopAsync();
        Assert.Contains("Caller: ci", server.Log, StringComparison.Ordinal);
        foreach (string secret in (string[])[ada, ci])
            Assert.DoesNotContain(secret["mlops_".Length..], server.Log + list, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Callers_without_a_key_are_slowed_down_and_those_with_one_are_not()
    {
        string key = await CreateAsync("ada");
        await using ServerProcess server = await ServerProcess.StartAsync(_folder);
        MlflowClient.Answer? refused = null;
        for (int attempt = 0; attempt < 200 && refused?.Status != HttpStatusCode.TooManyRequests; attempt++)
            refused = await server.Client.SendAsync(HttpMethod.Get, Path, null, ("Authorization", "Bearer mlops_guess"));
        refused!.IsError(429, "REQUEST_LIMIT_EXCEEDED", "without a valid API key");
        Assert.Equal(HttpStatusCode.OK, await ReadAsync(server, $"Bearer {key}"));
        Assert.Equal(HttpStatusCode.OK, (await server.Client.TryGetAsync("/health")).Status);
    }

    [Theory]
    [InlineData(2, "--expires takes", "create", "ada", "--expires", "soon")]
    [InlineData(2, "never be of use", "create", "ada", "--expires", "2001-01-01")]
    [InlineData(2, "mlops keys create NAME", "create")]
    [InlineData(2, "mlops keys create NAME", "destroy", "ada")]
    [InlineData(1, "no key of 'bob'", "revoke", "bob")]
    [InlineData(2, "not in postgresql", "list", "--backend-store-uri", "postgresql://db")]
    public async Task What_cannot_be_done_gets_a_sentence(int expected, string sentence, params string[] arguments)
    {
        (int exitCode, string output) = await ServerProcess.RunToolAsync(_folder, ["keys", .. arguments]);
        Assert.True(exitCode == expected, output);
        Assert.Contains(sentence, output, StringComparison.Ordinal);
        Assert.Single(output.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_file_of_keys_is_named_by_a_flag_or_by_the_database()
    {
        await CreateAsync("ada", "--api-keys", "team.keys");
        await CreateAsync("ada", "--backend-store-uri", "sqlite:///other.db");
        Assert.Equal(["other.keys", "team.keys"], Directory.GetFiles(_folder, "*.keys").Select(System.IO.Path.GetFileName).Order(StringComparer.Ordinal));
        await using ServerProcess server = await ServerProcess.StartAsync(_folder, "--api-keys", "team.keys");
        Assert.Equal(HttpStatusCode.Unauthorized, (await server.Client.TryGetAsync(Path)).Status);
    }

    private static async Task<HttpStatusCode> ReadAsync(ServerProcess server, string authorization) => (await server.Client.SendAsync(HttpMethod.Get, Path, null, ("Authorization", authorization))).Status;

    private async Task<string> CreateAsync(string name, params string[] flags)
    {
        (int exitCode, string output) = await ServerProcess.RunToolAsync(_folder, ["keys", "create", name, .. flags]);
        Assert.True(exitCode == 0, output);
        return output.Split('\n')[0].Trim();
    }
}
