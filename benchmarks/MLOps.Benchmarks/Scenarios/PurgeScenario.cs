using System.Diagnostics;
using MLOps.Sqlite;
using MLOps.Tracking;
using MLOps.Tracking.Storage;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Purges runs of ten series of a thousand points, while another writer's small writes are timed, and compacts the file.</summary>
internal static class PurgeScenario
{
    private const string Name = "purge";
    private const int SeriesPerRun = 10, PointsPerSeries = 1_000;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int runs = options.Runs ?? (options.Quick ? 500 : 10_000);
        using ScratchFolder folder = options.NewFolder();
        await FillAsync(folder.Database, runs, options.Seed);
        double before = Mebibytes(folder);

        await using var tracker = Tracker.Open(t => t.UseSqlite(folder.Database));
        Experiment experiment = await tracker.GetExperimentAsync(Name);
        await tracker.DeleteExperimentAsync(experiment.Id);
        (PurgeReport report, TimeSpan purging, LatencyHistogram writes) = await PurgeAsync(tracker, folder);
        if (report.Runs != runs || report.Experiments != 1)
            throw new InvalidOperationException($"{report.Runs} of {runs} runs were purged.");
        CompactResult compacted = await tracker.CompactAsync();

        Figure.Print(Name, "runs", runs, "runs");
        Figure.Print(Name, "runs_per_s", runs / purging.TotalSeconds, "runs/s");
        Figure.Print(Name, "points_per_s", (double)runs * SeriesPerRun * PointsPerSeries / purging.TotalSeconds, "points/s");
        Figure.Print(Name, "write_p50_ms", writes.Nanoseconds(0.5) / 1e6, "ms");
        Figure.Print(Name, "write_p99_ms", writes.Nanoseconds(0.99) / 1e6, "ms");
        Figure.Print(Name, "write_max_ms", writes.Nanoseconds(1) / 1e6, "ms");
        Figure.Print(Name, "file_mib_before", before, "MiB");
        Figure.Print(Name, "file_mib_after_purge", compacted.BytesBefore / (double)(1 << 20), "MiB");
        Figure.Print(Name, "file_mib_after_compact", compacted.BytesAfter / (double)(1 << 20), "MiB");
    }

    private static async Task FillAsync(string database, int runs, int seed)
    {
        Random random = new(seed);
        MetricPoint[] points = new MetricPoint[PointsPerSeries];
        await using SqliteTrackingStore store = new(database);
        for (int i = 0; i < runs; i++)
        {
            RunId run = RunId.New();
            List<TrackingRecord> records = [new TrackingRecord.RunStarted(run, i) { ExperimentName = Name }, new TrackingRecord.ParamLogged(run, "number", $"{i}")];
            for (int series = 0; series < SeriesPerRun; series++)
            {
                for (int step = 0; step < points.Length; step++)
                    points[step] = new MetricPoint(step, step, random.NextDouble());
                records.Add(new TrackingRecord.PointsLogged(run, $"metric{series}", points.ToArray()));
            }

            records.Add(new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = i });
            await store.AppendAsync(new RecordBatch { Records = records }, CancellationToken.None);
        }
    }

    /// <summary>The other writer comes to the file by a second path, so that nothing but SQLite's lock stands between the two, as between processes.</summary>
    private static async Task<(PurgeReport Report, TimeSpan Duration, LatencyHistogram Writes)> PurgeAsync(Tracker tracker, ScratchFolder folder)
    {
        LatencyHistogram writes = new();
        RunId other = await tracker.RunAsync("other", run => Task.FromResult(run.Id));
        await tracker.FlushAsync(Durability.Store);
        string link = Directory.CreateSymbolicLink(Path.Combine(folder.Path, "link"), folder.Path).FullName;
        await using SqliteTrackingStore store = new(Path.Combine(link, Path.GetFileName(folder.Database)));
        await store.OpenAsync(CancellationToken.None);
        using CancellationTokenSource purged = new();
        Task writing = Task.Run(async () =>
        {
            RecordBatch batch = new() { Records = [new TrackingRecord.TagSet(other, "written", "1")] };
            while (!purged.IsCancellationRequested)
            {
                long begin = Stopwatch.GetTimestamp();
                await store.AppendAsync(batch, CancellationToken.None);
                writes.Record(Stopwatch.GetTimestamp() - begin);
                await Task.Delay(1);
            }
        });

        long start = Stopwatch.GetTimestamp();
        PurgeReport report = await tracker.PurgeAsync();
        TimeSpan duration = Stopwatch.GetElapsedTime(start);
        await purged.CancelAsync();
        await writing;
        return (report, duration, writes);
    }

    private static double Mebibytes(ScratchFolder folder) =>
        Directory.EnumerateFiles(folder.Path, "mlops.db*").Sum(file => new FileInfo(file).Length) / (double)(1 << 20);
}
