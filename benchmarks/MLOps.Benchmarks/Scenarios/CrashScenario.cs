using System.Diagnostics;
using System.Globalization;
using MLOps.Tracking;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Kills a process that logs as fast as it can, opens its store and looks for every point whose call had returned.</summary>
internal static class CrashScenario
{
    private const string Name = "crash";
    private const string Key = "loss";
    private const int Backlog = 100_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int trials = options.Trials ?? (options.Quick ? 20 : 100);
        Random random = new(options.Seed);
        Figure.Print(Name, "seed", options.Seed, "seed");

        long acknowledged = 0, missing = 0, notKilled = 0, beforeStart = 0;
        for (int trial = 0; trial < trials; trial++)
        {
            Trial found = await KillAsync(options, random);
            acknowledged += found.Acknowledged;
            missing += found.Missing;
            if (found.Status is null)
                beforeStart++;
            else if (found.Status != RunStatus.Killed)
                notKilled++;
            if (found.Missing > 0)
                Console.Error.WriteLine($"trial {trial}: {found}");
        }

        Figure.Print(Name, "trials", trials, "trials");
        Figure.Print(Name, "killed_before_start", beforeStart, "trials");
        Figure.Print(Name, "acknowledged", acknowledged, "points");
        Figure.Print(Name, "missing", missing, "points");
        Figure.Print(Name, "not_marked_killed", notKilled, "runs");

        if (missing + notKilled > 0)
            throw new InvalidOperationException($"{missing} acknowledged points are missing and {notKilled} runs are not marked killed; seed and trials are above.");

        int reopens = Math.Max(10, trials / 5);
        List<double> times = [];
        for (int i = 0; i < reopens; i++)
            times.Add(await ReopenAsync(options));
        Figure.Print(Name, "reopens", reopens, "trials");
        Figure.Print(Name, "reopen_p99_ms", times.Order().ElementAt((int)Math.Ceiling(0.99 * reopens) - 1), "ms");
    }

    /// <summary>Logs a number of points, or without an end when it is 0, and tells the board after each call; ends by a kill.</summary>
    public static async Task<int> RunChildAsync(string database, string boardFile, string pointsText)
    {
        long points = long.Parse(pointsText, CultureInfo.InvariantCulture);
        using CrashBoard board = new(boardFile);
        await using var tracker = Tracker.Open(t => t.UseSqlite(database));
        Run run = await tracker.StartRunAsync(Name);
        Metric loss = run.Metric(Key);
        board.Run = run.Id;
        for (long step = 1; points == 0 || step <= points; step++)
        {
            loss.Log(ValueAt(step), step);
            board.Acknowledged = step;
        }

        using Process self = Process.GetCurrentProcess();
        self.Kill();
        return 0;
    }

    private static double ValueAt(long step) => Math.Sin(step);

    private static async Task<Trial> KillAsync(BenchmarkOptions options, Random random)
    {
        using ScratchFolder folder = options.NewFolder();
        using CrashBoard board = new(Path.Combine(folder.Path, "board"));
        using (Process child = ChildProcess.StartSelf("child", Name, folder.Database, Path.Combine(folder.Path, "board"), "0"))
        {
            // One in eight is killed while it starts; the others after up to a few hundred thousand points, short lives being as likely as long ones.
            bool whileStarting = random.Next(8) == 0;
            double milliseconds = whileStarting ? random.NextDouble() * 150 : Math.Exp(random.NextDouble() * Math.Log(60));
            if (!whileStarting)
                await WaitAsync(() => Task.FromResult(board.Acknowledged > 0), "the child's first point");
            for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start).TotalMilliseconds < milliseconds;)
                Thread.SpinWait(20);
            child.Kill();
            await child.WaitForExitAsync();
        }

        if (board.Run is not { } id)
            return new Trial(0, 0, null);
        long acknowledged = board.Acknowledged;
        await using var tracker = Tracker.Open(t => t.UseSqlite(folder.Database));
        RunDetails run = await SettledAsync(tracker, id);
        HashSet<MetricPoint> found = [.. (await tracker.GetSeriesAsync(id, Key)).Points.Select(point => point with { TimestampMs = 0 })];
        long missing = 0;
        for (long step = 1; step <= acknowledged; step++)
        {
            if (!found.Contains(new MetricPoint(step, 0, ValueAt(step))))
                missing++;
        }

        return new Trial(acknowledged, missing, run.Info.Status);
    }

    /// <summary>From opening the store that a killed process left with its points in the journal until a query shows them all.</summary>
    private static async Task<double> ReopenAsync(BenchmarkOptions options)
    {
        using ScratchFolder folder = options.NewFolder();
        using CrashBoard board = new(Path.Combine(folder.Path, "board"));
        using (Process child = ChildProcess.StartSelf("child", Name, folder.Database, Path.Combine(folder.Path, "board"), Backlog.ToString(CultureInfo.InvariantCulture)))
            await child.WaitForExitAsync();
        RunId id = board.Run ?? throw new InvalidOperationException("The child ended before it had started its run; its errors are above.");
        long start = Stopwatch.GetTimestamp();
        await using var tracker = Tracker.Open(t => t.UseSqlite(folder.Database));
        await WaitAsync(async () => (await tracker.GetSeriesAsync(id, Key)).Points.Count == Backlog, "the adopted backlog");
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    /// <summary>The run once its journal has been adopted and its status written.</summary>
    private static async Task<RunDetails> SettledAsync(Tracker tracker, RunId id)
    {
        RunDetails? run = null;
        await WaitAsync(async () =>
        {
            try
            {
                run = await tracker.GetRunAsync(id);
            }
            catch (RunNotFoundException)
            {
                // Its start may still be in the journal that is being adopted.
                return false;
            }

            return run.Info.Status != RunStatus.Running;
        }, "the end of the killed run");
        return run!;
    }

    private static async Task WaitAsync(Func<Task<bool>> reached, string what)
    {
        for (long start = Stopwatch.GetTimestamp(); !await reached();)
        {
            if (Stopwatch.GetElapsedTime(start) > Patience)
                throw new TimeoutException($"Waited {Patience.TotalSeconds:F0} s for {what}.");
            await Task.Delay(1);
        }
    }

    private sealed record Trial(long Acknowledged, long Missing, RunStatus? Status);
}
