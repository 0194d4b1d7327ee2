using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Points of metrics, sent and found.</summary>
internal static class Points
{
    /// <summary>A point as log-batch takes it.</summary>
    public static JsonObject Sent(string key, double value, long timestamp, long step) => new()
    {
        ["key"] = key,
        ["value"] = double.IsFinite(value) ? value : double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity",
        ["timestamp"] = timestamp,
        ["step"] = step,
    };

    /// <summary>The points of an answer, in its order.</summary>
    public static (double Value, long Timestamp, long Step)[] Of(JsonObject answer) =>
        [.. (answer["metrics"]?.AsArray() ?? []).Select(point => (ValueOf(point!["value"]!), (long)point["timestamp"]!, (long)point["step"]!))];

    /// <summary>Logs points by log-batch, as many at once as it takes.</summary>
    public static async Task LogAsync(this ConformanceServer server, string run, string key, IEnumerable<(double Value, long Timestamp, long Step)> points)
    {
        foreach ((double Value, long Timestamp, long Step)[] some in points.Chunk(1000))
            await server.Client.PostAsync("runs/log-batch", new JsonObject { ["run_id"] = run, ["metrics"] = new JsonArray([.. some.Select(point => Sent(key, point.Value, point.Timestamp, point.Step))]) });
    }

    /// <summary>The first page of a history.</summary>
    public static async Task<(double Value, long Timestamp, long Step)[]> HistoryAsync(this ConformanceServer server, string run, string key) =>
        Of(await server.Client.GetAsync("metrics/get-history", ("run_id", run), ("metric_key", key)));

    private static double ValueOf(JsonNode value) => value.GetValueKind() == System.Text.Json.JsonValueKind.String
        ? (string?)value switch { "NaN" => double.NaN, "Infinity" => double.PositiveInfinity, _ => double.NegativeInfinity }
        : (double)value;
}
