using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using MLOps.Registry;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>The sample ModelHost serves in a process of its own; this one sends it requests at a steady rate and moves the alias meanwhile.</summary>
internal static class RegistrySwapScenario
{
    private const string Name = "registry-swap";
    private const int Callers = 4;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int swaps = options.Trials ?? (options.Quick ? 20 : 100);
        using ScratchFolder folder = options.NewFolder();
        using Process host = ChildProcess.Start(HostProgram(), "--serve", "--database", folder.Database, "--cache", Path.Combine(folder.Path, "cache"), "--models", "2");
        try
        {
            using HttpClient http = new() { BaseAddress = new Uri(await host.ReadLineAsync()) };
            await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(folder.Database));
            await LoadAsync(http, new(), untilVersions: null, TimeSpan.FromSeconds(2));

            // As long without swaps as with them, before and after, so that a slow moment of the machine is not taken for a swap.
            Load before = new(), during = new(), after = new();
            await LoadAsync(http, before, untilVersions: null, TimeSpan.FromSeconds(options.Quick ? 2 : 10));
            await LoadAsync(http, during, Enumerable.Range(1, swaps).Select(swap => (Func<Task<int>>)(() => SwapAsync(registry, 1 + (swap % 2)))), duration: null);
            await LoadAsync(http, after, untilVersions: null, TimeSpan.FromSeconds(options.Quick ? 2 : 10));

            Figure.Print(Name, "swaps", swaps, "swaps");
            Figure.Print(Name, "requests", during.Requests, "requests");
            Figure.Print(Name, "failed_requests", before.Failed + during.Failed + after.Failed, "requests");
            double calm = (before.P99 + after.P99) / 2;
            Figure.Print(Name, "calm_p99_ms", calm, "ms");
            Figure.Print(Name, "swap_p99_ms", during.P99, "ms");
            Figure.Print(Name, "added_p99_ms", during.P99 - calm, "ms");
        }
        finally
        {
            host.Kill();
            await host.WaitForExitAsync();
        }
    }

    private static async Task<int> SwapAsync(ModelRegistry registry, int to)
    {
        await registry.MoveAliasAsync("churn", "champion", to);
        return to;
    }

    // Each caller sends its next request when its time has come, whether or not the one before it was slow: a request that waits counts from the time at which it was due.
    private static async Task LoadAsync(HttpClient http, Load load, IEnumerable<Func<Task<int>>>? untilVersions, TimeSpan? duration)
    {
        using CancellationTokenSource end = duration is { } time ? new(time) : new();
        Task[] callers = [.. Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(http, load, caller, end.Token)))];
        foreach (Func<Task<int>> swap in untilVersions ?? [])
        {
            int version = await swap();
            while (Volatile.Read(ref load.LastVersion) != version)
                await Task.Delay(1);
            await Task.Delay(20);
        }

        if (untilVersions is not null)
            await end.CancelAsync();
        await Task.WhenAll(callers);
    }

    // A request that was sent is waited for: cancelled, it would count as failed.
    private static async Task CallAsync(HttpClient http, Load load, int caller, CancellationToken end)
    {
        LatencyHistogram latencies = new();
        long pace = (long)(Pace.TotalSeconds * Stopwatch.Frequency), due = Stopwatch.GetTimestamp() + (pace * caller / Callers);
        int requests = 0, failed = 0;
        while (!end.IsCancellationRequested)
        {
            if (Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due) is { Ticks: > 0 } early)
                await Task.Delay(early, CancellationToken.None);
            try
            {
                using HttpResponseMessage response = await http.PostAsJsonAsync("/score", new { features = new float[] { 1, 0.5f, -1, 2 } }, CancellationToken.None);
                if (response.IsSuccessStatusCode)
                    Volatile.Write(ref load.LastVersion, (await response.Content.ReadFromJsonAsync<JsonElement>(CancellationToken.None)).GetProperty("version").GetInt32());
                else
                    failed++;
            }
            catch (HttpRequestException)
            {
                failed++;
            }

            requests++;
            latencies.Record(Math.Max(0, Stopwatch.GetTimestamp() - due));
            due += pace;
        }

        lock (load)
        {
            load.Requests += requests;
            load.Failed += failed;
            load.P99 = Math.Max(load.P99, latencies.Nanoseconds(0.99) / 1e6);
        }
    }

    private static string HostProgram() => Path.GetFullPath(Path.Join(AppContext.BaseDirectory, "..", "..", "ModelHost", Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)), "ModelHost"));

    private sealed class Load
    {
        public int LastVersion;

        public int Requests { get; set; }

        public int Failed { get; set; }

        /// <summary>The worst caller's.</summary>
        public double P99 { get; set; }
    }
}
