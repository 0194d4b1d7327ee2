using System.Diagnostics;
using MLOps.Registry;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>A registry with many versions: how long a running service waits for "which version is it, and are its files whole", and how fast the audit log is verified.</summary>
internal static class RegistryScenario
{
    private const string Name = "registry";
    private const int VersionsInACommit = 1_000;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int versions = options.Runs ?? (options.Quick ? 10_000 : 100_000), resolves = options.Quick ? 2_000 : 20_000;
        using ScratchFolder folder = options.NewFolder();
        await using ModelRegistry registry = ModelRegistry.Open(r => r.UseSqlite(folder.Database).Configure(o => o.CacheFolder = Path.Combine(folder.Path, "cache")));
        await FillAsync(registry, versions);
        using MemoryStream model = new(new byte[1 << 20]);
        ModelVersion served = await registry.RegisterAsync("fraud", ModelContent.FromStream(model, "model.onnx"));
        await registry.MoveAliasAsync("fraud", "champion", served.Number);
        Figure.Print(Name, "versions", versions, "versions");

        LatencyHistogram latencies = new();
        ModelUri champion = "models:/fraud@champion";
        for (int i = -resolves / 10; i < resolves; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using ModelFiles files = await registry.ResolveAsync(champion);
            if (i >= 0)
                latencies.Record(Stopwatch.GetTimestamp() - start);
            if (files.Version!.Number != served.Number)
                throw new InvalidOperationException($"Version {files.Version.Number} was resolved, not {served.Number}.");
        }

        Figure.Print(Name, "resolve_p50_us", latencies.Nanoseconds(0.5) / 1_000, "us");
        Figure.Print(Name, "resolve_p99_us", latencies.Nanoseconds(0.99) / 1_000, "us");

        double best = 0;
        long verified = 0;
        for (int pass = 0; pass < 3; pass++)
        {
            long start = Stopwatch.GetTimestamp();
            AuditVerification verification = await registry.VerifyAuditAsync();
            if (!verification.IsIntact)
                throw new InvalidOperationException(verification.Problem);
            verified = verification.Verified;
            best = Math.Max(best, verified / Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        Figure.Print(Name, "audit_events", verified, "events");
        Figure.Print(Name, "audit_verify_events_per_s", best, "events/s");
    }

    // As registering does, but many versions in a commit and no files: what is measured does not depend on those.
    private static async Task FillAsync(ModelRegistry registry, int versions)
    {
        RegisteredModel model = await registry.CreateModelAsync("fraud");
        for (int first = 1; first <= versions; first += VersionsInACommit)
        {
            RegistryEvent[] changes =
            [
                .. Enumerable.Range(first, Math.Min(VersionsInACommit, versions - first + 1)).Select(number => new RegistryEvent.VersionCreated(
                    number,
                    new VersionFacts
                    {
                        Source = $"s3://models/fraud/{number}", Location = $"s3://models/fraud/{number}", RunId = MLOps.Tracking.RunId.New(),
                        Metrics = new Dictionary<string, double> { ["roc_auc"] = 0.9, ["f1_score"] = 0.8 },
                    },
                    IsVerified: false,
                    Description: null,
                    new Dictionary<string, string> { ["team"] = "risk" })),
            ];
            CommitOutcome outcome = await registry.Store.CommitAsync(
                new RegistryCommit { ModelKey = model.Key, Revision = model.Revision, Changes = changes, Actor = "benchmark", At = TimeProvider.System.GetUtcNow() }, CancellationToken.None);
            if (outcome != CommitOutcome.Committed)
                throw new InvalidOperationException($"The commit was answered {outcome}.");
            model = await registry.GetModelAsync("fraud");
        }
    }
}
