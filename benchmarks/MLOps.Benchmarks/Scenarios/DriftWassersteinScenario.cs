using MLOps.Drift.Statistics;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Wasserstein's distance of a million rows a side: two unsorted columns, one against a prepared reference, and two prepared samples.</summary>
internal static class DriftWassersteinScenario
{
    public static Task RunAsync(BenchmarkOptions options)
    {
        DriftPair.Measure("drift-wasserstein", options, (reference, current) => Wasserstein.Test(reference, current), (reference, current) => Wasserstein.Test(reference, current));
        return Task.CompletedTask;
    }
}
