// Published with native AOT: a run is tracked, ended and read back, a model is registered, promoted and used, columns are compared and a signal is held, by a program that has no JIT and no reflection to fall back on.
using System.Runtime.InteropServices;
using MLOps.Drift.Statistics;
using MLOps.Drift.Streams;
using MLOps.Registry;
using MLOps.Registry.Promotions;
using MLOps.Runtime;
using MLOps.Tracking;
using MLOps.Tracking.Search;

DirectoryInfo folder = Directory.CreateTempSubdirectory("mlops-aot-");
try
{
    string database = Path.Combine(folder.FullName, "mlops.db");
    RunId id = await TrackAsync(database);
    await CheckAsync(database, id);
    await CheckRegistryAsync(database, id, Path.Combine(folder.FullName, "cache"));
    CheckDrift();
    await CheckNoticesAsync();
    Console.WriteLine($"native AOT: run {id} tracked, found and read back, a model promoted and used, drift seen, a signal held");
    return 0;
}
finally
{
    folder.Delete(recursive: true);
}

static async Task CheckNoticesAsync()
{
    await using InterruptionNotices notices = InterruptionNotices.Start();
    Demand(Kill(Environment.ProcessId, 15) == 0, "no signal was sent");
    TaskCompletionSource noticed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    await using CancellationTokenRegistration registration = notices.Token.Register(noticed.SetResult);
    await noticed.Task.WaitAsync(TimeSpan.FromSeconds(30));
    Demand(notices.Current is { ExitCode: 143 } notice && notice.Cause == InterruptionCause.SigTerm, $"notice {notices.Current}");

    [DllImport("libc", EntryPoint = "kill")]
    static extern int Kill(int process, int signal);
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

static async Task CheckRegistryAsync(string database, RunId run, string cache)
{
    await using var tracker = Tracker.Open(t => t.UseSqlite(database));
    await using var registry = ModelRegistry.Open(r => r.UseSqlite(database).UseTracker(tracker).Configure(o => o.CacheFolder = cache));
    ModelVersion version = await registry.RegisterAsync("aot", ModelContent.FromRun(run, "note.txt"), new RegisterOptions { Metrics = new Dictionary<string, double> { ["auc"] = 0.9 } });
    PromotionTarget champion = PromotionTarget.Alias("champion");
    await registry.SetPolicyAsync("aot", champion, new PromotionPolicy { Name = "floor", Metrics = [new MetricRule("auc") { AtLeast = 0.8 }], RequiredEvidence = ["drift"] });
    Promotion promotion = await registry.ProposeAsync("aot", version.Number, champion, [new Evidence("drift", Passed: true, "none")]);
    Demand(promotion.Status == PromotionStatus.Applied, $"promotion {promotion.Status}");
    await using ModelSource<string> source = await registry.OpenModelAsync("aot@champion", async (files, cancellationToken) => await File.ReadAllTextAsync(files.GetPath("note.txt"), cancellationToken));
    using ModelLease<string> lease = source.Acquire();
    Demand(lease.Model == "kept", lease.Model);
    Demand((await registry.VerifyAuditAsync()).IsIntact, "audit log");
    Demand((await registry.FindVersionsAsync(ModelVersionQuery.Parse("name = 'aot' AND version_number >= 1")).ToListAsync()).Count == 1, "search");
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
