using System.Net;
using System.Text.Json.Nodes;
using SQLitePCL;

namespace MLOps.Server.Tests.Faults;

/// <summary>Somebody else holds the write lock of the server's database.</summary>
public sealed class BusyStoreTests
{
    private static readonly JsonObject s_experiment = new() { ["name"] = "busy" };

    [Fact]
    public async Task A_lock_that_stays_is_answered_503_with_a_time_to_come_back_and_passes_with_it()
    {
        await using HostedServer server = await HostedServer.StartAsync(sqlite: options => options.BusyTimeout = TimeSpan.FromMilliseconds(200));
        string run = (string)(await server.Client.PostAsync("runs/create", new JsonObject { ["experiment_id"] = "0" }))["run"]!["info"]!["run_id"]!;
        JsonObject point = new() { ["run_id"] = run, ["key"] = "loss", ["value"] = 1, ["timestamp"] = 1 };
        JsonObject model = new() { ["name"] = "busy" };
        using (new WriteLock(server.Database))
        {
            foreach ((string path, JsonObject body) in ((string, JsonObject)[])[("experiments/create", s_experiment), ("runs/log-metric", point), ("registered-models/create", model)])
            {
                using HttpRequestMessage request = new(HttpMethod.Post, $"/api/2.0/mlflow/{path}") { Content = MlflowClient.Json(body) };
                using HttpResponseMessage response = await server.Client.Http.SendAsync(request, TestContext.Current.CancellationToken);
                string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                new MlflowClient.Answer(response.StatusCode, text, response.Content.Headers.ContentType?.MediaType).IsError(503, "TEMPORARILY_UNAVAILABLE");
                Assert.NotNull(response.Headers.RetryAfter?.Delta);
            }

            // Readers are not held up by a writer.
            Assert.Equal(HttpStatusCode.OK, (await server.Client.TryGetAsync("runs/get", ("run_id", run))).Status);
        }

        // The client's second try.
        await server.Client.PostAsync("experiments/create", s_experiment);
        await server.Client.PostAsync("runs/log-metric", point);
        await server.Client.PostAsync("registered-models/create", model);
        Assert.Single((await server.Client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!["metrics"]!.AsArray());
    }

    [Fact]
    public async Task A_lock_of_another_process_that_passes_is_waited_for()
    {
        string folder = Directory.CreateTempSubdirectory("mlops-busy-").FullName;
        await using (ServerProcess server = await ServerProcess.StartAsync(folder))
        {
            // The first request has made the file.
            Assert.Equal(HttpStatusCode.OK, (await server.Client.TryGetAsync("experiments/get", ("experiment_id", "0"))).Status);
            Task<JsonObject> write;
            using (new WriteLock(Path.Join(folder, "mlops.db")))
            {
                write = server.Client.PostAsync("experiments/create", s_experiment);
                Assert.Equal(HttpStatusCode.OK, (await server.Client.TryGetAsync("experiments/get", ("experiment_id", "0"))).Status);
                Assert.Equal(HttpStatusCode.NotFound, (await server.Client.TryGetAsync("experiments/get-by-name", ("experiment_name", "busy"))).Status);
                Assert.False(write.IsCompleted);
            }

            Assert.NotNull((await write)["experiment_id"]);
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <summary>The write lock of a SQLite file, held until disposal.</summary>
    private sealed class WriteLock : IDisposable
    {
        private readonly sqlite3 _database;

        public WriteLock(string file)
        {
            Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open(file, out _database));
            raw.sqlite3_busy_timeout(_database, 60_000);
            Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(_database, "BEGIN IMMEDIATE"));
        }

        public void Dispose()
        {
            Assert.Equal(raw.SQLITE_OK, raw.sqlite3_exec(_database, "ROLLBACK"));
            _database.Dispose();
        }
    }
}
