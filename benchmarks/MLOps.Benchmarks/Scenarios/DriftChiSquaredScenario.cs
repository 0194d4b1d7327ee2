using System.Diagnostics;
using MLOps.Drift.Statistics;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Two columns of texts from nothing to the χ² test: the counting of both sides and the test, beside one pass that only looks at each text.</summary>
internal static class DriftChiSquaredScenario
{
    private const string Name = "drift-chi2";
    private const int Distinct = 1_000_000;

    private static readonly string[] Levels =
    [
        "Private", "Self-emp-not-inc", "Local-gov", "State-gov", "Federal-gov", "Self-emp-inc", "Never-worked", "Without-pay", "United-States", "Mexico",
        "Philippines", "Germany", "Puerto-Rico", "Canada", "El-Salvador", "India", "Cuba", "England", "Dominican-Republic", "Trinidad&Tobago",
    ];

    public static Task RunAsync(BenchmarkOptions options)
    {
        int trials = options.Trials ?? (options.Quick ? 11 : 101);
        Random random = new(options.Seed);
        int[] reference = Draw(random), current = Draw(random);
        Figure.Print(Name, "values_a_side", reference.Length, "texts");
        Figure.Print(Name, "levels", Levels.Length, "levels");

        // As read from a file, where each value is an object of its own.
        string[] ownReference = Array.ConvertAll(reference, level => new string(Levels[level].AsSpan())), ownCurrent = Array.ConvertAll(current, level => new string(Levels[level].AsSpan()));
        Report("", trials, () => Test(ownReference, ownCurrent));
        Report("one_thread_", trials, () => Statistic(CategoryCounts.Of(ownReference), CategoryCounts.Of(ownCurrent)));
        Report("pass_", trials, () => Pass(ownReference) + Pass(ownCurrent));

        // As an enumeration's names or interned texts, where equal values are one object.
        string[] sharedReference = Array.ConvertAll(reference, level => Levels[level]), sharedCurrent = Array.ConvertAll(current, level => Levels[level]);
        Report("shared_instances_", trials, () => Test(sharedReference, sharedCurrent));
        Report("shared_instances_pass_", trials, () => Pass(sharedReference) + Pass(sharedCurrent));
        Report("integers_", trials, () => Statistic(CategoryCounts.Of<int>(reference), CategoryCounts.Of<int>(current)));

        string[] ids = [.. Enumerable.Range(0, Distinct).Select(i => $"customer-{i * 7919L % 1_000_003:D7}")];
        random.Shuffle(ids);
        Report("million_levels_", Math.Min(trials, 5), () => Test(ids, ids));

        CategoryCounts first = CategoryCounts.Of(sharedReference), second = CategoryCounts.Of(sharedCurrent);
        CellCounts cells = CellCounts.Of(first, second);
        Report("permutations_9999_", Math.Min(trials, 5), () => ChiSquared.PermutationTest(cells).PValue);
        Report("fisher_1m_", Math.Min(trials, 101), () => FisherExact.Test(300_000, 1_000_000, 300_500, 1_000_000).PValue);
        Report("fisher_1g_", Math.Min(trials, 101), () => FisherExact.Test(300_000_000, 1_000_000_000, 300_010_000, 1_000_000_000).PValue);
        Report("fisher_largest_", Math.Min(trials, 101), () => FisherExact.Test(long.MaxValue / 4, long.MaxValue / 2, (long.MaxValue / 4) - 1_000_000_000, long.MaxValue / 2).PValue);
        return Task.CompletedTask;
    }

    private static int[] Draw(Random random) => [.. Enumerable.Range(0, 1_000_000).Select(_ => random.Next(Levels.Length))];

    private static double Test(string[] reference, string[] current)
    {
        (CategoryCounts first, CategoryCounts second) = CategoryCounts.OfBoth(reference, current);
        return Statistic(first, second);
    }

    private static double Statistic(CategoryCounts reference, CategoryCounts current) => ChiSquared.Test(CellCounts.Of(reference, current)).Statistic;

    /// <summary>What counting cannot be faster than: each text's length and first character.</summary>
    private static double Pass(string[] values)
    {
        long sum = 0;
        foreach (string value in values)
            sum += value.Length + value[0];
        return sum;
    }

    private static void Report(string figure, int trials, Func<double> work)
    {
        double warm = 0;
        for (int i = 0; i < 3; i++)
            warm += work();
        double[] times = new double[trials];
        foreach (ref double time in times.AsSpan())
        {
            long start = Stopwatch.GetTimestamp();
            warm += work();
            time = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        if (double.IsNaN(warm))
            throw new InvalidOperationException($"{figure} has no result.");
        Array.Sort(times);
        Figure.Print(Name, $"{figure}ms", times[times.Length / 2], "ms");
        Figure.Print(Name, $"{figure}min_ms", times[0], "ms");
    }
}
