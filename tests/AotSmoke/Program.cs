// Published with native AOT: a run is tracked, ended and read back, and columns are compared, by a program that has no JIT and no reflection to fall back on.
using MLOps.Drift.Statistics;
using MLOps.Drift.Streams;
using MLOps.Tracking;
using MLOps.Tracking.Search;

DirectoryInfo folder = Directory.CreateTempSubdirectory("mlops-aot-");
try
{
    string database = Path.Combine(folder.FullName, "mlops.db");
    RunId id = await TrackAsync(database);
    await CheckAsync(database, id);
    CheckDrift();
    Console.WriteLine($"native AOT: run {id} tracked, found and read back, drift seen");
    return 0;
}
finally
{
    folder.Delete(recursive: true);
}

static async Task<RunId> TrackAsync(string database)
{
    await using var tracker = Tracker.Open(t => t.UseSqlite(database));
    return await tracker.RunAsync("aot", async run =>
    {
        run.LogParam("learning_rate", 0.01);
        run.SetTag("compiled", "ahead of time");
        Metric loss = run.Metric("loss");
        for (int step = 0; step < 10_000; step++)
            loss.Log(1.0 / (step + 1), step);
        run.LogMetric("odd", double.NaN);
        await run.LogTextAsync("note.txt", "kept");
        return run.Id;
    });
}

static async Task CheckAsync(string database, RunId id)
{
    await using var tracker = Tracker.Open(t => t.UseSqlite(database));
    RunDetails run = await tracker.GetRunAsync(id);
    MetricSeries loss = await tracker.GetSeriesAsync(id, "loss");
    Demand(run.Info.Status == RunStatus.Finished, $"status {run.Info.Status}");
    Demand(run.Params["learning_rate"] == "0.01", $"param {run.Params["learning_rate"]}");
    Demand(run.Tags["compiled"] == "ahead of time", "tag");
    Demand(double.IsNaN(run.Metrics["odd"].Value), "NaN became a number");
    Demand(loss.Points.Count == 10_000 && loss.Points[9_999].Value == 1.0 / 10_000, $"{loss.Points.Count} points");
    List<RunDetails> found = [];
    await foreach (RunDetails hit in tracker.FindRunsAsync(RunQuery.Parse("metrics.loss < 0.5 AND tags.compiled ILIKE 'AHEAD%'", "metrics.loss DESC")))
        found.Add(hit);
    Demand(found is [{ Info.Id: var only }] && only == id, $"{found.Count} runs found");
    string note = Path.Combine(new Uri(run.Info.ArtifactLocation).LocalPath, "note.txt");
    Demand(await File.ReadAllTextAsync(note) == "kept", note);
}

static void CheckDrift()
{
    double[] reference = [.. Enumerable.Range(0, 2_000).Select(i => Math.Sin(i))], current = [.. reference.Select(value => value + 0.3)];
    TestResult[] results =
    [
        KolmogorovSmirnov.Test(reference, current), PopulationStability.Test(reference, current), Wasserstein.Test(reference, current),
        ChiSquared.Test(CellCounts.Of(CategoryCounts.Of(["a", "b", "a"]), CategoryCounts.Of(["a", "c", "c"]))),
        DomainClassifier.Test(FeatureMatrix.OfColumns([reference]), FeatureMatrix.OfColumns([current])),
        PcaReconstruction.Test(FeatureMatrix.OfColumns([reference, current]), FeatureMatrix.OfColumns([current, reference])),
    ];
    foreach (TestResult result in results)
        Demand(result.IsComputed, $"{result.Method}: {result.NotComputable}");
    Demand(results[0].PValue < 1e-10 && results[1].PValue < 1e-10, $"p {results[0].PValue}, {results[1].PValue}");
    Demand(StreamDetector.Restore(new PageHinkley().Save()) is PageHinkley, "state");
}

static void Demand(bool holds, string found)
{
    if (!holds)
        throw new InvalidOperationException($"Not what it should be: {found}.");
}
