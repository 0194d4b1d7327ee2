// Starts itself as a child that logs as fast as it can and kills itself with SIGKILL; then opens the store that the child left behind
// and looks for every point whose call had returned.
using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using MLOps.Tracking;

return args is ["child", var database, var board] ? await LogUntilKilledAsync(database, board) : await WatchAsync();

static async Task<int> WatchAsync()
{
    string database = Path.GetFullPath("mlops.db");
    string board = Path.GetTempFileName();
    try
    {
        using MemoryMappedFile memory = MemoryMappedFile.CreateFromFile(board, FileMode.Open, mapName: null, Board.Bytes);
        using Board counter = new(memory);
        using (Process child = Process.Start(Environment.ProcessPath!, ["child", database, board]))
            await child.WaitForExitAsync();

        await using var tracker = Tracker.Open(t => t.UseSqlite(database));
        RunDetails run = await WhenSettledAsync(tracker, counter.Run);
        long acknowledged = counter.Acknowledged;
        IReadOnlyList<MetricPoint> points = (await tracker.GetSeriesAsync(counter.Run, "loss")).Points;
        // The kill may come after a point was written and before its call could return: that one is more than was promised.
        long found = points.Count(point => point.Step <= acknowledged && point.Value == Math.Sin(point.Step));
        string sign = found == acknowledged ? "=" : "≠";
        Console.WriteLine($"acknowledged {acknowledged} {sign} found {found}, status {run.Info.Status}");
        return found == acknowledged && acknowledged > 0 && run.Info.Status == RunStatus.Killed ? 0 : 1;
    }
    finally
    {
        File.Delete(board);
    }
}

// The store adopts what a dead process left in the background; until then its run may still read as running.
static async Task<RunDetails> WhenSettledAsync(Tracker tracker, RunId id)
{
    for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30); await Task.Delay(10))
    {
        try
        {
            RunDetails run = await tracker.GetRunAsync(id);
            if (run.Info.Status != RunStatus.Running)
                return run;
        }
        catch (RunNotFoundException)
        {
            // Its start is still among the records that are being adopted.
        }
    }

    throw new TimeoutException($"Run {id} was not adopted within 30 s.");
}

static async Task<int> LogUntilKilledAsync(string database, string board)
{
    using MemoryMappedFile memory = MemoryMappedFile.CreateFromFile(board, FileMode.Open, mapName: null, Board.Bytes);
    using Board counter = new(memory);
    await using var tracker = Tracker.Open(t => t.UseSqlite(database));
    Run run = await tracker.StartRunAsync("unkillable");
    counter.Run = run.Id;
    Metric loss = run.Metric("loss");

    // Another thread pulls the trigger, at a moment that the logging one cannot know.
    TimeSpan life = TimeSpan.FromMilliseconds(new Random().Next(50, 500));
    new Thread(() =>
    {
        Thread.Sleep(life);
        Process.GetCurrentProcess().Kill();
    }).Start();

    for (long step = 1; ; step++)
    {
        loss.Log(Math.Sin(step), step);
        counter.Acknowledged = step;
    }
}
