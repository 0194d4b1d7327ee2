// Prints the monotonic clock at the moment to be measured; the clock is the same in the process that started this one.
using System.Diagnostics;
using System.Runtime.CompilerServices;
using MLOps.Tracking;

if (args is [string folder])
    await TrackAsync(folder);
Console.WriteLine(Stopwatch.GetTimestamp());

// Apart, so that an empty start loads nothing of it.
[MethodImpl(MethodImplOptions.NoInlining)]
static async Task TrackAsync(string folder)
{
    await using var tracker = Tracker.Open(t => t.UseSqlite(Path.Combine(folder, "mlops.db")));
    Run run = await tracker.StartRunAsync("startup");
    run.LogMetric("loss", 0.5);
    await run.FlushAsync(Durability.Process);
    Console.WriteLine(Stopwatch.GetTimestamp());
    await run.EndAsync(RunStatus.Finished);
}
