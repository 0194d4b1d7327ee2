using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Faults;

/// <summary>Addresses that a client names are kept and given back, and never called: nobody reaches the server's network through it.</summary>
public sealed class OutgoingTests
{
    [Fact]
    public async Task The_server_opens_no_connection_to_what_a_client_names()
    {
        using TcpListener trap = new(IPAddress.Loopback, 0);
        trap.Start();
        int port = ((IPEndPoint)trap.LocalEndpoint).Port;
        string folder = Directory.CreateTempSubdirectory("mlops-outgoing-").FullName;
        await using (ServerProcess server = await ServerProcess.StartAsync(folder))
        {
            int accepted = 0;
            foreach (string address in AddressesOf(port))
                accepted += await NameAsync(server.Client, address);
            // Were all refused, nothing would have been shown.
            Assert.True(accepted > 20, $"{accepted} requests were answered 200.");
            // What it might still do behind the answers is done when it has ended.
            Assert.Equal(0, await server.StopAsync());
        }

        Assert.False(trap.Pending(), "The server connected to an address that a client had named.");
        Directory.Delete(folder, recursive: true);
    }

    private static string[] AddressesOf(int port) =>
    [
        $"http://127.0.0.1:{port}/secret",
        $"http://localhost:{port}/api/2.0/mlflow-artifacts/artifacts/x",
        $"http://2130706433:{port}/x",
        $"http://user:word@127.0.0.1:{port}/x",
        $"https://127.0.0.1:{port}/x",
        $"mlflow-artifacts://127.0.0.1:{port}/x",
        $"mlflow-artifacts:http://127.0.0.1:{port}/x",
        $"ftp://127.0.0.1:{port}/x",
        $"s3://127.0.0.1:{port}/x",
        $"gopher://127.0.0.1:{port}/_x",
        $"file://127.0.0.1:{port}/x",
        $"dbfs://127.0.0.1:{port}/x",
        $"hdfs://127.0.0.1:{port}/x",
        $"//127.0.0.1:{port}/x",
    ];

    /// <summary>Names an address wherever a request can, and then asks for what lies there.</summary>
    private static async Task<int> NameAsync(MlflowClient client, string address)
    {
        int accepted = 0;
        string unique = Guid.NewGuid().ToString("N");
        JsonObject? made = await PostAsync("experiments/create", new JsonObject { ["name"] = unique, ["artifact_location"] = address });
        string experiment = (string?)made?["experiment_id"] ?? "0";
        JsonObject? started = await PostAsync("runs/create", new JsonObject { ["experiment_id"] = experiment });
        string run = (string)started!["run"]!["info"]!["run_id"]!;
        await GetAsync($"artifacts/list?run_id={run}");
        await GetAsync($"artifacts/list?run_id={run}&path={Uri.EscapeDataString(address)}");
        await GetAsync($"/get-artifact?run_id={run}&path=x");
        await GetAsync($"/get-artifact?run_id={run}&path={Uri.EscapeDataString(address)}");
        await GetAsync($"/api/2.0/mlflow-artifacts/artifacts/{Uri.EscapeDataString(address)}");
        await GetAsync($"/api/2.0/mlflow-artifacts/artifacts?path={Uri.EscapeDataString(address)}");
        await PostAsync("runs/log-inputs", new JsonObject
        {
            ["run_id"] = run,
            ["datasets"] = new JsonArray(new JsonObject { ["dataset"] = new JsonObject { ["name"] = "d", ["digest"] = "1", ["source_type"] = "http", ["source"] = $"{{\"url\":\"{address}\"}}" } }),
        });
        await PostAsync("registered-models/create", new JsonObject { ["name"] = unique });
        foreach (string source in (string[])[address, $"models:/{unique}/1", $"models:/m-{unique}", $"runs:/{run}/x"])
        {
            JsonObject? version = await PostAsync("model-versions/create", new JsonObject { ["name"] = unique, ["source"] = source, ["run_id"] = run, ["run_link"] = address });
            if ((string?)version?["model_version"]?["version"] is { } number)
            {
                await GetAsync($"model-versions/get-download-uri?name={unique}&version={number}");
                await GetAsync($"/model-versions/get-artifact?name={unique}&version={number}&path=x");
            }
        }

        JsonObject? logged = await PostAsync("logged-models", new JsonObject { ["experiment_id"] = experiment, ["name"] = unique, ["source_run_id"] = run });
        if ((string?)logged?["model"]?["info"]?["model_id"] is { } model)
        {
            await GetAsync($"logged-models/{model}/artifacts/directories");
            await GetAsync($"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files?artifact_file_path=x");
        }

        return accepted;

        async Task<JsonObject?> PostAsync(string path, JsonObject body) => Judge(await client.TryPostAsync(path, body), path);

        async Task GetAsync(string path) => Judge(await client.TryGetAsync(path), path);

        JsonObject? Judge(MlflowClient.Answer answer, string path)
        {
            Assert.True((int)answer.Status < 500 || answer.Status is HttpStatusCode.NotImplemented, $"{path} with {address}: {(int)answer.Status} {answer.Body}");
            if (answer.Status != HttpStatusCode.OK)
                return null;
            accepted++;
            return answer.MediaType == "application/json" ? answer.Json : null;
        }
    }
}
