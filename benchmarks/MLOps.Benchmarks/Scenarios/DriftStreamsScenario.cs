using System.Diagnostics;
using MLOps.Drift.Streams;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Rows a second through each streaming detector: row by row with Add, and in blocks with AddUntil. Beside them, one pass over the same rows that only adds them up.</summary>
internal static class DriftStreamsScenario
{
    private const string Name = "drift-streams";

    // More rows than a branch predictor can learn by heart when they come again.
    private const int Block = 1 << 20;

    public static Task RunAsync(BenchmarkOptions options)
    {
        int blocks = options.Quick ? 4 : 20, trials = options.Trials ?? (options.Quick ? 5 : 15);
        Random random = new(options.Seed);
        double[] errors = new double[Block], values = new double[Block];
        for (int i = 0; i < Block; i++)
        {
            errors[i] = random.NextDouble() < 0.2 ? 1 : 0;
            values[i] = random.NextDouble();
        }

        Figure.Print(Name, "rows", blocks * Block, "rows");
        Figure.Print(Name, "trials", trials, "trials");
        double sum = 0;
        Measure("physical_limit_sum", blocks, trials, () => sum += Sum(values));

        // Through the sealed type, as in a program that names its detector.
        Ddm ddm = new();
        double bytes = Measure(ddm, "ddm", errors, blocks, trials, () =>
        {
            int drifts = 0;
            foreach (double row in errors)
                drifts += ddm.Add(row) == StreamSignal.Drift ? 1 : 0;
            return drifts;
        });
        PageHinkley pageHinkley = new();
        bytes += Measure(pageHinkley, "page_hinkley", values, blocks, trials, () =>
        {
            int drifts = 0;
            foreach (double row in values)
                drifts += pageHinkley.Add(row) == StreamSignal.Drift ? 1 : 0;
            return drifts;
        });
        Adwin adwin = new();
        bytes += Measure(adwin, "adwin", values, blocks, trials, () =>
        {
            int drifts = 0;
            foreach (double row in values)
                drifts += adwin.Add(row) == StreamSignal.Drift ? 1 : 0;
            return drifts;
        });

        // Through the base type, as in a program that holds a list of them.
        foreach ((string name, StreamDetector detector, double[] rows) in ((string, StreamDetector, double[])[])
            [
                ("eddm", new Eddm(warningRatio: 0.8, driftRatio: 0.75), errors), ("hddm_a", new HddmA(), errors), ("hddm_w", new HddmW(), errors), ("fhddm", new Fhddm(), errors),
                ("cusum", new Cusum(threshold: 50), values), ("ewma", new Ewma(), values), ("kswin", new Kswin(alpha: 1e-6), values),
            ])
        {
            bytes += Measure(detector, name, rows, name == "kswin" ? (blocks / 10) + 1 : blocks, trials, () =>
            {
                int drifts = 0;
                foreach (double row in rows)
                    drifts += detector.Add(row) == StreamSignal.Drift ? 1 : 0;
                return drifts;
            });
        }

        Figure.Print(Name, "bytes_per_row", bytes, "bytes");
        GC.KeepAlive(sum);
        return Task.CompletedTask;
    }

    /// <summary>Prints the speeds of both ways; returns the bytes that a row allocated.</summary>
    private static double Measure(StreamDetector detector, string name, double[] rows, int blocks, int trials, Func<int> addEach)
    {
        int drifts = 0;
        long allocated = Measure(name, blocks, trials, () => drifts += addEach());
        allocated += Measure($"{name}_in_blocks", blocks, trials, () =>
        {
            ReadOnlySpan<double> rest = rows;
            for (int at; (at = detector.AddUntil(StreamSignal.Drift, rest)) >= 0; drifts++)
                rest = rest[(at + 1)..];
        });
        Figure.Print(Name, $"{name}_drifts", drifts, "drifts");
        return allocated / ((double)blocks * Block * trials);
    }

    /// <summary>Prints the median and the best speed; returns the bytes that all trials allocated.</summary>
    private static long Measure(string name, int blocks, int trials, Action addBlock)
    {
        // Long enough for the compiler's last tier.
        for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeSpan.FromMilliseconds(500);)
            addBlock();

        double[] speeds = new double[trials];
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (ref double speed in speeds.AsSpan())
        {
            long start = Stopwatch.GetTimestamp();
            for (int block = 0; block < blocks; block++)
                addBlock();
            speed = (double)blocks * Block / Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Array.Sort(speeds);
        Figure.Print(Name, $"{name}_rows_per_s", speeds[trials / 2], "rows/s");
        Figure.Print(Name, $"{name}_best_rows_per_s", speeds[^1], "rows/s");
        return allocated;
    }

    private static double Sum(double[] rows)
    {
        double sum = 0;
        foreach (double row in rows)
            sum += row;
        return sum;
    }
}
