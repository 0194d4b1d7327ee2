namespace MLOps.Benchmarks;

/// <summary>Something to measure: prints its figures.</summary>
internal sealed record Scenario(string Name, string Measures, Func<BenchmarkOptions, Task> RunAsync);
