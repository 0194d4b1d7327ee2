using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using MLOps.Registry;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §4, the part of experiments and runs: names, limits, validation.</summary>
public sealed class Section4Limits(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    public static TheoryData<string> LegalKeys { get; } = ["a", new string('k', 250), "Größe", "学習率", "a.b-c d:e/f_9", ".a", "a..b", "a/..b"];

    public static TheoryData<string> IllegalKeys { get; } = [new string('k', 251), "a\tb", "a#b", "a?b", "a\\b", "a%b", "a\0b", ".", "..", "..a", "../a", "/a", "a//b", "a/", "a/../b", "a/./b", "./a"];

    public static TheoryData<string> IllegalLocations { get; } =
    [
        "runs:/abc/artifacts", "RUNS:/abc", "s3://bucket/a?x=1", "s3://bucket/a#b", "folder?x", "s3://bucket/../other", "../outside", "s3://bucket/%2e%2e/other", "s3://bucket/%252e%252e%252fother",
        "file:///data/%2E%2E/etc", "a\\..\\b", "s3://bucket/a\nb", "s3://bucket/%00", "file://host/share", "file:relative", "http://", $"s3://bucket/{new string('a', 2048)}",
    ];

    [Theory]
    [MemberData(nameof(LegalKeys))]
    public async Task Rule_4_legal_keys_are_taken(string key)
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment);
        await _client.PostAsync("runs/log-parameter", new JsonObject { ["run_id"] = run, ["key"] = key, ["value"] = "v" });
        await _client.PostAsync("runs/set-tag", new JsonObject { ["run_id"] = run, ["key"] = key, ["value"] = "v" });
        await _client.PostAsync("experiments/set-experiment-tag", new JsonObject { ["experiment_id"] = experiment, ["key"] = key, ["value"] = "v" });
        JsonNode data = (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!;
        Assert.Equal(key, (string)data["params"]![0]!["key"]!);
        Assert.Contains(data["tags"]!.AsArray(), tag => (string)tag!["key"]! == key);
        await _client.PostAsync("runs/delete-tag", new JsonObject { ["run_id"] = run, ["key"] = key });
    }

    [Theory]
    [MemberData(nameof(IllegalKeys))]
    public async Task Rule_4_illegal_keys_are_refused(string key)
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment);
        foreach (string path in (string[])["runs/log-parameter", "runs/set-tag", "experiments/set-experiment-tag"])
        {
            (await _client.TryPostAsync(path, new JsonObject { ["run_id"] = run, ["experiment_id"] = experiment, ["key"] = key, ["value"] = "v" }))
                .IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'key' supplied");
        }

        JsonArray tags = [new JsonObject { ["key"] = key, ["value"] = "v" }];
        (await _client.TryPostAsync("runs/create", new JsonObject { ["experiment_id"] = experiment, ["tags"] = tags })).IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'tags[0].key' supplied");
        (await _client.TryPostAsync("experiments/create", new JsonObject { ["name"] = ConformanceServer.Unique("tagged"), ["tags"] = tags.DeepClone() })).IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'tags[0].key' supplied");
    }

    [Theory]
    [InlineData("runs/log-parameter", "params", 6000)]
    [InlineData("runs/set-tag", "tags", 8000)]
    public async Task Rule_4_long_values_of_params_and_run_tags_are_cut(string path, string list, int limit)
    {
        string run = await server.CreateRunAsync(), fits = new('a', limit), pair = new string('a', limit - 1) + "😀";
        await _client.PostAsync(path, new JsonObject { ["run_id"] = run, ["key"] = "fits", ["value"] = fits });
        await _client.PostAsync(path, new JsonObject { ["run_id"] = run, ["key"] = "long", ["value"] = fits + "b" });
        await _client.PostAsync(path, new JsonObject { ["run_id"] = run, ["key"] = "pair", ["value"] = pair });
        Dictionary<string, string> values = (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]![list]!.AsArray().ToDictionary(pair => (string)pair!["key"]!, pair => (string)pair!["value"]!);
        Assert.Equal((fits, fits, fits[1..]), (values["fits"], values["long"], values["pair"]));
    }

    [Fact]
    public async Task Rule_4_long_values_are_refused_where_the_server_does_not_cut()
    {
        string folder = Directory.CreateTempSubdirectory("mlops-strict-").FullName;
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddMLOpsTracking(tracking => tracking.UseSqlite(Path.Join(folder, "mlops.db")));
        builder.Services.AddMLOpsRegistry(registry => registry.UseSqlite(Path.Join(folder, "mlops.db")));
        builder.Services.AddMLOpsServer(options => options.TruncateLongValues = false);
        await using (WebApplication app = builder.Build())
        {
            app.MapMLOps();
            await app.StartAsync(TestContext.Current.CancellationToken);
            using MlflowClient strict = new(new Uri(app.Urls.Single()));
            string run = (string)(await strict.PostAsync("runs/create", new JsonObject { ["experiment_id"] = "0" }))["run"]!["info"]!["run_id"]!;
            (await strict.TryPostAsync("runs/log-parameter", new JsonObject { ["run_id"] = run, ["key"] = "k", ["value"] = new string('a', 6001) })).IsError(400, "INVALID_PARAMETER_VALUE", "at most 6000 characters");
            (await strict.TryPostAsync("runs/set-tag", new JsonObject { ["run_id"] = run, ["key"] = "k", ["value"] = new string('a', 8001) })).IsError(400, "INVALID_PARAMETER_VALUE", "at most 8000 characters");
            await strict.PostAsync("runs/log-parameter", new JsonObject { ["run_id"] = run, ["key"] = "k", ["value"] = new string('a', 6000) });
            await app.StopAsync(TestContext.Current.CancellationToken);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Rule_4_long_values_of_experiment_tags_are_refused()
    {
        string experiment = await server.CreateExperimentAsync();
        await _client.PostAsync("experiments/set-experiment-tag", new JsonObject { ["experiment_id"] = experiment, ["key"] = "k", ["value"] = new string('a', 5000) });
        (await _client.TryPostAsync("experiments/set-experiment-tag", new JsonObject { ["experiment_id"] = experiment, ["key"] = "k", ["value"] = new string('b', 5001) }))
            .IsError(400, "INVALID_PARAMETER_VALUE", "at most 5000 characters");
    }

    [Fact]
    public async Task Rule_4_an_experiment_name_has_1_to_500_characters()
    {
        string longest = ConformanceServer.Unique("n").PadRight(500, 'x');
        string id = await server.CreateExperimentAsync(longest);
        (await _client.TryPostAsync("experiments/create", new JsonObject { ["name"] = longest + "x" })).IsError(400, "INVALID_PARAMETER_VALUE", "500 characters");
        (await _client.TryPostAsync("experiments/update", new JsonObject { ["experiment_id"] = id, ["new_name"] = longest + "x" })).IsError(400, "INVALID_PARAMETER_VALUE", "500 characters");
        (await _client.TryPostAsync("experiments/create", new JsonObject { ["name"] = 5 })).IsError(400, "INVALID_PARAMETER_VALUE", "Invalid value 5 for parameter 'name' supplied");
    }

    [Theory]
    [MemberData(nameof(IllegalLocations))]
    public async Task Rule_4_illegal_artifact_locations_are_refused(string location)
    {
        string name = ConformanceServer.Unique("located");
        (await _client.TryPostAsync("experiments/create", new JsonObject { ["name"] = name, ["artifact_location"] = location })).IsError(400, "INVALID_PARAMETER_VALUE", "for parameter 'artifact_location' supplied");
        (await _client.TryGetAsync("experiments/get-by-name", ("experiment_name", name))).IsError(404, "RESOURCE_DOES_NOT_EXIST");
    }

    [Theory]
    [InlineData("s3://bucket/a/b", "s3://bucket/a/b")]
    [InlineData("s3://bucket/", "s3://bucket/")]
    [InlineData("mlflow-artifacts:/a", "mlflow-artifacts:/a")]
    [InlineData("https://host:8080/a%20b", "https://host:8080/a%20b")]
    [InlineData("file:///data/my%20runs", "file:///data/my%20runs")]
    [InlineData("/data/my runs", "file:///data/my%20runs")]
    [InlineData("/data/50%", "file:///data/50%25")]
    public async Task Rule_4_artifact_locations_stay_as_given_and_folders_become_URIs(string location, string kept)
    {
        JsonObject made = await _client.PostAsync("experiments/create", new JsonObject { ["name"] = ConformanceServer.Unique("located"), ["artifact_location"] = location });
        Assert.Equal(kept, await LocationAsync((string)made["experiment_id"]!));
    }

    [Fact]
    public async Task Rule_4_relative_artifact_locations_are_resolved_against_the_working_directory()
    {
        JsonObject made = await _client.PostAsync("experiments/create", new JsonObject { ["name"] = ConformanceServer.Unique("located"), ["artifact_location"] = "my/artifacts" });
        string working = new Uri(await LocationAsync((string)made["experiment_id"]!)).LocalPath;
        Assert.Equal(Path.Join(server.Server.Folder, "my", "artifacts"), working);
    }

    [Theory]
    [InlineData("experiments/search", 0)]
    [InlineData("experiments/search", -1)]
    [InlineData("experiments/search", 50_001)]
    [InlineData("experiments/search", 1_000_000_000_000)]
    [InlineData("runs/search", 0)]
    [InlineData("runs/search", -1)]
    [InlineData("runs/search", 50_001)]
    public async Task Rule_4_max_results_is_1_to_50000(string path, long size)
    {
        (await _client.TryPostAsync(path, new JsonObject { ["experiment_ids"] = new JsonArray("0"), ["max_results"] = size })).IsError(400, "INVALID_PARAMETER_VALUE", $"Invalid value {size} for parameter 'max_results' supplied");
        await _client.PostAsync(path, new JsonObject { ["experiment_ids"] = new JsonArray(await server.CreateExperimentAsync()), ["max_results"] = 50_000 });
    }

    private async Task<string> LocationAsync(string experiment) => (string)(await _client.GetAsync("experiments/get", ("experiment_id", experiment)))["experiment"]!["artifact_location"]!;
}
