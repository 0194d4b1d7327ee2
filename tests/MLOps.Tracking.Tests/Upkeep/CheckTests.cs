using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Upkeep;

public sealed class CheckTests : UpkeepTests
{
    private static readonly CheckOptions Artifacts = new() { Artifacts = true };

    [Fact]
    public async Task Sound_artifacts_are_counted_and_nothing_is_found()
    {
        await using Tracker tracker = Open();
        RunId first = await LogRunAsync(tracker), deleted = await LogRunAsync(tracker, work: async run => await run.LogTextAsync("a.txt", "replaced", Cancellation));
        await DeleteAsync(tracker, deleted);
        Folder.Write($"mlops.artifacts/{first}/artifacts/by-hand.txt", "of another program");
        List<UpkeepProgress> told = [];

        CheckReport report = await tracker.CheckAsync(Artifacts, new Told(told.Add), Cancellation);

        Assert.True(report.IsSound);
        Assert.Empty(report.Skipped);
        Assert.Equal((2, 2L, 13L, 1L), (report.Runs, report.ArtifactFiles, report.ArtifactBytes, report.UnverifiedFiles));
        Assert.Equal([1, 2], told.Select(progress => progress.Runs));
        CheckReport storeOnly = await tracker.CheckAsync(cancellationToken: Cancellation);
        Assert.Equal((true, 0, 0L), (storeOnly.IsSound, storeOnly.Runs, storeOnly.ArtifactFiles));
    }

    [Fact]
    public async Task Missing_and_changed_artifacts_are_found_with_run_and_path()
    {
        await using Tracker tracker = Open();
        RunId run = await LogRunAsync(tracker, work: async run => await run.LogTextAsync("plots/b.txt", "bbbbb", Cancellation)), sound = await LogRunAsync(tracker);
        File.Delete(Path.Join(FolderOf(run), "artifacts/a.txt"));
        Folder.Write($"mlops.artifacts/{run}/artifacts/plots/b.txt", "bbbbc");

        CheckReport report = await tracker.CheckAsync(Artifacts, cancellationToken: Cancellation);

        Assert.Equal(
            [(StoreFindingKind.ArtifactMissing, run, "a.txt"), (StoreFindingKind.ArtifactCorrupt, run, "plots/b.txt")],
            report.Findings.Select(finding => (finding.Kind, finding.RunId!.Value, finding.Key!)));
        Assert.Equal((2, 2L), (report.Runs, report.ArtifactFiles));
        Assert.True((await tracker.CheckAsync(Artifacts with { Runs = [sound] }, cancellationToken: Cancellation)).IsSound);
        await Assert.ThrowsAsync<RunNotFoundException>(async () => await tracker.CheckAsync(Artifacts with { Runs = [RunId.New()] }, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_damaged_manifest_is_found_and_hides_no_other()
    {
        await using Tracker tracker = Open();
        RunId run = await LogRunAsync(tracker, work: async run => await run.LogTextAsync("b.txt", "b", Cancellation));
        string manifest = Directory.GetFiles(Path.Join(FolderOf(run), "artifacts/.mlops/manifests")).Order(StringComparer.Ordinal).First();
        await File.WriteAllTextAsync(manifest, "{", Cancellation);
        Folder.Write($"mlops.artifacts/{run}/artifacts/b.txt", "c");

        CheckReport report = await tracker.CheckAsync(Artifacts, cancellationToken: Cancellation);

        Assert.Equal([".mlops/manifests/" + Path.GetFileName(manifest), "b.txt"], report.Findings.Select(finding => finding.Key));
        Assert.All(report.Findings, finding => Assert.Equal((StoreFindingKind.ArtifactCorrupt, run), (finding.Kind, finding.RunId)));
        Assert.Equal(1, report.UnverifiedFiles);
    }

    [Fact]
    public async Task A_run_that_still_writes_is_told_apart_from_a_damaged_one()
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        await run.LogTextAsync("a.txt", "hello", Cancellation);
        Folder.Write($"mlops.artifacts/{run.Id}/artifacts/a.txt", "other");

        CheckReport running = await tracker.CheckAsync(Artifacts, cancellationToken: Cancellation);
        Assert.Equal((true, run.Id), (running.IsSound, Assert.Single(running.Skipped).Id));

        await run.EndAsync(cancellationToken: Cancellation);
        Assert.Equal(StoreFindingKind.ArtifactCorrupt, Assert.Single((await tracker.CheckAsync(Artifacts, cancellationToken: Cancellation)).Findings).Kind);
    }

    [Fact]
    public async Task Artifacts_that_cannot_be_reached_are_told_and_the_others_verified()
    {
        FlakyArtifactStore artifacts = new();
        await using Tracker tracker = Open(t => t.AddArtifactStore(artifacts).Configure(o => o.ArtifactRoot = "flaky://bucket/root"));
        RunId away = await LogRunAsync(tracker), local = RunId.New();
        await Store.AppendAsync(new RecordBatch { Records = [new TrackingRecord.RunStarted(local, 0) { ExperimentName = "churn", ArtifactLocation = LocalArtifactStore.LocationOf(FolderOf(local)).AbsoluteUri }] }, Cancellation);
        artifacts.Away = true;

        CheckReport report = await tracker.CheckAsync(Artifacts, cancellationToken: Cancellation);

        Assert.Equal((1, away), (report.Runs, Assert.Single(report.Skipped).Id));
        Assert.True(report.IsSound);
    }

    [Fact]
    public async Task Compacting_a_store_without_a_disk_wins_nothing()
    {
        await using Tracker tracker = Open();
        Assert.Equal(new CompactResult(0, 0), await tracker.CompactAsync(Cancellation));
    }

    private sealed class Told(Action<UpkeepProgress> tell) : IProgress<UpkeepProgress>
    {
        public void Report(UpkeepProgress value) => tell(value);
    }
}
