using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>100,000 points of one metric read whole as MLflow's Python client reads them: pages of 25,000, one after the other.</summary>
internal static class ServerHistoryScenario
{
    private const string Name = "server-history";
    private const int Points = 100_000, BatchSize = 1000;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int trials = options.Trials ?? (options.Quick ? 5 : 31);
        using ScratchFolder folder = options.NewFolder();
        await using MlflowServer server = await MlflowServer.StartAsync(folder.Path);
        string run = await server.CreateRunAsync();
        for (int first = 0; first < Points; first += BatchSize)
            await server.PostAsync("runs/log-batch", Body(run, first));
        List<double> times = [];
        for (int trial = -3; trial < trials; trial++)
        {
            long start = Stopwatch.GetTimestamp();
            List<byte[]> pages = await ReadAsync(server, run);
            if (trial >= 0)
                times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            int found = pages.Sum(page => page.AsSpan().Count("\"timestamp\""u8));
            if (found != Points)
                throw new InvalidOperationException($"{found} points came, not {Points}.");
        }

        times.Sort();
        Figure.Print(Name, "ms", times[times.Count / 2], "ms");
        Figure.Print(Name, "best_ms", times[0], "ms");
    }

    private static async Task<List<byte[]>> ReadAsync(MlflowServer server, string run)
    {
        List<byte[]> pages = [];
        for (string? token = ""; token is not null;)
        {
            byte[] page = await server.Http.GetByteArrayAsync($"api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=loss&max_results=25000{(token.Length == 0 ? "" : $"&page_token={Uri.EscapeDataString(token)}")}");
            pages.Add(page);
            token = TokenOf(page);
        }

        return pages;
    }

    private static string? TokenOf(byte[] page)
    {
        ReadOnlySpan<byte> name = "\"next_page_token\":\""u8, json = page;
        int at = json.LastIndexOf(name);
        if (at < 0)
            return null;
        ReadOnlySpan<byte> value = json[(at + name.Length)..];
        return Encoding.UTF8.GetString(value[..value.IndexOf((byte)'"')]);
    }

    private static string Body(string run, int first)
    {
        Random random = new(first);
        StringBuilder body = new($$"""{"run_id":"{{run}}","metrics":[""");
        for (int i = 0; i < BatchSize; i++)
            body.Append(CultureInfo.InvariantCulture, $$"""{{(i == 0 ? "" : ",")}}{"key":"loss","value":{{random.NextDouble():R}},"timestamp":{{1_700_000_000_000 + first + i}},"step":{{first + i}}}""");
        return body.Append("]}").ToString();
    }
}
