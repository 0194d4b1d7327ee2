using MLOps.Drift.Statistics;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Kolmogorov–Smirnov on a million rows a side: two unsorted columns, one against a prepared reference, and two prepared samples.</summary>
internal static class DriftKsScenario
{
    public static Task RunAsync(BenchmarkOptions options)
    {
        DriftPair.Measure("drift-ks", options, (reference, current) => KolmogorovSmirnov.Test(reference, current), (reference, current) => KolmogorovSmirnov.Test(reference, current));
        return Task.CompletedTask;
    }
}
