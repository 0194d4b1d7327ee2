using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using MLOps.Server.Tests.Conformance;

namespace MLOps.Server.Tests.Faults;

/// <summary>Fifty clients that write one run at once, each on a connection of its own.</summary>
public sealed class ConcurrentWriterTests(ConformanceServer server)
{
    private const int Writers = 50;
    private const int Rounds = 12;

    private readonly MlflowClient _client = server.Client;

    [Fact]
    public async Task No_point_of_a_shared_series_is_lost()
    {
        string run = await server.CreateRunAsync();

        await AtOnceAsync(async writer =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                int step = (writer * Rounds) + round;
                JsonObject point = new() { ["key"] = "loss", ["value"] = step / 8.0, ["timestamp"] = 1000 + step, ["step"] = step };
                if (round % 2 == 0)
                    await _client.PostAsync("runs/log-batch", new JsonObject { ["run_id"] = run, ["metrics"] = new JsonArray(point) });
                else
                    await _client.PostAsync("runs/log-metric", new JsonObject(point.Select(field => KeyValuePair.Create(field.Key, field.Value?.DeepClone()))) { ["run_id"] = run });
            }
        });

        JsonObject history = await _client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", "loss"), ("max_results", "25000"));
        Assert.Equal(Enumerable.Range(0, Writers * Rounds).Select(step => ((long)step, step / 8.0)), history["metrics"]!.AsArray().Select(point => ((long)point!["step"]!, (double)point["value"]!)));
        Assert.Equal((Writers * Rounds) - 1, (long)(await DataAsync(run))["metrics"]![0]!["step"]!);
    }

    [Fact]
    public async Task One_value_of_a_param_wins_and_all_others_are_told()
    {
        string run = await server.CreateRunAsync();

        List<string> accepted = [];
        await AtOnceAsync(async writer =>
        {
            string value = (writer % 5).ToString(CultureInfo.InvariantCulture);
            MlflowClient.Answer answer = await _client.TryPostAsync("runs/log-parameter", new JsonObject { ["run_id"] = run, ["key"] = "depth", ["value"] = value });
            if (answer.Status == HttpStatusCode.OK)
            {
                lock (accepted)
                    accepted.Add(value);
            }
            else
            {
                answer.IsError(400, "INVALID_PARAMETER_VALUE", "Changing param values is not allowed");
            }
        });

        JsonNode kept = Assert.Single((await DataAsync(run))["params"]!.AsArray())!;
        Assert.All(accepted, value => Assert.Equal((string?)kept["value"], value));
        // Those who sent the value that won are all answered 200.
        Assert.Equal(Writers / 5, accepted.Count);
    }

    [Fact]
    public async Task A_tag_is_never_older_than_what_its_last_writer_sent()
    {
        string run = await server.CreateRunAsync();

        await AtOnceAsync(async writer =>
        {
            for (int round = 0; round < Rounds; round++)
            {
                string value = $"{writer}:{round}";
                await _client.PostAsync("runs/set-tag", new JsonObject { ["run_id"] = run, ["key"] = "shared", ["value"] = value });
                await _client.PostAsync("runs/set-tag", new JsonObject { ["run_id"] = run, ["key"] = $"own {writer}", ["value"] = value });
            }
        });

        Dictionary<string, string> tags = (await DataAsync(run))["tags"]!.AsArray().ToDictionary(tag => (string)tag!["key"]!, tag => (string)tag!["value"]!);
        for (int writer = 0; writer < Writers; writer++)
            Assert.Equal($"{writer}:{Rounds - 1}", tags[$"own {writer}"]);
        // Each writer's own writes are in its order, so the last of all is some writer's last.
        Assert.EndsWith($":{Rounds - 1}", tags["shared"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Versions_registered_at_once_have_distinct_numbers_without_a_gap()
    {
        string model = ConformanceServer.Unique("crowd");
        await _client.PostAsync("registered-models/create", new JsonObject { ["name"] = model });

        List<int> numbers = [];
        await AtOnceAsync(async _ =>
        {
            JsonObject made = await _client.PostAsync("model-versions/create", new JsonObject { ["name"] = model, ["source"] = "s3://bucket/model" });
            lock (numbers)
                numbers.Add(int.Parse((string)made["model_version"]!["version"]!, CultureInfo.InvariantCulture));
        });

        Assert.Equal(Enumerable.Range(1, Writers), numbers.Order());
    }

    [Fact]
    public async Task Of_those_who_create_one_experiment_one_succeeds()
    {
        string name = ConformanceServer.Unique("race");

        List<string> made = [];
        await AtOnceAsync(async _ =>
        {
            MlflowClient.Answer answer = await _client.TryPostAsync("experiments/create", new JsonObject { ["name"] = name });
            if (answer.Status != HttpStatusCode.OK)
            {
                answer.IsError(400, "RESOURCE_ALREADY_EXISTS");
                return;
            }

            lock (made)
                made.Add((string)answer.Json["experiment_id"]!);
        });

        Assert.Equal(Assert.Single(made), (string?)(await _client.GetAsync("experiments/get-by-name", ("experiment_name", name)))["experiment"]!["experiment_id"]);
    }

    private static async Task AtOnceAsync(Func<int, Task> write)
    {
        using SemaphoreSlim gate = new(0, Writers);
        Task[] writers = [.. Enumerable.Range(0, Writers).Select(async writer =>
        {
            await gate.WaitAsync(TestContext.Current.CancellationToken);
            await write(writer);
        })];
        gate.Release(Writers);
        await Task.WhenAll(writers);
    }

    private async Task<JsonNode> DataAsync(string run) => (await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!;
}
