using System.Text.Json.Nodes;
using MLOps.Server.Tests.Conformance;

[assembly: AssemblyFixture(typeof(ConformanceServer))]

namespace MLOps.Server.Tests.Conformance;

/// <summary>One server process that all conformance tests ask, each in experiments and models of its own.</summary>
public sealed class ConformanceServer : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mlops-conformance-").FullName;
    private ServerProcess? _server;

    internal ServerProcess Server => _server!;

    internal MlflowClient Client => Server.Client;

    public async ValueTask InitializeAsync() => _server = await ServerProcess.StartAsync(_folder);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A name that nothing else has.</summary>
    public static string Unique(string name) => $"{name}-{Guid.NewGuid():N}";

    /// <summary>Makes an experiment.</summary>
    internal async Task<string> CreateExperimentAsync(string? name = null) =>
        (string)(await Client.PostAsync("experiments/create", new JsonObject { ["name"] = name ?? Unique("experiment") }))["experiment_id"]!;

    /// <summary>Starts a run.</summary>
    internal async Task<string> CreateRunAsync(string? experiment = null)
    {
        experiment ??= await CreateExperimentAsync();
        JsonObject made = await Client.PostAsync("runs/create", new JsonObject { ["experiment_id"] = experiment, ["start_time"] = 1_700_000_000_000 });
        return (string)made["run"]!["info"]!["run_id"]!;
    }
}
