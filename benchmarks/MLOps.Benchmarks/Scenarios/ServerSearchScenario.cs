using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>10,000 runs of one experiment, ten metrics and five params each: the best 100 by a metric, a param and an order, the whole answer read.</summary>
internal static class ServerSearchScenario
{
    private const string Name = "server-search";

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int runs = options.Runs ?? (options.Quick ? 1000 : 10_000), trials = options.Trials ?? 101;
        using ScratchFolder folder = options.NewFolder();
        await using MlflowServer server = await MlflowServer.StartAsync(folder.Path);
        await Parallel.ForEachAsync(Enumerable.Range(0, runs), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (run, _) =>
            await server.PostAsync("runs/log-batch", Body(await server.CreateRunAsync(), run)));
        byte[] question = """
            {"experiment_ids":["0"],"filter":"metrics.accuracy > 0.5 and params.optimizer = 'adam'","order_by":["metrics.accuracy DESC"],"max_results":100}
            """u8.ToArray();
        List<double> times = [];
        for (int trial = -10; trial < trials; trial++)
        {
            long start = Stopwatch.GetTimestamp();
            using HttpResponseMessage answer = await server.Http.PostAsync("api/2.0/mlflow/runs/search", MlflowServer.Json(question));
            byte[] body = await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
            if (trial >= 0)
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            if (trial == 0 && JsonElement.Parse(body).GetProperty("runs").GetArrayLength() is var found && found != 100)
                throw new InvalidOperationException($"{found} runs were found, not 100.");
        }

        times.Sort();
        Figure.Print(Name, "runs", runs, "runs");
        Figure.Print(Name, "p50_ms", times[times.Count / 2], "ms");
        Figure.Print(Name, "p99_ms", times[times.Count * 99 / 100], "ms");
    }

    private static string Body(string run, int seed)
    {
        Random random = new(seed);
        string[] optimizers = ["adam", "sgd", "rmsprop", "lion"];
        IEnumerable<string> metrics = Enumerable.Range(0, 9).Select(i => $"metric{i}").Append("accuracy")
            .Select(key => string.Create(CultureInfo.InvariantCulture, $$"""{"key":"{{key}}","value":{{random.NextDouble():R}},"timestamp":1700000000000,"step":0}"""));
        IEnumerable<string> @params = Enumerable.Range(0, 4).Select(i => $$"""{"key":"param{{i}}","value":"{{random.Next(100)}}"}""").Append($$"""{"key":"optimizer","value":"{{optimizers[random.Next(4)]}}"}""");
        return new StringBuilder($$"""{"run_id":"{{run}}","metrics":[""").AppendJoin(',', metrics).Append("""],"params":[""").AppendJoin(',', @params).Append("]}").ToString();
    }
}
