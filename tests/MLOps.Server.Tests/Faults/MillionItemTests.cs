using System.Text;
using System.Text.Json.Nodes;

namespace MLOps.Server.Tests.Faults;

/// <summary>Batches far beyond their limits, each answered in the memory of one body.</summary>
public sealed class MillionItemTests
{
    private const int Items = 1_000_000;

    [Fact]
    public async Task A_batch_of_a_million_items_is_refused_and_leaves_no_memory_behind()
    {
        // Had the server kept what five such bodies became, hundreds of MiB would show.
        const long Allowance = 64 << 20;
        string folder = Directory.CreateTempSubdirectory("mlops-million-").FullName;
        await using (ServerProcess server = await ServerProcess.StartAsync(folder))
        {
            string run = (string)(await server.Client.PostAsync("runs/create", new JsonObject { ["experiment_id"] = "0" }))["run"]!["info"]!["run_id"]!;
            (string List, string Item)[] batches =
                [("metrics", """{"key":"l","value":1}"""), ("metrics", "0"), ("params", """{"key":"p","value":"1"}"""), ("tags", """{"key":"t","value":"1"}""")];
            long before = 0;
            for (int round = 0; round < 6; round++)
            {
                foreach ((string list, string item) in batches)
                    (await SendAsync(server, $"{{\"run_id\":\"{run}\",\"{list}\":[", item)).IsError(400, "INVALID_PARAMETER_VALUE");
                if (round == 0)
                    before = ResidentBytes.Of(server.Id);
            }

            long grown = ResidentBytes.Of(server.Id) - before;
            TestContext.Current.TestOutputHelper?.WriteLine($"{before >> 20} MiB after the first round, {grown >> 20} MiB more after the sixth.");
            Assert.True(grown < Allowance, $"The server grew by {grown >> 20} MiB.");
            JsonNode data = (await server.Client.GetAsync("runs/get", ("run_id", run)))["run"]!["data"]!;
            Assert.Null(data["metrics"]);
            Assert.Null(data["params"]);
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<MlflowClient.Answer> SendAsync(ServerProcess server, string start, string item)
    {
        StringBuilder body = new(start, (Items * (item.Length + 1)) + 200);
        for (int i = 1; i < Items; i++)
            body.Append(item).Append(',');
        using StringContent content = MlflowClient.Json(body.Append(item).Append("]}").ToString());
        return await server.Client.SendAsync(HttpMethod.Post, "runs/log-batch", content);
    }
}
