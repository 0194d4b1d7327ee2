using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Contract §5.2: where artifacts lie.</summary>
public sealed class Section5Locations(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    public async Task Rule_5_2_locations_derive_from_the_proxied_root()
    {
        string experiment = await server.CreateExperimentAsync(), run = await server.CreateRunAsync(experiment);
        Assert.Equal($"mlflow-artifacts:/{experiment}", (string)(await _client.GetAsync("experiments/get", ("experiment_id", experiment)))["experiment"]!["artifact_location"]!);
        Assert.Equal($"mlflow-artifacts:/{experiment}/{run}/artifacts", (string)(await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["info"]!["artifact_uri"]!);
    }

    [Fact]
    public async Task Rule_5_2_the_default_experiment_has_one_too()
    {
        JsonObject first = await _client.GetAsync("experiments/get", ("experiment_id", "0"));
        Assert.Equal("mlflow-artifacts:/0", (string)first["experiment"]!["artifact_location"]!);
    }

    [Theory]
    [InlineData("mlflow-artifacts:/", "")]
    [InlineData("mlflow-artifacts://host.example:5000/", "")]
    [InlineData("http://host.example:5000/api/2.0/mlflow-artifacts/artifacts/", "deep/")]
    public async Task Rule_8_1_other_forms_of_proxied_locations_lead_to_the_same_place(string root, string folder)
    {
        ArtifactClient artifacts = new(_client);
        string own = ConformanceServer.Unique("location"), location = $"{root}{folder}{own}";
        string experiment = (string)(await _client.PostAsync("experiments/create", new JsonObject { ["name"] = ConformanceServer.Unique("experiment"), ["artifact_location"] = location }))["experiment_id"]!;
        string run = await server.CreateRunAsync(experiment);
        await artifacts.PutAsync($"{folder}{own}/{run}/artifacts/model.txt", "weights");
        JsonObject listed = await _client.GetAsync("artifacts/list", ("run_id", run));
        Assert.Equal(["model.txt 7"], ArtifactClient.NamesOf(listed));
        Assert.Equal($"{location}/{run}/artifacts", (string)listed["root_uri"]!);
        Assert.Equal("weights", (await _client.TryGetAsync("/get-artifact", ("run_id", run), ("path", "model.txt"))).Body);
    }
}
