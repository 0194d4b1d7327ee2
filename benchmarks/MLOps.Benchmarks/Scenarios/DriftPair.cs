using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;
using MLOps.Drift.Statistics;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Two columns of a million values from one bell-shaped distribution, in no order, and what comparing them costs beside the limits of the machine.</summary>
internal sealed class DriftPair
{
    private const int Rows = 1_000_000;
    private const int WarmUps = 40;

    private readonly string _scenario;
    private readonly int _trials;
    private readonly double[] _reference;
    private readonly double[] _current;

    private DriftPair(string scenario, BenchmarkOptions options)
    {
        Random random = new(options.Seed);
        (_scenario, _trials) = (scenario, options.Trials ?? (options.Quick ? 21 : 101));
        (_reference, _current) = (Draw(random), Draw(random));
    }

    public delegate TestResult Columns(ReadOnlySpan<double> reference, ReadOnlySpan<double> current);

    public static void Measure(string scenario, BenchmarkOptions options, Columns columns, Func<Sample, Sample, TestResult> samples)
    {
        DriftPair pair = new(scenario, options);
        Sample reference = Sample.Of(pair._reference), current = Sample.Of(pair._current);
        Figure.Print(scenario, "rows", Rows, "rows");
        pair.Print("unsorted", () => columns(pair._reference, pair._current));
        pair.Print("prepared", () => samples(reference, Sample.Of(pair._current)));
        pair.Print("both_prepared", () => samples(reference, current));
        pair.PrintLimits();
    }

    /// <summary>What no comparison of unsorted columns gets around: sorting one, and reading one.</summary>
    private void PrintLimits()
    {
        double[] copy = new double[Rows];
        Print("limit_sort_radix", () => Sample.Of(_current));
        Print("limit_sort_array", () => Array.Sort(copy), () => _current.CopyTo(copy, 0));
        double sum = 0;
        Print("limit_read_8mb", () => sum += Sum(_current));
        if (double.IsNaN(sum))
            throw new InvalidOperationException("The values add up to no number.");
    }

    /// <summary>The median, which a busy machine raises, and the least, which it raises less.</summary>
    private void Print(string figure, Action work, Action? prepare = null)
    {
        double[] times = new double[_trials];
        for (int trial = -WarmUps; trial < _trials; trial++)
        {
            prepare?.Invoke();
            long start = Stopwatch.GetTimestamp();
            work();
            if (trial >= 0)
                times[trial] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        Array.Sort(times);
        Figure.Print(_scenario, $"{figure}_ms", times[times.Length / 2], "ms");
        Figure.Print(_scenario, $"{figure}_min_ms", times[0], "ms");
    }

    private static double[] Draw(Random random)
    {
        double[] values = new double[Rows];
        foreach (ref double value in values.AsSpan())
            value = Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return values;
    }

    private static double Sum(double[] values)
    {
        Vector<double> first = Vector<double>.Zero, second = first, third = first, fourth = first;
        ReadOnlySpan<Vector<double>> vectors = MemoryMarshal.Cast<double, Vector<double>>(values);
        for (int i = 0; i <= vectors.Length - 4; i += 4)
        {
            first += vectors[i];
            second += vectors[i + 1];
            third += vectors[i + 2];
            fourth += vectors[i + 3];
        }

        return Vector.Sum(first + second + third + fourth);
    }
}
