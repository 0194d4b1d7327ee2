using MLOps.Tracking;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>The database file after its run has ended and the last process has closed it; never vacuumed.</summary>
internal static class StoreSizeScenario
{
    private const string Name = "store-size";

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int points = options.Quick ? 500_000 : 4_000_000;
        Random random = new(options.Seed);
        Figure.Print(Name, "points", points, "points");
        Figure.Print(Name, "bytes_per_point", await MeasureAsync(options, points, random.NextDouble), "bytes");
        Figure.Print(Name, "constant_bytes_per_point", await MeasureAsync(options, points, () => 0.5), "bytes");
    }

    private static async Task<double> MeasureAsync(BenchmarkOptions options, int points, Func<double> next)
    {
        using ScratchFolder folder = options.NewFolder();
        await using (var tracker = Tracker.Open(t => t.UseSqlite(folder.Database)))
        {
            await tracker.RunAsync(Name, run =>
            {
                Metric loss = run.Metric("loss");
                for (int step = 0; step < points; step++)
                    loss.Log(next(), step);
                return Task.CompletedTask;
            });
            await tracker.FlushAsync(Durability.Store);
        }

        // The database, and beside it what its closing may have left of the write-ahead log.
        return Directory.EnumerateFiles(folder.Path, "mlops.db*").Sum(file => new FileInfo(file).Length) / (double)points;
    }
}
