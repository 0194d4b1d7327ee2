using System.Diagnostics;
using System.Text.Json.Nodes;
using MLOps.RealServers;
using MLOps.Server.Tests.Conformance;

namespace MLOps.Server.Tests.Foreign;

/// <summary>The npm package mlflow 2.0.7, a client for Node.js that others wrote against MLflow 1: <c>drive.cjs</c> calls all that it has.</summary>
public sealed class NpmClientTests(ConformanceServer server)
{
    // MLflow 2 removed experiments/list; the other is asked for as experimentsset-experiment-tag, which no MLflow ever served.
    private static readonly string[] s_absentFromMlflow2 = ["Experiments.list", "Experiments.setExperimentTag"];

    [Fact]
    public async Task The_client_does_all_that_still_exists_in_MLflow_2()
    {
        string name = ConformanceServer.Unique("npm");
        JsonObject said = await DriveAsync(name);

        (string Step, int Status)[] expectedFailures =
            [("Experiments.create twice", 400), ("Runs.logParameter again", 400), ("Runs.get missing", 404), .. s_absentFromMlflow2.Select(step => (step, 404))];
        foreach ((string step, JsonNode? outcome) in said)
            Assert.True(outcome!["answer"] is not null || expectedFailures.Any(expected => expected.Step == step), $"{step}: {outcome.ToJsonString()}");
        foreach ((string step, int status) in expectedFailures)
            Assert.Equal(status, (int?)said[step]!["failure"]?["status"]);
        Assert.Equal("RESOURCE_ALREADY_EXISTS", CodeOf(said["Experiments.create twice"]));
        Assert.Equal("INVALID_PARAMETER_VALUE", CodeOf(said["Runs.logParameter again"]));
        Assert.Equal("RESOURCE_DOES_NOT_EXIST", CodeOf(said["Runs.get missing"]));
        foreach (string step in s_absentFromMlflow2)
            Assert.Equal("ENDPOINT_NOT_FOUND", CodeOf(said[step]));

        JsonNode experiment = Answer(said, "Experiments.get")["experiment"]!;
        Assert.Equal(($"{name} renamed", "active"), ((string?)experiment["name"], (string?)experiment["lifecycle_stage"]));
        IsTheRun(Answer(said, "Runs.get")["run"]!);
        Assert.Equal([(1L, 0.5), (2L, 0.75)], Answer(said, "Metrics.getHistory")["metrics"]!.AsArray().Select(point => ((long)point!["step"]!, (double)point["value"]!)));
        IsTheRun(Assert.Single(Answer(said, "Runs.search")["runs"]!.AsArray())!);
        JsonNode deleted = Assert.Single(Answer(said, "Runs.search deleted")["runs"]!.AsArray())!;
        Assert.Equal("deleted", (string?)deleted["info"]!["lifecycle_stage"]);
        Assert.NotNull(Answer(said, "Artifacts.list")["root_uri"]);
    }

    private static void IsTheRun(JsonNode run)
    {
        JsonNode info = run["info"]!, data = run["data"]!;
        Assert.Equal((string?)info["run_id"], (string?)info["run_uuid"]);
        Assert.Equal(("FINISHED", "node", 1700000000000L, 1700000001000L), ((string?)info["status"], (string?)info["user_id"], (long)info["start_time"]!, (long)info["end_time"]!));
        Assert.Equal([("depth", "3"), ("größe", "ζ")], Pairs(data["params"]));
        Assert.Equal([("from", "npm"), ("team", "c")], Pairs(data["tags"]).Where(tag => !tag.Item1.StartsWith("mlflow.", StringComparison.Ordinal)));
        Assert.Equal([("auc", 0.75), ("loss", 1e-3)], data["metrics"]!.AsArray().Select(metric => ((string)metric!["key"]!, (double)metric["value"]!)).Order());
    }

    private static IEnumerable<(string, string)> Pairs(JsonNode? pairs) => pairs!.AsArray().Select(pair => ((string)pair!["key"]!, (string)pair["value"]!)).Order();

    private static JsonNode Answer(JsonObject said, string step) => said[step]!["answer"]!;

    private static string? CodeOf(JsonNode? outcome) => (string?)outcome!["failure"]!["data"]!["error_code"];

    private async Task<JsonObject> DriveAsync(string name)
    {
        string node = "", package = "";
        try
        {
            node = NpmPackage.FindNode();
            package = Path.GetDirectoryName(NpmPackage.Find("mlflow", "index.js"))!;
        }
        catch (ServerUnavailableException missing) when (!RealServer.IsRequired)
        {
            Assert.Skip(missing.Message);
        }

        string script = Path.Join(AppContext.BaseDirectory, "Foreign", "drive.cjs");
        using Process process = Process.Start(new ProcessStartInfo(node, [script, package, server.Server.Address.GetLeftPart(UriPartial.Authority), name]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await errors);
        return JsonNode.Parse(await output)!.AsObject();
    }
}
