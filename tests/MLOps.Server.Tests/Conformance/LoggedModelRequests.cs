using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Requests about logged models that several sections make.</summary>
internal static class LoggedModelRequests
{
    /// <summary>Makes a logged model.</summary>
    public static async Task<string> CreateLoggedModelAsync(this ConformanceServer server, string? experiment = null, string? name = null, params (string Key, string Value)[] tags)
    {
        JsonObject body = new() { ["experiment_id"] = experiment ?? await server.CreateExperimentAsync(), ["name"] = name, ["tags"] = Pairs(tags) };
        return (string)(await server.Client.PostAsync("logged-models", body))["model"]!["info"]!["model_id"]!;
    }

    public static JsonArray Pairs(params (string Key, string Value)[] pairs) =>
        [.. pairs.Select(pair => (JsonNode)new JsonObject { ["key"] = pair.Key, ["value"] = pair.Value })];
}
