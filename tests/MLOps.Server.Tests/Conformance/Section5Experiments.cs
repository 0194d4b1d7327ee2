using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §5.1 to 5.3, 5.9 and 5.11: how experiments behave.</summary>
public sealed class Section5Experiments(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    public async Task Rule_5_1_the_experiment_0_is_called_Default_and_exists_at_first()
    {
        JsonNode experiment = await ExperimentAsync("0");
        Assert.Equal(("0", "Default", "active"), ((string)experiment["experiment_id"]!, (string)experiment["name"]!, (string)experiment["lifecycle_stage"]!));
    }

    [Fact]
    public async Task Rule_5_1_the_default_experiment_may_be_deleted_like_any_other()
    {
        string folder = Directory.CreateTempSubdirectory("mlops-default-").FullName;
        await using (ServerProcess own = await ServerProcess.StartAsync(folder))
        {
            await own.Client.PostAsync("experiments/delete", new JsonObject { ["experiment_id"] = "0" });
            Assert.Equal("deleted", (string)(await own.Client.GetAsync("experiments/get", ("experiment_id", "0")))["experiment"]!["lifecycle_stage"]!);
            (await own.Client.TryPostAsync("runs/create", new JsonObject { ["experiment_id"] = "0" })).IsError(400, "INVALID_PARAMETER_VALUE", "must be in the 'active' state");
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Rule_5_1_ids_are_increasing_numbers_as_texts()
    {
        string first = await server.CreateExperimentAsync(), second = await server.CreateExperimentAsync();
        Assert.True(long.Parse(first) < long.Parse(second));
    }

    [Theory]
    [InlineData("s3://bucket/root", "s3://bucket/root")]
    [InlineData("s3://bucket/root/", "s3://bucket/root")]
    [InlineData("mlflow-artifacts:/", "mlflow-artifacts:")]
    public async Task Rule_5_2_artifacts_of_a_run_lie_below_those_of_its_experiment(string location, string root)
    {
        JsonObject made = await _client.PostAsync("experiments/create", new JsonObject { ["name"] = ConformanceServer.Unique("located"), ["artifact_location"] = location });
        string run = await server.CreateRunAsync((string)made["experiment_id"]!);
        Assert.Equal($"{root}/{run}/artifacts", (string)(await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["info"]!["artifact_uri"]!);
    }

    [Fact]
    public async Task Rule_5_2_an_experiment_without_a_location_has_one_below_the_root_of_artifacts()
    {
        string first = await server.CreateExperimentAsync(), second = await server.CreateExperimentAsync();
        string root = (string)(await ExperimentAsync(first))["artifact_location"]!;
        Assert.EndsWith($"/{first}", root, StringComparison.Ordinal);
        Assert.Equal($"{root[..^first.Length]}{second}", (string)(await ExperimentAsync(second))["artifact_location"]!);
    }

    [Fact]
    public async Task Rule_5_3_deleting_an_experiment_deletes_its_runs_and_restoring_it_restores_them_all()
    {
        string experiment = await server.CreateExperimentAsync(), kept = await server.CreateRunAsync(experiment), alone = await server.CreateRunAsync(experiment);
        long made = (long)(await ExperimentAsync(experiment))["last_update_time"]!;
        await _client.PostAsync("runs/delete", new JsonObject { ["run_id"] = alone });

        await _client.PostAsync("experiments/delete", new JsonObject { ["experiment_id"] = experiment });
        Assert.Equal(["deleted", "deleted"], [await StageAsync(kept), await StageAsync(alone)]);
        Assert.True((long)(await ExperimentAsync(experiment))["last_update_time"]! >= made);
        (await _client.TryPostAsync("runs/set-tag", new JsonObject { ["run_id"] = kept, ["key"] = "k", ["value"] = "v" })).IsError(400, "INVALID_PARAMETER_VALUE", "must be in the 'active' state");

        await _client.PostAsync("experiments/restore", new JsonObject { ["experiment_id"] = experiment });
        Assert.Equal(["active", "active"], [await StageAsync(kept), await StageAsync(alone)]);
    }

    [Fact]
    public async Task Rule_5_3_only_active_experiments_are_deleted_and_only_deleted_ones_restored()
    {
        string id = await server.CreateExperimentAsync();
        (await _client.TryPostAsync("experiments/restore", new JsonObject { ["experiment_id"] = id })).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"No Experiment with id={id} exists");
        await _client.PostAsync("experiments/delete", new JsonObject { ["experiment_id"] = id });
        (await _client.TryPostAsync("experiments/delete", new JsonObject { ["experiment_id"] = id })).IsError(404, "RESOURCE_DOES_NOT_EXIST", $"No Experiment with id={id} exists");
    }

    [Fact]
    public async Task Rule_5_3_deleted_experiments_are_read_but_not_changed()
    {
        string name = ConformanceServer.Unique("deleted"), id = await server.CreateExperimentAsync(name);
        await _client.PostAsync("experiments/set-experiment-tag", new JsonObject { ["experiment_id"] = id, ["key"] = "k", ["value"] = "v" });
        await _client.PostAsync("experiments/delete", new JsonObject { ["experiment_id"] = id });
        Assert.Equal("deleted", (string)(await ExperimentAsync(id))["lifecycle_stage"]!);
        Assert.Equal(id, (string)(await _client.GetAsync("experiments/get-by-name", ("experiment_name", name)))["experiment"]!["experiment_id"]!);

        JsonObject body = new() { ["experiment_id"] = id, ["new_name"] = name + "2", ["key"] = "k", ["value"] = "w" };
        foreach (string path in (string[])["experiments/update", "experiments/set-experiment-tag", "experiments/delete-experiment-tag", "runs/create"])
            (await _client.TryPostAsync(path, body)).IsError(400, "INVALID_PARAMETER_VALUE", "must be in the 'active' state");
        Assert.Equal("v", (string)(await ExperimentAsync(id))["tags"]![0]!["value"]!);
    }

    [Fact]
    public async Task Rule_5_3_a_name_is_taken_once_also_by_a_deleted_experiment()
    {
        string name = ConformanceServer.Unique("taken"), id = await server.CreateExperimentAsync(name), other = await server.CreateExperimentAsync();
        (await _client.TryPostAsync("experiments/create", new JsonObject { ["name"] = name })).IsError(400, "RESOURCE_ALREADY_EXISTS", "already exists");
        await _client.PostAsync("experiments/delete", new JsonObject { ["experiment_id"] = id });
        (await _client.TryPostAsync("experiments/create", new JsonObject { ["name"] = name })).IsError(400, "RESOURCE_ALREADY_EXISTS", "already exists");
        (await _client.TryPostAsync("experiments/update", new JsonObject { ["experiment_id"] = other, ["new_name"] = name })).IsError(400, "RESOURCE_ALREADY_EXISTS", "already exists");
    }

    [Fact]
    public async Task Rule_5_9_deleting_a_missing_tag_of_an_experiment_is_404()
    {
        string id = await server.CreateExperimentAsync();
        (await _client.TryPostAsync("experiments/delete-experiment-tag", new JsonObject { ["experiment_id"] = id, ["key"] = "none" })).IsError(404, "RESOURCE_DOES_NOT_EXIST", "No tag with name: none");
    }

    [Fact]
    public async Task Rule_5_11_datasets_are_told_apart_by_experiment_name_digest_and_context()
    {
        string one = await server.CreateExperimentAsync(), two = await server.CreateExperimentAsync();
        foreach (string experiment in (string[])[one, two])
        {
            foreach ((string name, string digest, string? context) in ((string, string, string?)[])[("a", "d1", "training"), ("a", "d1", "test"), ("a", "d2", "training"), ("a", "d1", "training"), ("b", "d1", null)])
                await UseAsync(await server.CreateRunAsync(experiment), name, digest, context);
        }

        MlflowClient.Answer answer = await _client.SendAsync(
            HttpMethod.Post, "/ajax-api/2.0/mlflow/experiments/search-datasets", MlflowClient.Json(new JsonObject { ["experiment_ids"] = new JsonArray(one, two, "no such experiment") }));
        string[] expected = [.. ((string[])[one, two]).SelectMany(id => (string[])[$"{id} a d1 test", $"{id} a d1 training", $"{id} a d2 training", $"{id} b d1 "])];
        Assert.Equal(expected, answer.Json["dataset_summaries"]!.AsArray().Select(summary => $"{summary!["experiment_id"]} {summary["name"]} {summary["digest"]} {summary["context"]}"));
    }

    private async Task UseAsync(string run, string name, string digest, string? context)
    {
        JsonObject input = new() { ["dataset"] = new JsonObject { ["name"] = name, ["digest"] = digest, ["source_type"] = "local", ["source"] = "{}" } };
        if (context is not null)
            input["tags"] = new JsonArray(new JsonObject { ["key"] = "mlflow.data.context", ["value"] = context });
        await _client.PostAsync("runs/log-inputs", new JsonObject { ["run_id"] = run, ["datasets"] = new JsonArray(input) });
    }

    private async Task<JsonNode> ExperimentAsync(string id) => (await _client.GetAsync("experiments/get", ("experiment_id", id)))["experiment"]!;

    private async Task<string> StageAsync(string run) => (string)(await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["info"]!["lifecycle_stage"]!;
}
