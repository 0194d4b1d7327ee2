using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Three experiments to search, made in the order a, b, c; a was changed last.</summary>
public sealed class SearchedExperiments(ConformanceServer server) : IAsyncLifetime
{
    private readonly MlflowClient _client = server.Client;

    /// <summary>How their names begin.</summary>
    public string Mark { get; } = ConformanceServer.Unique("searched");

    public async ValueTask InitializeAsync()
    {
        string a = await CreateAsync("a", ("team", "Risk"));
        await CreateAsync("b", ("team", "fraud"));
        string c = await CreateAsync("c", ("a b", "x"));
        await TouchAsync(a, "touched", "yes", after: await TimeAsync(c, "last_update_time"));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>The last letters of the names that are found, in their order.</summary>
    internal async Task<string> FindAsync(string? filter, params string[] orderBy)
    {
        JsonObject found = await _client.PostAsync("experiments/search", new JsonObject
        {
            ["max_results"] = 100,
            ["filter"] = $"{(filter is null ? "" : $"{filter} AND ")}name LIKE '{Mark}%'",
            ["order_by"] = new JsonArray([.. orderBy.Select(key => JsonValue.Create(key))]),
        });
        return found["experiments"] is JsonArray experiments ? string.Concat(experiments.Select(experiment => ((string)experiment!["name"]!)[^1])) : "";
    }

    private async Task<string> CreateAsync(string letter, (string Key, string Value) tag)
    {
        string id = await server.CreateExperimentAsync($"{Mark}-{letter}");
        await TouchAsync(id, tag.Key, tag.Value, after: await TimeAsync(id, "creation_time"));
        return id;
    }

    // Times are told apart by the millisecond: the tag is set until the clock has gone on.
    private async Task TouchAsync(string id, string key, string value, long after)
    {
        do
            await _client.PostAsync("experiments/set-experiment-tag", new JsonObject { ["experiment_id"] = id, ["key"] = key, ["value"] = value });
        while (await TimeAsync(id, "last_update_time") <= after);
    }

    private async Task<long> TimeAsync(string id, string field) => (long)(await _client.GetAsync("experiments/get", ("experiment_id", id)))["experiment"]![field]!;
}
