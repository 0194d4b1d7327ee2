using System.Text;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Upkeep;

public sealed class PurgeTests : UpkeepTests
{
    [Fact]
    public async Task A_purged_run_leaves_nothing_behind_and_the_others_stay_whole()
    {
        await using Tracker tracker = Open();
        RunId gone = await LogRunAsync(tracker, work: async run => await run.LogTextAsync("plots/deep/b.txt", "b", Cancellation)), kept = await LogRunAsync(tracker);
        Folder.Write($"mlops.artifacts/{gone}/artifacts/.mlops/tmp/half", "what a killed upload left");
        await DeleteAsync(tracker, gone);

        PurgeReport report = await tracker.PurgeAsync(cancellationToken: Cancellation);

        // Two files, and a manifest for each upload.
        Assert.Equal((1, 0, 4L), (report.Runs, report.Experiments, report.ArtifactFiles));
        Assert.True(report.ArtifactBytes > 6);
        Assert.Empty(report.Skipped);
        Assert.False(Directory.Exists(FolderOf(gone)));
        await Assert.ThrowsAsync<RunNotFoundException>(async () => await tracker.GetRunAsync(gone, Cancellation));
        Assert.Empty(await Store.FindPurgingAsync(1, Cancellation));
        Assert.Single(await tracker.OpenArtifacts((await tracker.GetRunAsync(kept, Cancellation)).Info).ListAsync(Cancellation));
        Assert.Equal(0, (await tracker.PurgeAsync(cancellationToken: Cancellation)).Runs);
    }

    [Fact]
    public async Task A_dry_run_counts_what_a_purge_then_removes_and_changes_nothing()
    {
        await using Tracker tracker = Open();
        RunId[] runs = [await LogRunAsync(tracker), await LogRunAsync(tracker), await LogRunAsync(tracker, "empty"), await LogRunAsync(tracker, "half")];
        await DeleteAsync(tracker, runs[0], runs[1]);
        foreach (string experiment in (string[])["empty", "half"])
            await tracker.DeleteExperimentAsync(await IdOfAsync(experiment), Cancellation);
        await tracker.RestoreRunAsync(runs[3], Cancellation);
        await Store.BeginPurgeAsync([runs[1]], Cancellation);

        PurgeReport dry = await tracker.PurgeAsync(new PurgeOptions { DryRun = true }, cancellationToken: Cancellation);

        Assert.Equal((3, 1, 6L), (dry.Runs, dry.Experiments, dry.ArtifactFiles));
        Assert.All(runs, run => Assert.True(Directory.Exists(FolderOf(run))));
        Assert.Equal(Lifecycle.Deleted, (await tracker.GetRunAsync(runs[0], Cancellation)).Info.Lifecycle);
        Assert.Single(await Store.FindPurgingAsync(10, Cancellation));

        PurgeReport real = await tracker.PurgeAsync(cancellationToken: Cancellation);

        Assert.Equal((dry.Runs, dry.Experiments, dry.ArtifactFiles, dry.ArtifactBytes), (real.Runs, real.Experiments, real.ArtifactFiles, real.ArtifactBytes));
        Assert.Null(await Store.FindExperimentAsync("empty", Cancellation));
        Assert.NotNull(await Store.FindExperimentAsync("half", Cancellation));
        Assert.Equal([FolderOf(runs[3])], Directory.GetDirectories(Folder["mlops.artifacts"]));
    }

    [Fact]
    public async Task Options_narrow_what_is_purged()
    {
        await using Tracker tracker = Open();
        RunId early = await LogRunAsync(tracker), late = await LogRunAsync(tracker), other = await LogRunAsync(tracker, "other"), active = await LogRunAsync(tracker);
        await DeleteAsync(tracker, early);
        await tracker.DeleteExperimentAsync(await IdOfAsync("other"), Cancellation);
        Clock.Advance(TimeSpan.FromDays(2));
        await DeleteAsync(tracker, late);

        PurgeReport onlyActive = await tracker.PurgeAsync(new PurgeOptions { Runs = [active, RunId.New()] }, cancellationToken: Cancellation);
        Assert.Equal((0, active), (onlyActive.Runs, Assert.Single(onlyActive.Skipped).Id));
        Assert.Equal(0, (await tracker.PurgeAsync(new PurgeOptions { DeletedFor = TimeSpan.FromDays(3) }, cancellationToken: Cancellation)).Runs);
        PurgeReport elsewhere = await tracker.PurgeAsync(new PurgeOptions { Experiments = [ExperimentId.Default] }, cancellationToken: Cancellation);
        Assert.Equal((0, 0), (elsewhere.Runs, elsewhere.Experiments));
        PurgeReport named = await tracker.PurgeAsync(new PurgeOptions { Runs = [other, other] }, cancellationToken: Cancellation);
        Assert.Equal((1, 0), (named.Runs, named.Experiments));
        PurgeReport old = await tracker.PurgeAsync(new PurgeOptions { DeletedFor = TimeSpan.FromDays(2) }, cancellationToken: Cancellation);
        Assert.Equal((1, 1), (old.Runs, old.Experiments));

        Assert.Equal([null, late, active], [(await Store.FindRunAsync(early, Cancellation))?.Info.Id, (await GetAsync(late)).Info.Id, (await GetAsync(active)).Info.Id]);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await tracker.PurgeAsync(new PurgeOptions { DeletedFor = TimeSpan.FromSeconds(-1) }, cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_purge_that_was_interrupted_is_ended_by_the_next_whatever_that_one_is_asked_for()
    {
        await using Tracker tracker = Open();
        RunId begun = await LogRunAsync(tracker);
        await DeleteAsync(tracker, begun);
        await Store.BeginPurgeAsync([begun], Cancellation);
        File.Delete(Path.Join(FolderOf(begun), "artifacts/a.txt"));

        PurgeReport report = await tracker.PurgeAsync(new PurgeOptions { Runs = [] }, cancellationToken: Cancellation);

        Assert.Equal((1, 1L), (report.Runs, report.ArtifactFiles));
        Assert.False(Directory.Exists(FolderOf(begun)));
        Assert.Empty(await Store.FindPurgingAsync(1, Cancellation));
    }

    [Fact]
    public async Task A_purge_that_is_cancelled_goes_on_later()
    {
        FlakyArtifactStore artifacts = new();
        await using Tracker tracker = Open(t => t.AddArtifactStore(artifacts).Configure(o => o.ArtifactRoot = "flaky://bucket/root"));
        RunId[] runs = [await LogRunAsync(tracker), await LogRunAsync(tracker)];
        await DeleteAsync(tracker, runs);
        using CancellationTokenSource stop = new();
        artifacts.BeforeDelete = stop.Cancel;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await tracker.PurgeAsync(cancellationToken: stop.Token));
        Assert.Equal(2, (await Store.FindPurgingAsync(10, Cancellation)).Count);

        Assert.Equal(2, (await tracker.PurgeAsync(cancellationToken: Cancellation)).Runs);
        Assert.Empty(artifacts.Objects);
    }

    [Fact]
    public async Task Progress_counts_every_run_once()
    {
        await using Tracker tracker = Open();
        RunId begun = await LogRunAsync(tracker), due = await LogRunAsync(tracker), open;
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        open = run.Id;
        await DeleteAsync(tracker, begun, due, open);
        await Store.BeginPurgeAsync([begun], Cancellation);
        List<UpkeepProgress> told = [];

        await tracker.PurgeAsync(progress: new Told(told.Add), cancellationToken: Cancellation);

        Assert.Equal([(1, 3), (2, 3), (3, 3)], told.Select(progress => (progress.Runs, progress.TotalRuns)));
        Assert.Equal(4, told[^1].ArtifactFiles);
    }

    [Fact]
    public async Task A_run_that_is_open_here_is_in_use()
    {
        await using Tracker tracker = Open();
        await using Run run = await tracker.StartRunAsync("churn", cancellationToken: Cancellation);
        await run.LogTextAsync("a.txt", "hello", Cancellation);
        await DeleteAsync(tracker, run.Id);

        SkippedRun skipped = Assert.Single((await tracker.PurgeAsync(cancellationToken: Cancellation)).Skipped);

        Assert.Equal(run.Id, skipped.Id);
        Assert.Contains("open in this program", skipped.Reason, StringComparison.Ordinal);
        run.LogMetric("loss", 1);
        await run.EndAsync(cancellationToken: Cancellation);
        Assert.Equal(1, (await tracker.PurgeAsync(cancellationToken: Cancellation)).Runs);
    }

    [Fact]
    public async Task A_run_that_another_living_process_writes_is_in_use_until_its_lease_has_run_out()
    {
        await using Tracker tracker = Open();
        LeaseOwner other = new(Guid.NewGuid(), "elsewhere", 4711, Clock.GetUtcNow());
        RunId run = RunId.New();
        TrackingRecord start = new TrackingRecord.RunStarted(run, 0) { ExperimentName = "churn", ArtifactLocation = LocalArtifactStore.LocationOf(Path.Join(FolderOf(run), "artifacts")).AbsoluteUri };
        await Store.AppendAsync(new RecordBatch { Source = new BatchSource(other, 48, TimeSpan.FromMinutes(1)), Records = [start] }, Cancellation);
        await DeleteAsync(tracker, run);

        Assert.Equal(run, Assert.Single((await tracker.PurgeAsync(new PurgeOptions { DryRun = true }, cancellationToken: Cancellation)).Skipped).Id);
        SkippedRun skipped = Assert.Single((await tracker.PurgeAsync(cancellationToken: Cancellation)).Skipped);
        Assert.Contains("4711 on elsewhere", skipped.Reason, StringComparison.Ordinal);

        Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(1, (await tracker.PurgeAsync(cancellationToken: Cancellation)).Runs);
    }

    [Fact]
    public async Task A_run_left_running_by_a_writer_without_a_lease_is_purged()
    {
        await using Tracker tracker = Open();
        RunId run = RunId.New();
        TrackingRecord start = new TrackingRecord.RunStarted(run, 0) { ExperimentName = "churn", ArtifactLocation = LocalArtifactStore.LocationOf(FolderOf(run)).AbsoluteUri };
        await Store.AppendAsync(new RecordBatch { Records = [start] }, Cancellation);
        await DeleteAsync(tracker, run);

        Assert.Equal(1, (await tracker.PurgeAsync(cancellationToken: Cancellation)).Runs);
    }

    [Fact]
    public async Task An_artifact_store_that_is_away_keeps_its_runs_begun_and_no_other()
    {
        FlakyArtifactStore artifacts = new();
        await using Tracker tracker = Open(t => t.AddArtifactStore(artifacts).Configure(o => o.ArtifactRoot = "flaky://bucket/root"));
        RunId away = await LogRunAsync(tracker), kept = await LogRunAsync(tracker), local = RunId.New();
        await Store.AppendAsync(new RecordBatch { Records = [new TrackingRecord.RunStarted(local, 0) { ExperimentName = "churn", Status = RunStatus.Finished, ArtifactLocation = LocalArtifactStore.LocationOf(FolderOf(local)).AbsoluteUri }] }, Cancellation);
        await DeleteAsync(tracker, away, local);
        artifacts.Away = true;

        PurgeReport first = await tracker.PurgeAsync(cancellationToken: Cancellation);
        Assert.Equal((1, away, "away"), (first.Runs, Assert.Single(first.Skipped).Id, first.Skipped[0].Reason));
        Assert.Null(await Store.FindRunAsync(away, Cancellation));
        Assert.Equal(away, Assert.Single(await Store.FindPurgingAsync(10, Cancellation)).Id);
        Assert.Equal(4, artifacts.Objects.Count);

        PurgeReport another = await tracker.PurgeAsync(new PurgeOptions { Runs = [local], KeepArtifacts = true }, cancellationToken: Cancellation);
        Assert.Equal((0, away), (another.Runs, Assert.Single(another.Skipped).Id));
        artifacts.Away = false;
        PurgeReport second = await tracker.PurgeAsync(cancellationToken: Cancellation);
        Assert.Equal((1, 2L), (second.Runs, second.ArtifactFiles));
        Assert.All(artifacts.Objects.Keys, name => Assert.Contains(kept.Value, name, StringComparison.Ordinal));
        Assert.Equal(2, artifacts.Objects.Count);
    }

    [Fact]
    public async Task An_object_that_is_no_artifact_keeps_its_run_begun_until_somebody_removes_it()
    {
        FlakyArtifactStore artifacts = new();
        await using Tracker tracker = Open(t => t.AddArtifactStore(artifacts).Configure(o => o.ArtifactRoot = "flaky://bucket/root"));
        RunId run = await LogRunAsync(tracker);
        string strange = $"flaky://bucket/root/{run}/artifacts/a#b";
        artifacts.Objects[strange] = [1];
        await DeleteAsync(tracker, run);

        Assert.Contains("a#b", Assert.Single((await tracker.PurgeAsync(cancellationToken: Cancellation)).Skipped).Reason, StringComparison.Ordinal);
        Assert.Equal([strange], artifacts.Objects.Keys);
        artifacts.Objects.Clear();
        Assert.Equal(1, (await tracker.PurgeAsync(cancellationToken: Cancellation)).Runs);
    }

    [Theory]
    [InlineData("shared")]
    [InlineData("{0}/plots")]
    [InlineData("artifacts")]
    [InlineData("x{0}/artifacts")]
    public async Task A_location_that_is_no_run_s_own_is_never_touched(string location)
    {
        await using Tracker tracker = Open();
        RunId run = RunId.New();
        string folder = Folder[string.Format(System.Globalization.CultureInfo.InvariantCulture, location, run)];
        Folder.Write(Path.GetRelativePath(Folder.Path, Path.Join(folder, "others.txt")), "precious");
        await Store.AppendAsync(new RecordBatch { Records = [new TrackingRecord.RunStarted(run, 0) { ExperimentName = "churn", Status = RunStatus.Finished, ArtifactLocation = LocalArtifactStore.LocationOf(folder).AbsoluteUri }] }, Cancellation);
        await DeleteAsync(tracker, run);

        Assert.Contains("KeepArtifacts", Assert.Single((await tracker.PurgeAsync(cancellationToken: Cancellation)).Skipped).Reason, StringComparison.Ordinal);
        Assert.NotNull(await Store.FindRunAsync(run, Cancellation));
        Assert.Equal(1, (await tracker.PurgeAsync(new PurgeOptions { KeepArtifacts = true }, cancellationToken: Cancellation)).Runs);
        Assert.True(File.Exists(Path.Join(folder, "others.txt")));
    }

    [Fact]
    public async Task A_location_that_nothing_here_serves_is_told_before_anything_is_done()
    {
        await using Tracker tracker = Open();
        RunId[] runs = [RunId.New(), RunId.New()];
        string[] locations = [$"gopher://old/{runs[0]}/artifacts", "no location"];
        foreach ((RunId run, string location) in runs.Zip(locations))
            await Store.AppendAsync(new RecordBatch { Records = [new TrackingRecord.RunStarted(run, 0) { ExperimentName = "churn", ArtifactLocation = location }] }, Cancellation);
        await DeleteAsync(tracker, runs);

        Assert.Equal(runs.ToHashSet(), (await tracker.PurgeAsync(cancellationToken: Cancellation)).Skipped.Select(skipped => skipped.Id).ToHashSet());
        Assert.NotNull(await Store.FindRunAsync(runs[0], Cancellation));
    }

    [Fact]
    public async Task Links_in_a_run_s_folder_go_and_what_they_point_to_stays()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Making links takes a right there.");
        await using Tracker tracker = Open();
        RunId run = await LogRunAsync(tracker), linked = await LogRunAsync(tracker);
        string outside = Folder.Write("outside/precious.txt", "precious");
        File.CreateSymbolicLink(Path.Join(FolderOf(run), "artifacts/file"), outside);
        Directory.CreateSymbolicLink(Path.Join(FolderOf(run), "artifacts/folder"), Folder["outside"]);
        Directory.CreateSymbolicLink(Path.Join(FolderOf(run), "artifacts/.mlops/deep"), Folder["outside"]);
        Directory.Move(Path.Join(FolderOf(linked), "artifacts"), Folder["moved"]);
        Directory.CreateSymbolicLink(Path.Join(FolderOf(linked), "artifacts"), Folder["moved"]);
        await DeleteAsync(tracker, run, linked);

        PurgeReport report = await tracker.PurgeAsync(cancellationToken: Cancellation);

        Assert.Equal((2, 4L), (report.Runs, report.ArtifactFiles));
        Assert.Equal("precious", await File.ReadAllTextAsync(outside, Cancellation));
        Assert.False(Directory.Exists(FolderOf(run)));
        Assert.Empty(Directory.GetFileSystemEntries(Folder["moved"]));
    }

    [Fact]
    public async Task An_experiment_goes_with_its_last_run_and_with_its_folder_when_nothing_else_is_in_it()
    {
        await using Tracker tracker = Open();
        string root = Folder["routes"];
        List<ExperimentId> experiments = [];
        foreach (string name in (string[])["gone", "other files"])
        {
            ExperimentId id = (await Store.CreateExperimentAsync(name, LocalArtifactStore.LocationOf(Path.Join(root, (experiments.Count + 1).ToString(System.Globalization.CultureInfo.InvariantCulture))).AbsoluteUri, Cancellation)).Id;
            RunId run = RunId.New();
            await Store.AppendAsync(new RecordBatch { Records = [new TrackingRecord.RunStarted(run, 0) { ExperimentId = id, Status = RunStatus.Finished }] }, Cancellation);
            Folder.Write($"routes/{id}/{run}/artifacts/a.txt", "hello");
            await tracker.DeleteExperimentAsync(id, Cancellation);
            experiments.Add(id);
        }

        Folder.Write($"routes/{experiments[1]}/readme.txt", "of another program");

        PurgeReport report = await tracker.PurgeAsync(cancellationToken: Cancellation);

        Assert.Equal((2, 2, 2L), (report.Runs, report.Experiments, report.ArtifactFiles));
        Assert.Equal([Path.Join(root, "2/readme.txt")], Directory.GetFiles(root, "*", SearchOption.AllDirectories));
        Assert.False(Directory.Exists(Path.Join(root, "1")));
    }

    [Fact]
    public async Task An_experiment_takes_the_artifacts_of_its_logged_models_along()
    {
        await using Tracker tracker = Open();
        (Experiment experiment, LoggedModel model) = await LogModelAsync(new Uri(Folder["mlops.artifacts/7"]).AbsoluteUri);
        string file = Folder[$"mlops.artifacts/7/models/{model.Id}/artifacts/model.bin"];
        await tracker.DeleteExperimentAsync(experiment.Id, Cancellation);

        PurgeReport dry = await tracker.PurgeAsync(new PurgeOptions { DryRun = true }, cancellationToken: Cancellation);
        Assert.Equal((1, 1L, 5L), (dry.Experiments, dry.ArtifactFiles, dry.ArtifactBytes));
        Assert.True(File.Exists(file));
        PurgeReport report = await tracker.PurgeAsync(cancellationToken: Cancellation);

        Assert.Equal((1, 1L, 5L), (report.Experiments, report.ArtifactFiles, report.ArtifactBytes));
        Assert.False(Directory.Exists(Folder[$"mlops.artifacts/7/models/{model.Id}"]));
        Assert.Null(await Store.FindLoggedModelAsync(model.Id, Cancellation));
    }

    [Theory]
    [InlineData(WellKnownTags.ModelVersions, null)]
    [InlineData("other", "/elsewhere")]
    [InlineData("other", "nobody://serves/this")]
    public async Task An_experiment_stays_when_the_artifacts_of_a_logged_model_have_to(string tag, string? location)
    {
        await using Tracker tracker = Open();
        (Experiment experiment, LoggedModel model) = await LogModelAsync(new Uri(Folder["mlops.artifacts/7"]).AbsoluteUri);
        if (location is not null)
            await Store.CreateLoggedModelAsync(new NewLoggedModel { Id = LoggedModelId.New(), ExperimentId = experiment.Id, Name = "other", ArtifactLocation = location.Contains("://", StringComparison.Ordinal) ? location : new Uri(Folder[location[1..]]).AbsoluteUri }, Cancellation);
        await Store.ChangeLoggedModelAsync(model.Id, new LoggedModelChange { SetTags = new Dictionary<string, string> { [tag] = "[]" } }, Cancellation);
        await tracker.DeleteExperimentAsync(experiment.Id, Cancellation);

        Assert.Equal(0, (await tracker.PurgeAsync(new PurgeOptions { DryRun = true }, cancellationToken: Cancellation)).Experiments);
        Assert.Equal(0, (await tracker.PurgeAsync(cancellationToken: Cancellation)).Experiments);

        Assert.True(File.Exists(Folder[$"mlops.artifacts/7/models/{model.Id}/artifacts/model.bin"]));
        Assert.NotNull(await Store.FindLoggedModelAsync(model.Id, Cancellation));
        Assert.Equal(1, (await tracker.PurgeAsync(new PurgeOptions { KeepArtifacts = true }, cancellationToken: Cancellation)).Experiments);
        Assert.True(File.Exists(Folder[$"mlops.artifacts/7/models/{model.Id}/artifacts/model.bin"]));
    }

    [Fact]
    public async Task A_staged_artifact_of_a_purged_run_is_dropped_and_counts_as_rejected()
    {
        FlakyArtifactStore artifacts = new() { Away = true };
        await using Tracker tracker = Open(t => t.AddArtifactStore(artifacts).Configure(o => o.ArtifactRoot = "flaky://bucket/root"));
        RunId run = await LogRunAsync(tracker);
        Assert.Equal(1, tracker.Health.Staged);
        await DeleteAsync(tracker, run);
        Assert.Equal(1, (await tracker.PurgeAsync(new PurgeOptions { KeepArtifacts = true }, cancellationToken: Cancellation)).Runs);
        artifacts.Away = false;

        RecordsRejectedException rejected = await Assert.ThrowsAsync<RecordsRejectedException>(async () => await tracker.FlushAsync(Durability.Store, Cancellation));

        Assert.Equal((0, 1L), (tracker.Health.Staged, tracker.Health.Rejected));
        Assert.Empty(artifacts.Objects);
        Assert.Contains("a.txt", await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Folder["mlops.journal/rejected"])), Cancellation), StringComparison.Ordinal);
        Assert.Contains("rejected", rejected.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_staged_artifact_that_a_purge_overtakes_is_taken_back()
    {
        FlakyArtifactStore artifacts = new() { Away = true };
        await using Tracker tracker = Open(t => t.AddArtifactStore(artifacts).Configure(o => o.ArtifactRoot = "flaky://bucket/root"));
        RunId run = await LogRunAsync(tracker);
        await DeleteAsync(tracker, run);
        artifacts.Away = false;
        artifacts.DuringPut = async () => await Store.BeginPurgeAsync([run], Cancellation);

        await Assert.ThrowsAsync<RecordsRejectedException>(async () => await tracker.FlushAsync(Durability.Store, Cancellation));

        Assert.Empty(artifacts.Objects);
        Assert.Equal(0, tracker.Health.Staged);
    }

    [Fact]
    public async Task The_adopter_of_a_journal_drops_what_was_staged_for_a_purged_run()
    {
        FlakyArtifactStore artifacts = new() { Away = true };
        void Use(TrackingBuilder t) => t.AddArtifactStore(artifacts).Configure(o => o.ArtifactRoot = "flaky://bucket/root");
        RunId purged, kept;
        await using (Tracker first = Open(Use))
        {
            (purged, kept) = (await LogRunAsync(first), await LogRunAsync(first));
            await DeleteAsync(first, purged);
        }

        await Store.BeginPurgeAsync([purged], Cancellation);
        await Store.EndPurgeAsync([purged], Cancellation);
        artifacts.Away = false;
        await using Tracker second = Open(Use);
        await second.GetRunAsync(kept, Cancellation);

        Assert.Equal(2, artifacts.Objects.Count);
        Assert.All(artifacts.Objects.Keys, name => Assert.Contains(kept.Value, name, StringComparison.Ordinal));
        Assert.Contains(purged.Value, await File.ReadAllTextAsync(Assert.Single(Directory.GetFiles(Folder["mlops.journal/rejected"])), Encoding.UTF8, Cancellation), StringComparison.Ordinal);
    }

    private async Task<(Experiment Experiment, LoggedModel Model)> LogModelAsync(string location)
    {
        Experiment experiment = await Store.CreateExperimentAsync("models", location, Cancellation);
        LoggedModel model = await Store.CreateLoggedModelAsync(new NewLoggedModel { Id = LoggedModelId.New(), ExperimentId = experiment.Id, Name = "trees" }, Cancellation);
        Folder.Write($"mlops.artifacts/7/models/{model.Id}/artifacts/model.bin", "trees");
        return (experiment, model);
    }

    private async Task<RunDetails> GetAsync(RunId run) => (await Store.FindRunAsync(run, Cancellation))!;

    private sealed class Told(Action<UpkeepProgress> tell) : IProgress<UpkeepProgress>
    {
        public void Report(UpkeepProgress value) => tell(value);
    }
}
