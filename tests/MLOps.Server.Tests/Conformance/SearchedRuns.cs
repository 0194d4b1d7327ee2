using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Five runs to search, called a to e; by default they are found in the order d, c, b, a, e.</summary>
public sealed class SearchedRuns(ConformanceServer server) : IAsyncLifetime
{
    private readonly MlflowClient _client = server.Client;

    /// <summary>The experiment that they are in.</summary>
    public string Experiment { get; private set; } = "";

    /// <summary>Their ids by name.</summary>
    public Dictionary<string, string> Ids { get; } = new(StringComparer.Ordinal);

    public async ValueTask InitializeAsync()
    {
        Experiment = await server.CreateExperimentAsync();
        await StartAsync("a", 1000, "ada", [("team", "Risk")], [("lr", "0.1"), ("opt", "adam")], [("acc", 0.9), ("loss", 1)]);
        await UpdateAsync("a", "FINISHED", 5000);
        await UseAsync("a", "iris", "d1", "training");
        await StartAsync("b", 2000, "bob", [("team", "fraud")], [("lr", "0.2"), ("opt", "SGD")], [("acc", 0.5)]);
        await UpdateAsync("b", "FAILED", 7000);
        await UseAsync("b", "wine", "d2", "test");
        await StartAsync("c", 3000, "ada", [("a b", "in quotes"), ("dotted.key", "yes")], [], [("acc", double.NaN)]);
        await StartAsync("d", 4000, "", [("it", "it's")], [("p q", "x y"), ("empty", "")], [("acc", -2), ("my metric", 3), ("slash/metric", 1e-7)]);
        await StartAsync("e", 500, "", [], [], []);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The names of the runs that are found, in their order.</summary>
    internal async Task<string> FindAsync(string? filter, params string[] orderBy)
    {
        JsonObject found = await _client.PostAsync("runs/search", Question(filter, orderBy));
        return found["runs"] is JsonArray runs ? string.Concat(runs.Select(run => (string)run!["info"]!["run_name"]!)) : "";
    }

    /// <summary>What a search answers, be it an error.</summary>
    internal Task<MlflowClient.Answer> TryFindAsync(string? filter, params string[] orderBy) => _client.TryPostAsync("runs/search", Question(filter, orderBy));

    internal JsonObject Question(string? filter, string[] orderBy) => new()
    {
        ["experiment_ids"] = new JsonArray(Experiment),
        ["filter"] = filter,
        ["order_by"] = new JsonArray([.. orderBy.Select(key => JsonValue.Create(key))]),
    };

    private static JsonArray Pairs((string Key, string Value)[] pairs) => [.. pairs.Select(pair => new JsonObject { ["key"] = pair.Key, ["value"] = pair.Value })];

    private async Task StartAsync(string name, long start, string user, (string, string)[] tags, (string, string)[] parameters, (string, double)[] metrics)
    {
        JsonObject made = await _client.PostAsync("runs/create", new JsonObject { ["experiment_id"] = Experiment, ["run_name"] = name, ["start_time"] = start, ["user_id"] = user, ["tags"] = Pairs(tags) });
        string id = Ids[name] = (string)made["run"]!["info"]!["run_id"]!;
        foreach ((string key, string value) in parameters)
            await _client.PostAsync("runs/log-parameter", new JsonObject { ["run_id"] = id, ["key"] = key, ["value"] = value });
        foreach ((string key, double value) in metrics)
        {
            JsonNode number = double.IsNaN(value) ? JsonValue.Create("NaN") : JsonValue.Create(value);
            await _client.PostAsync("runs/log-metric", new JsonObject { ["run_id"] = id, ["key"] = key, ["value"] = 77, ["timestamp"] = 1, ["step"] = 1 });
            await _client.PostAsync("runs/log-metric", new JsonObject { ["run_id"] = id, ["key"] = key, ["value"] = number, ["timestamp"] = 1, ["step"] = 2 });
        }
    }

    private async Task UpdateAsync(string name, string status, long end) =>
        await _client.PostAsync("runs/update", new JsonObject { ["run_id"] = Ids[name], ["status"] = status, ["end_time"] = end });

    private async Task UseAsync(string name, string dataset, string digest, string context)
    {
        JsonObject input = new()
        {
            ["tags"] = Pairs([("mlflow.data.context", context)]),
            ["dataset"] = new JsonObject { ["name"] = dataset, ["digest"] = digest, ["source_type"] = "local", ["source"] = "{}" },
        };
        await _client.PostAsync("runs/log-inputs", new JsonObject { ["run_id"] = Ids[name], ["datasets"] = new JsonArray(input) });
    }
}
