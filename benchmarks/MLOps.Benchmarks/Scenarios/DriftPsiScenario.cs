using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using MLOps.Drift.Statistics;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>A current column of a million values against a prepared reference of a million, in ten quantile bins: counting, index and p-value. One pass over the column's 8 MB is the limit.</summary>
internal static class DriftPsiScenario
{
    private const string Name = "drift-psi";

    public static Task RunAsync(BenchmarkOptions options)
    {
        const int count = 1_000_000;
        int trials = options.Trials ?? (options.Quick ? 51 : 401);
        Random random = new(options.Seed);
        double[] reference = Normal(random, count, shift: 0), current = Normal(random, count, shift: 0.01);

        long start = Stopwatch.GetTimestamp();
        Sample sample = Sample.Of(reference);
        BinnedReference prepared = BinnedReference.Of(sample);
        Figure.Print(Name, "prepare_reference_ms", Stopwatch.GetElapsedTime(start).TotalMilliseconds, "ms");
        BinnedReference fifty = BinnedReference.Of(sample, Bins.EqualWidth(sample, 50)), hundred = BinnedReference.Of(sample, Bins.Quantiles(sample, 100));

        double sink = 0;
        Print("prepared", () => sink += PopulationStability.Test(prepared, current).Statistic);
        Print("prepared_50_equal_width", () => sink += PopulationStability.Test(fifty, current).Statistic);
        Print("prepared_100_quantiles", () => sink += PopulationStability.Test(hundred, current).Statistic);
        Print("limit_one_pass", () => sink += Sum(current));
        TestResult result = PopulationStability.Test(prepared, current);
        Figure.Print(Name, "values", count, "values");
        Figure.Print(Name, "psi_millionths", result.Statistic * 1e6, "1e-6");
        Figure.Print(Name, "rule", result.Rule, "name");
        if (double.IsNaN(sink))
            throw new InvalidOperationException("An index is not a number.");
        return Task.CompletedTask;

        void Print(string figure, Action measured)
        {
            // The runtime compiles what is hot once more, in the background, after a tenth of a second or later.
            long from = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(from) < TimeSpan.FromSeconds(0.5))
                measured();
            double[] milliseconds = new double[trials];
            foreach (ref double trial in milliseconds.AsSpan())
            {
                from = Stopwatch.GetTimestamp();
                measured();
                trial = Stopwatch.GetElapsedTime(from).TotalMilliseconds;
            }

            Array.Sort(milliseconds);
            Figure.Print(Name, $"{figure}_ms", milliseconds[trials / 2], "ms");
            Figure.Print(Name, $"{figure}_min_ms", milliseconds[0], "ms");
        }
    }

    /// <summary>Four sums at once, so that the pass waits for memory and not for additions.</summary>
    private static double Sum(ReadOnlySpan<double> values)
    {
        ReadOnlySpan<Vector512<double>> vectors = MemoryMarshal.Cast<double, Vector512<double>>(values);
        Vector512<double> a = default, b = default, c = default, d = default;
        for (int i = 0; i + 3 < vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return Vector512.Sum(a + b + c + d);
    }

    private static double[] Normal(Random random, int count, double shift)
    {
        double[] values = new double[count];
        foreach (ref double value in values.AsSpan())
            value = shift + (Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        return values;
    }
}
