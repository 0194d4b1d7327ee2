using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Two connections log batches of 1,000 points of ten metrics, written before the clock starts.</summary>
internal static class ServerBatchScenario
{
    private const string Name = "server-log-batch";
    private const int Connections = 2, Keys = 10, BatchSize = 1000;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int batches = options.Quick ? 300 : 2000, trials = options.Trials ?? (options.Quick ? 1 : 5);
        using ScratchFolder folder = options.NewFolder();
        await using MlflowServer server = await MlflowServer.StartAsync(folder.Path);
        await MeasureAsync(server, batches / 4);
        List<double> rates = [];
        for (int trial = 0; trial < trials; trial++)
            rates.Add(await MeasureAsync(server, batches));
        Figure.Print(Name, "metrics_per_s", rates.Order().ElementAt(rates.Count / 2), "metrics/s");
        Figure.Print(Name, "best_metrics_per_s", rates.Max(), "metrics/s");
    }

    private static async Task<double> MeasureAsync(MlflowServer server, int batches)
    {
        string run = await server.CreateRunAsync();
        byte[][] bodies = [.. Enumerable.Range(0, batches).Select(batch => Body(run, batch))];
        int next = -1;
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            for (int batch = Interlocked.Increment(ref next); batch < batches; batch = Interlocked.Increment(ref next))
            {
                using HttpResponseMessage answer = await server.Http.PostAsync("api/2.0/mlflow/runs/log-batch", MlflowServer.Json(bodies[batch]));
                answer.EnsureSuccessStatusCode();
            }
        })));
        return batches * BatchSize / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static byte[] Body(string run, int batch)
    {
        Random random = new(batch);
        StringBuilder body = new($$"""{"run_id":"{{run}}","metrics":[""");
        for (int i = 0; i < BatchSize; i++)
        {
            int step = (batch * (BatchSize / Keys)) + (i / Keys);
            body.Append(CultureInfo.InvariantCulture, $$"""{{(i == 0 ? "" : ",")}}{"key":"metric{{i % Keys}}","value":{{random.NextDouble():R}},"timestamp":{{1_700_000_000_000 + step}},"step":{{step}}}""");
        }

        return Encoding.UTF8.GetBytes(body.Append("]}").ToString());
    }
}
