using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Conformance;

/// <summary>Requests that were right until something in them was exchanged, removed or cut.</summary>
internal static class SpoiltRequest
{
    private static readonly string[] s_values =
    [
        "null", "true", "false", "0", "-1", "1.5", "1e400", "-1e400", "9223372036854775808", "12345678901234567890123", "\"\"", "\"NaN\"", "\"-Infinity\"", "\"x\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"",
        "\"\\ud800\"", "\"../x\"", "\"a//b\"", "\" \"", "\"\\n\"", "[]", "{}", "[null]", "[[]]", "[{}]", "{\"key\":\"a\"}", "\"' OR 1=1 --\"",
    ];

    public static (string Path, byte[] Body) Next(Random random, string run)
    {
        (string path, JsonObject body) = Whole(random, run);
        SpoilAt(random, body);
        string json = body.ToJsonString();
        for (int i = 0; i < s_values.Length; i++)
            json = json.Replace(string.Create(CultureInfo.InvariantCulture, $"\"@{i}@\""), s_values[i], StringComparison.Ordinal);
        byte[] bytes = Encoding.UTF8.GetBytes(json);
        if (random.Next(8) == 0)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return (path, random.Next(16) == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
    }

    private static (string Path, JsonObject Body) Whole(Random random, string run) => random.Next(4) switch
    {
        0 => ("experiments/create", new JsonObject { ["name"] = ConformanceServer.Unique("spoilt"), ["artifact_location"] = "file:///tmp/spoilt", ["tags"] = Pairs(random) }),
        1 => ("runs/log-metric", Point(random, new JsonObject { ["run_id"] = run })),
        2 => ("runs/log-parameter", new JsonObject { ["run_id"] = run, ["key"] = $"p{random.Next(1_000_000)}", ["value"] = "1" }),
        _ => ("runs/log-batch", new JsonObject
        {
            ["run_id"] = run,
            ["metrics"] = new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => Point(random, []))]),
            ["params"] = new JsonArray(),
            ["tags"] = Pairs(random),
        }),
    };

    private static JsonObject Point(Random random, JsonObject point)
    {
        point["key"] = $"m{random.Next(4)}";
        point["value"] = random.NextDouble();
        point["timestamp"] = random.Next(1_000_000);
        point["step"] = random.Next(100);
        return point;
    }

    private static JsonArray Pairs(Random random) => [.. Enumerable.Range(0, random.Next(3)).Select(i => new JsonObject { ["key"] = $"t{i}", ["value"] = "v" })];

    private static void SpoilAt(Random random, JsonNode node)
    {
        switch (node)
        {
            case JsonArray { Count: > 0 } list when random.Next(3) > 0:
                SpoilAt(random, list[random.Next(list.Count)]!);
                break;
            case JsonArray list:
                list.Add(Value(random));
                break;
            case JsonObject fields when random.Next(10) > 0:
                string name = fields.ElementAt(random.Next(fields.Count)).Key;
                if (fields[name] is JsonArray inner && random.Next(3) > 0)
                    SpoilAt(random, inner);
                else if (random.Next(5) == 0)
                    fields.Remove(name);
                else
                    fields[name] = Value(random);
                break;
            case JsonObject fields:
                fields[random.Next(2) == 0 ? "unknown" : "\uFFFD"] = Value(random);
                break;
        }
    }

    // A mark that the JSON of the value takes the place of: not all of them are values that JsonNode knows.
    private static JsonValue Value(Random random) => JsonValue.Create(string.Create(CultureInfo.InvariantCulture, $"@{random.Next(s_values.Length)}@"));
}
