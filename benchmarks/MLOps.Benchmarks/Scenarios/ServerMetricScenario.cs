using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Eight connections log one point a request; beside it they send empty requests to bare Kestrel. Both alternate, so that a slow moment of the machine hits both.</summary>
internal static class ServerMetricScenario
{
    private const string Name = "server-log-metric";
    private const int Connections = 8;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int pairs = options.Trials ?? (options.Quick ? 3 : 7);
        var part = TimeSpan.FromSeconds(options.Quick ? 1 : 4);
        using ScratchFolder folder = options.NewFolder();
        await using MlflowServer server = await MlflowServer.StartAsync(folder.Path);
        using Process empty = ChildProcess.StartSelf("child", "empty-server");
        using HttpClient emptyHttp = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = new Uri(await empty.ReadLineAsync()) };
        string run = await server.CreateRunAsync();
        int step = 0;

        Task<int> LogAsync(TimeSpan duration) => SendAsync(server.Http, "api/2.0/mlflow/runs/log-metric", () => Body(run, Interlocked.Increment(ref step)), duration);
        Task<int> EmptyAsync(TimeSpan duration) => SendAsync(emptyHttp, "empty", static () => [], duration);

        await LogAsync(TimeSpan.FromSeconds(2));
        await EmptyAsync(TimeSpan.FromSeconds(2));
        List<(double Logged, double Empty)> rates = [];
        for (int pair = 0; pair < pairs; pair++)
            rates.Add((await LogAsync(part) / part.TotalSeconds, await EmptyAsync(part) / part.TotalSeconds));

        await DemandAllAsync(server, run, step);
        (double Logged, double Empty) middle = rates.OrderBy(rate => rate.Logged / rate.Empty).ElementAt(rates.Count / 2);
        Figure.Print(Name, "pairs", pairs, "pairs");
        Figure.Print(Name, "requests_per_s", rates.Select(rate => rate.Logged).Order().ElementAt(rates.Count / 2), "requests/s");
        Figure.Print(Name, "empty_post_per_s", rates.Select(rate => rate.Empty).Order().ElementAt(rates.Count / 2), "requests/s");
        Figure.Print(Name, "fraction_of_empty_post", middle.Logged / middle.Empty, "ratio");
        empty.StandardInput.Close();
        await empty.WaitForExitAsync();
    }

    private static byte[] Body(string run, int step) =>
        Encoding.UTF8.GetBytes($$"""{"run_id":"{{run}}","key":"loss","value":0.3125,"timestamp":{{1_700_000_000_000 + step}},"step":{{step}}}""");

    private static async Task<int> SendAsync(HttpClient http, string path, Func<byte[]> body, TimeSpan duration)
    {
        long start = Stopwatch.GetTimestamp();
        int[] sent = await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(async () =>
        {
            int count = 0;
            for (; Stopwatch.GetElapsedTime(start) < duration; count++)
            {
                using HttpResponseMessage answer = await http.PostAsync(path, MlflowServer.Json(body()));
                answer.EnsureSuccessStatusCode();
            }

            return count;
        })));
        return sent.Sum();
    }

    /// <summary>Every point that was answered is there.</summary>
    private static async Task DemandAllAsync(MlflowServer server, string run, int points)
    {
        int found = 0;
        string? token = null;
        do
        {
            JsonElement page = JsonElement.Parse(await server.Http.GetByteArrayAsync($"api/2.0/mlflow/metrics/get-history?run_id={run}&metric_key=loss&max_results=25000{(token is null ? "" : $"&page_token={Uri.EscapeDataString(token)}")}"));
            found += page.GetProperty("metrics").GetArrayLength();
            token = page.TryGetProperty("next_page_token", out JsonElement next) ? next.GetString() : null;
        }
        while (token is not null);
        if (found != points)
            throw new InvalidOperationException($"{points} points were answered, {found} are there.");
    }
}
