using System.Diagnostics;
using System.Globalization;
using MLOps.Tracking;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Points of several interleaved metrics, from the first call until a query shows the last of each.</summary>
internal static class IngestScenario
{
    private const string Name = "ingest";
    private static readonly string[] Keys = ["loss", "accuracy", "grad_norm", "learning_rate"];

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int points = options.Quick ? 2_000_000 : 8_000_000;
        (double one, int lockedAlone) = await MeasureAsync(options, processes: 1, points);
        (double two, int lockedTogether) = await MeasureAsync(options, processes: 2, points);
        Figure.Print(Name, "points", points, "points");
        Figure.Print(Name, "points_per_s", one, "points/s");
        Figure.Print(Name, "points_per_s_two_processes", two, "points/s");
        Figure.Print(Name, "locked_errors", lockedAlone + lockedTogether, "errors");
    }

    /// <summary>Opens the store, says so, waits for the word, logs, and prints when it began, when all could be seen, and how often it met a lock.</summary>
    public static async Task<int> RunChildAsync(string database, string pointsText)
    {
        int points = int.Parse(pointsText, CultureInfo.InvariantCulture);
        double[] noise = Noise();
        using LockCounter locks = new();
        await using var tracker = Tracker.Open(t => t.UseSqlite(database).UseLogging(locks));
        await using Run run = await tracker.StartRunAsync(Name);
        await run.FlushAsync(Durability.Store);
        Metric[] metrics = [.. Keys.Select(run.Metric)];
        Console.WriteLine("ready");
        await Console.In.ReadLineAsync();

        int steps = points / metrics.Length;
        long start = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++)
        {
            foreach (Metric metric in metrics)
                metric.Log(noise[step & (noise.Length - 1)], step);
        }

        RunDetails seen = await tracker.GetRunAsync(run.Id);
        while (Keys.Any(key => !seen.Metrics.TryGetValue(key, out MetricPoint latest) || latest.Step != steps - 1))
            seen = await tracker.GetRunAsync(run.Id);
        long end = Stopwatch.GetTimestamp();
        foreach (string key in Keys)
        {
            int found = (await tracker.GetSeriesAsync(run.Id, key)).Points.Count;
            if (found != steps)
                throw new InvalidOperationException($"{steps} points of {key} were logged and {found} found.");
        }

        await run.EndAsync(RunStatus.Finished);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{start} {end} {locks.Count}"));
        return 0;
    }

    private static async Task<(double PointsPerSecond, int LockedErrors)> MeasureAsync(BenchmarkOptions options, int processes, int points)
    {
        using ScratchFolder folder = options.NewFolder();
        Process[] children = new Process[processes];
        for (int i = 0; i < processes; i++)
            children[i] = ChildProcess.StartSelf("child", Name, folder.Database, (points / processes).ToString(CultureInfo.InvariantCulture));
        foreach (Process child in children)
            await child.ReadLineAsync();
        foreach (Process child in children)
            await child.StandardInput.WriteLineAsync("go");

        long first = long.MaxValue, last = 0;
        int locked = 0;
        foreach (Process child in children)
        {
            using (child)
            {
                long[] reported = [.. (await child.ReadLineAsync()).Split(' ').Select(number => long.Parse(number, CultureInfo.InvariantCulture))];
                first = Math.Min(first, reported[0]);
                last = Math.Max(last, reported[1]);
                locked += (int)reported[2];
                await child.WaitForExitAsync();
            }
        }

        return (points / Stopwatch.GetElapsedTime(first, last).TotalSeconds, locked);
    }

    private static double[] Noise()
    {
        Random random = new(1);
        double[] noise = new double[1 << 16];
        foreach (ref double value in noise.AsSpan())
            value = random.NextDouble();
        return noise;
    }
}
