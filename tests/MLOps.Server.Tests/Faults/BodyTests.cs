using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using MLOps.Server.Tests.Conformance;

namespace MLOps.Server.Tests.Faults;

/// <summary>Bodies that are too much, too deep, or not what they say.</summary>
public sealed class BodyTests(ConformanceServer server)
{
    private readonly MlflowClient _client = server.Client;

    [Fact]
    public async Task Unknown_fields_are_ignored_at_every_depth()
    {
        string run = await server.CreateRunAsync();
        await _client.PostAsync("runs/log-batch", new JsonObject
        {
            ["run_id"] = run,
            ["metrics"] = new JsonArray(new JsonObject { ["key"] = "loss", ["value"] = 0.5, ["timestamp"] = 1, ["step"] = 2, ["unit"] = new JsonObject { ["of"] = "nats" } }),
            ["params"] = new JsonArray(new JsonObject { ["key"] = "depth", ["value"] = "3", ["type"] = 7 }),
            ["future"] = new JsonArray(1, "two", null),
            ["__proto__"] = new JsonObject { ["polluted"] = true },
        });

        JsonNode data = (await _client.GetAsync("runs/get", ("run_id", run), ("colour", "red")))["run"]!["data"]!;
        Assert.Equal(("loss", 0.5, 2), ((string?)data["metrics"]![0]!["key"], (double)data["metrics"]![0]!["value"]!, (int)data["metrics"]![0]!["step"]!));
        Assert.Equal("3", (string?)data["params"]![0]!["value"]);
    }

    [Theory]
    [InlineData(65)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public async Task Deep_JSON_is_refused(int depth)
    {
        foreach (string body in (string[])[new string('[', depth), string.Concat(Enumerable.Repeat("{\"a\":", depth)), new string('[', depth) + new string(']', depth), $"{{\"name\":{new string('[', depth)}{new string(']', depth)}}}"])
            (await _client.SendAsync(HttpMethod.Post, "experiments/create", MlflowClient.Json(body))).IsError(400, "BAD_REQUEST");
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_before_it_is_read_and_while_it_is()
    {
        using RawConnection told = await RawConnection.OpenAsync(server.Server.Address);
        await told.SendAsync("POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n{");
        Assert.StartsWith("HTTP/1.1 413 ", await told.ReadToEndAsync(), StringComparison.Ordinal);

        // Of unknown length: chunks without end.
        using RawConnection untold = await RawConnection.OpenAsync(server.Server.Address);
        await untold.SendAsync("POST /api/2.0/mlflow/experiments/create HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        byte[] chunk = Encoding.ASCII.GetBytes($"100000\r\n{new string(' ', 1 << 20)}\r\n");
        Task<string> answer = untold.ReadToEndAsync();
        for (int i = 0; i < 64 && !answer.IsCompleted; i++)
        {
            try
            {
                await untold.SendAsync(chunk);
            }
            catch (IOException)
            {
                break;
            }
        }

        Assert.StartsWith("HTTP/1.1 413 ", await answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("nonsense")]
    [InlineData("{\"name\":\"a\"} {\"name\":\"b\"}")]
    [InlineData("{\"name\":\"a\",}")]
    [InlineData("{'name':'a'}")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("true")]
    [InlineData("\"{\\\"name\\\":\"")]
    [InlineData("\"\\\"\\\\\\\"{}\\\\\\\"\\\"\"")]
    [InlineData("\"\\ud800\"")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"name\":\"\\ud800\"}")]
    [InlineData("{\"name\":\"\\ud800\\ud800\",\"tags\":[{\"key\":\"\\udc00\",\"value\":\"\"}]}")]
    public async Task What_is_no_JSON_object_is_the_callers_mistake(string body)
    {
        MlflowClient.Answer answer = await _client.SendAsync(HttpMethod.Post, "experiments/create", MlflowClient.Json(body));
        Assert.Equal((400, "application/json"), ((int)answer.Status, answer.MediaType));
        Assert.NotNull(answer.Json["error_code"]);
    }

    [Fact]
    public async Task Bytes_that_are_no_UTF8_are_the_callers_mistake()
    {
        foreach (byte[] name in (byte[][])[[0xFF], [0xC3], [0xED, 0xA0, 0x80], [0xC0, 0xAF], [0xF5, 0x80, 0x80, 0x80]])
        {
            using ByteArrayContent content = new([.. "{\"name\":\""u8, .. name, .. "\"}"u8]);
            content.Headers.ContentType = new("application/json");
            MlflowClient.Answer answer = await _client.SendAsync(HttpMethod.Post, "experiments/create", content);
            Assert.Equal((400, "application/json"), ((int)answer.Status, answer.MediaType));
        }
    }

    [Fact]
    public async Task A_client_that_drops_in_the_middle_of_a_body_is_nobodys_trouble()
    {
        string run = await server.CreateRunAsync();
        for (int i = 0; i < 20; i++)
        {
            using RawConnection connection = await RawConnection.OpenAsync(server.Server.Address);
            await connection.SendAsync($"POST /api/2.0/mlflow/runs/log-metric HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{{\"run_id\":\"{run}\",\"key\":\"loss\",\"value\":1,\"timestamp\":1}}");
            connection.Drop();
        }

        Assert.Null((await _client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!["metrics"]);
        Assert.Equal(HttpStatusCode.OK, (await _client.TryGetAsync("/health")).Status);
        Assert.DoesNotContain("runs/log-metric was answered with", server.Server.Log, StringComparison.Ordinal);
    }
}
