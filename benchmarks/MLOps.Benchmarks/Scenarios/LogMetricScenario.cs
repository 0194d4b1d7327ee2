using System.Diagnostics;
using MLOps.Tracking;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>One call at a pace of 50,000 a second, as a busy training loop makes them, then calls without a pause.</summary>
internal static class LogMetricScenario
{
    private const string Name = "log-metric";
    private const int CallsPerSecond = 50_000;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int calls = options.Quick ? 250_000 : 1_500_000;
        int flatOut = options.Quick ? 500_000 : 4_000_000;
        using ScratchFolder folder = options.NewFolder();
        await using var tracker = Tracker.Open(t => t.UseSqlite(folder.Database));
        await using Run run = await tracker.StartRunAsync(Name);
        Metric loss = run.Metric("loss");

        // The clock is read twice for each call; an empty call shows what of the figure is the clock's.
        LatencyHistogram clock = new();
        Pace(CallsPerSecond / 10, _ => { }, clock);
        Pace(CallsPerSecond, step => loss.Log(step, step), new LatencyHistogram());

        LatencyHistogram latency = new();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Pace(calls, step => loss.Log(step, CallsPerSecond + step), latency);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before - EmptyPaceBytes();

        Figure.Print(Name, "calls", calls, "calls");
        Figure.Print(Name, "clock_p50_ns", clock.Nanoseconds(0.5), "ns");
        Figure.Print(Name, "p50_ns", latency.Nanoseconds(0.5), "ns");
        Figure.Print(Name, "p99_ns", latency.Nanoseconds(0.99), "ns");
        Figure.Print(Name, "p999_ns", latency.Nanoseconds(0.999), "ns");
        Figure.Print(Name, "bytes_per_call", allocated / (double)calls, "bytes");

        Metric fast = run.Metric("flat_out");
        long start = Stopwatch.GetTimestamp();
        for (int step = 0; step < flatOut; step++)
            fast.Log(step, step);
        Figure.Print(Name, "calls_per_s", flatOut / Stopwatch.GetElapsedTime(start).TotalSeconds, "calls/s");

        await run.FlushAsync(Durability.Store);
        Figure.Print(Name, "dropped", run.Health.Dropped, "points");
    }

    /// <summary>Waits by spinning, since a sleep would let the core cool down and measure its waking.</summary>
    private static void Pace(int calls, Action<int> call, LatencyHistogram latency)
    {
        long interval = Stopwatch.Frequency / CallsPerSecond, due = Stopwatch.GetTimestamp();
        for (int i = 0; i < calls; i++)
        {
            due += interval;
            while (Stopwatch.GetTimestamp() < due)
            {
            }

            long start = Stopwatch.GetTimestamp();
            call(i);
            latency.Record(Stopwatch.GetTimestamp() - start);
        }
    }

    /// <summary>What the measurement itself allocates: the delegate.</summary>
    private static long EmptyPaceBytes()
    {
        double captured = 1;
        LatencyHistogram latency = new();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Pace(1, step => captured += step, latency);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
