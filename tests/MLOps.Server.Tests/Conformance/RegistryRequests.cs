using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>What tests of the registry ask again and again.</summary>
internal static class RegistryRequests
{
    public const string RemoteSource = "s3://bucket/models/one";

    public static async Task<string> CreateModelAsync(this MlflowClient client, string? name = null, params (string Key, string Value)[] tags)
    {
        name ??= ConformanceServer.Unique("model");
        await client.PostAsync("registered-models/create", new JsonObject { ["name"] = name, ["tags"] = Pairs(tags) });
        return name;
    }

    public static async Task<JsonObject> GetModelAsync(this MlflowClient client, string name) => (await client.GetAsync("registered-models/get", ("name", name)))["registered_model"]!.AsObject();

    public static Task<MlflowClient.Answer> TryCreateVersionAsync(this MlflowClient client, string name, string source, params (string Key, string Value)[] fields) =>
        client.TryPostAsync("model-versions/create", Body([("name", name), ("source", source), .. fields]));

    /// <summary>Registers a version and tells it.</summary>
    public static async Task<JsonObject> CreateVersionAsync(this MlflowClient client, string name, string source = RemoteSource, params (string Key, string Value)[] fields) =>
        (await client.PostAsync("model-versions/create", Body([("name", name), ("source", source), .. fields])))["model_version"]!.AsObject();

    public static async Task<JsonObject> GetVersionAsync(this MlflowClient client, string name, string version) =>
        (await client.GetAsync("model-versions/get", ("name", name), ("version", version)))["model_version"]!.AsObject();

    public static Task<JsonObject> SetAliasAsync(this MlflowClient client, string name, string alias, string version) =>
        client.PostAsync("registered-models/alias", Body([("name", name), ("alias", alias), ("version", version)]));

    public static Task<JsonObject> MoveToStageAsync(this MlflowClient client, string name, string version, string stage, bool archiveExisting = false)
    {
        JsonObject body = Body([("name", name), ("version", version), ("stage", stage)]);
        body["archive_existing_versions"] = archiveExisting;
        return client.PostAsync("model-versions/transition-stage", body);
    }

    public static JsonObject Body(params (string Key, string Value)[] fields)
    {
        JsonObject body = [];
        foreach ((string key, string value) in fields)
            body[key] = value;
        return body;
    }

    public static JsonArray Pairs(params (string Key, string Value)[] pairs)
    {
        JsonArray list = [];
        foreach ((string key, string value) in pairs)
            list.Add(new JsonObject { ["key"] = key, ["value"] = value });
        return list;
    }

    /// <summary>A list of <c>key</c> and <c>value</c> as text: <c>a=1,b=2</c>; empty when it is absent.</summary>
    public static string PairsOf(JsonNode? list) => list is null ? "" : string.Join(',', list.AsArray().Select(pair => $"{pair!["key"]}={pair["value"]}"));

    /// <summary>A field of each object of a list; nothing when the list is absent.</summary>
    public static string[] Each(this JsonObject answer, string list, string field) => answer[list] is { } found ? [.. found.AsArray().Select(item => (string)item![field]!)] : [];
}
