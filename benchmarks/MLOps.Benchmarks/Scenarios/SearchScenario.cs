using System.Diagnostics;
using MLOps.Sqlite;
using MLOps.Tracking;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>The best 50 runs by a metric among those that pass two conditions on metrics and one on a param, in one of 50 experiments and in all, beside a scan of the same columns in memory.</summary>
internal static class SearchScenario
{
    private const string Name = "search";
    private const int Experiments = 50, Metrics = 10, Params = 5, Top = 50, RunsPerBatch = 500;

    // How many values the params have: from a flag to a seed.
    private static readonly int[] s_levels = [2, 4, 10, 50, 1000];

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int runs = options.Runs ?? (options.Quick ? 10_000 : 100_000);
        int trials = options.Trials ?? (options.Quick ? 101 : 501);
        using ScratchFolder folder = options.NewFolder();
        Random random = new(options.Seed);
        double[][] columns;
        long loading = Stopwatch.GetTimestamp();
        await using (SqliteTrackingStore store = new(folder.Database))
            columns = await FillAsync(store, runs, random);
        Figure.Print(Name, "runs", runs, "runs");
        Figure.Print(Name, "load_s", Stopwatch.GetElapsedTime(loading).TotalSeconds, "s");
        Figure.Print(Name, "file_mib", new FileInfo(folder.Database).Length / (double)(1 << 20), "MiB");

        await using SqliteTrackingStore opened = new(folder.Database);
        ExperimentId[] experiments = [.. (await opened.FindExperimentsAsync(new ExperimentQuery(), new PageRequest(), default)).Items.Where(experiment => experiment.Name != "Default").Select(experiment => experiment.Id)];
        double[] one = await MeasureAsync(opened, trials, () => Query(random) with { Experiments = [experiments[random.Next(experiments.Length)]] });
        double[] all = await MeasureAsync(opened, trials, () => Query(random));
        double[] both = [.. one, .. all];
        Array.Sort(both);
        Figure.Print(Name, "one_experiment_p50_ms", one[trials / 2], "ms");
        Figure.Print(Name, "one_experiment_p99_ms", one[trials * 99 / 100], "ms");
        Figure.Print(Name, "all_experiments_p50_ms", all[trials / 2], "ms");
        Figure.Print(Name, "all_experiments_p99_ms", all[trials * 99 / 100], "ms");
        Figure.Print(Name, "p99_ms", both[both.Length * 99 / 100], "ms");
        Figure.Print(Name, "memory_scan_p50_ms", Scan(columns, trials, random), "ms");
    }

    private static async Task<double[][]> FillAsync(SqliteTrackingStore store, int runs, Random random)
    {
        double[][] columns = [.. Enumerable.Range(0, 4).Select(_ => new double[runs])];
        for (int first = 0; first < runs; first += RunsPerBatch)
        {
            List<TrackingRecord> records = [];
            for (int i = first; i < Math.Min(first + RunsPerBatch, runs); i++)
            {
                RunId run = RunId.New();
                records.Add(new TrackingRecord.RunStarted(run, 1_790_000_000_000 + i) { ExperimentName = $"experiment-{random.Next(Experiments)}", Name = $"run-{i}" });
                for (int param = 0; param < Params; param++)
                    records.Add(new TrackingRecord.ParamLogged(run, $"param{param}", $"{random.Next(s_levels[param])}"));
                for (int metric = 0; metric < Metrics; metric++)
                {
                    double value = random.NextDouble();
                    if (metric < columns.Length)
                        columns[metric][i] = value;
                    records.Add(new TrackingRecord.PointsLogged(run, $"metric{metric}", new[] { new MetricPoint(0, 1_790_000_000_000 + i, value) }));
                }

                records.Add(new TrackingRecord.RunUpdated(run) { Status = RunStatus.Finished, EndedAtMs = 1_790_000_000_000 + i });
            }

            AppendResult result = await store.AppendAsync(new RecordBatch { Records = records }, default);
            if (result.Rejections.Count > 0)
                throw new InvalidOperationException(result.Rejections[0].Message);
        }

        return columns;
    }

    /// <summary>Two conditions on metrics, each met by a tenth to nine tenths of all runs, one on a param that has 2 to 1,000 values, and an order by a metric in either direction.</summary>
    private static RunQuery Query(Random random)
    {
        int[] metrics = [.. Enumerable.Range(0, Metrics)];
        random.Shuffle(metrics);
        int param = random.Next(Params);
        NumberField order = RunField.Metric($"metric{metrics[random.Next(3)]}");
        return new RunQuery
        {
            Filter = (RunField.Metric($"metric{metrics[0]}") > Threshold(random)) & (RunField.Metric($"metric{metrics[1]}") < Threshold(random)) & RunField.Param($"param{param}").EqualTo($"{random.Next(s_levels[param])}"),
            OrderBy = [random.Next(2) == 0 ? order.Ascending : order.Descending],
        };
    }

    private static double Threshold(Random random) => 0.1 + (0.8 * random.NextDouble());

    private static async Task<double[]> MeasureAsync(SqliteTrackingStore store, int trials, Func<RunQuery> next)
    {
        PageRequest page = new() { Size = Top };
        for (int i = 0; i < 20; i++)
            await store.FindRunsAsync(next(), page, default);
        double[] times = new double[trials];
        int found = 0;
        foreach (ref double time in times.AsSpan())
        {
            RunQuery query = next();
            long start = Stopwatch.GetTimestamp();
            found += store.FindRunsAsync(query, page, default).AsTask().GetAwaiter().GetResult().Items.Count;
            time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        if (found == 0)
            throw new InvalidOperationException("No query found a run.");
        Array.Sort(times);
        return times;
    }

    /// <summary>What no search can be much faster than that keeps no index for its conditions: three columns in memory, row by row, and the best 50.</summary>
    private static double Scan(double[][] columns, int trials, Random random)
    {
        double[] times = new double[trials];
        PriorityQueue<int, double> best = new(Top + 1);
        foreach (ref double time in times.AsSpan())
        {
            (double a, double b, double c) = (Threshold(random), Threshold(random), Threshold(random));
            long start = Stopwatch.GetTimestamp();
            best.Clear();
            for (int i = 0; i < columns[0].Length; i++)
            {
                if (columns[0][i] > a && columns[1][i] < b && columns[2][i] < c)
                {
                    if (best.Count < Top)
                        best.Enqueue(i, columns[3][i]);
                    else
                        best.EnqueueDequeue(i, columns[3][i]);
                }
            }

            time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        return times[trials / 2];
    }
}
