using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Tests.Comparisons;

public sealed class CompareRunsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTrackingStore _store = new();
    private readonly FlakyArtifactStore _artifacts = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Runs_are_compared_in_the_order_asked_for_with_what_was_just_logged()
    {
        await using Tracker tracker = Open();
        RunId one = await LogAsync(tracker, "churn", 0.5, "same", "model a"), two = await LogAsync(tracker, "fraud", 0.25, "same", "model b");
        await tracker.Store.SetRunLifecycleAsync(one, Lifecycle.Deleted, Cancellation);

        RunComparison comparison = await tracker.CompareRunsAsync([two, one], cancellationToken: Cancellation);

        Assert.Equal([two, one], comparison.Runs.Select(run => run.Info.Id));
        Assert.Equal(["fraud", "churn"], comparison.Overview.Single(row => row.Key == "experiment").Cells.Select(cell => cell?.Text));
        Assert.Equal([(0.25, true), (0.5, false)], Assert.Single(comparison.Metrics).Cells.Select(cell => (cell!.Number!.Value, cell.IsBest)));
        ComparisonRow model = Assert.Single(comparison.Artifacts!);
        Assert.Equal(("model.txt", true), (model.Key, model.Differs));
        Assert.All(model.Cells, cell => Assert.True(cell is { IsUnverified: false, Text.Length: 64, Number: 7 }));
    }

    [Fact]
    public async Task A_run_that_is_not_there_is_named()
    {
        await using Tracker tracker = Open();
        RunId run = await LogAsync(tracker, "churn", 1, "", ""), missing = RunId.New();

        RunNotFoundException error = await Assert.ThrowsAsync<RunNotFoundException>(() => tracker.CompareRunsAsync([run, missing], cancellationToken: Cancellation).AsTask());

        Assert.Equal(missing, error.Id);
    }

    [Fact]
    public async Task One_run_too_many_runs_and_a_run_twice_are_refused()
    {
        await using Tracker tracker = Open();
        RunId run = RunId.New();

        foreach (RunId[] runs in (RunId[][])[[], [run], [run, RunId.New(), run], [.. Enumerable.Range(0, 101).Select(_ => RunId.New())]])
            await Assert.ThrowsAsync<ArgumentException>("runs", () => tracker.CompareRunsAsync(runs, cancellationToken: Cancellation).AsTask());
        await Assert.ThrowsAsync<ArgumentNullException>("runs", () => tracker.CompareRunsAsync(null!, cancellationToken: Cancellation).AsTask());
    }

    [Fact]
    public async Task An_artifact_store_that_is_away_is_said_to_be_away_unless_artifacts_are_left_out()
    {
        await using Tracker tracker = Open(artifactRoot: "flaky://bucket");
        RunId one = await LogAsync(tracker, "churn", 1, "a", "b"), two = await LogAsync(tracker, "churn", 2, "a", "b");
        Assert.Empty((await tracker.CompareRunsAsync([one, two], cancellationToken: Cancellation)).Artifacts!);
        _artifacts.Away = true;

        ArtifactStoreException away = await Assert.ThrowsAsync<ArtifactStoreException>(() => tracker.CompareRunsAsync([one, two], cancellationToken: Cancellation).AsTask());
        RunComparison rest = await tracker.CompareRunsAsync([one, two], new CompareOptions { Artifacts = false }, Cancellation);

        Assert.True(away.IsTransient);
        Assert.Null(rest.Artifacts);
        Assert.True(Assert.Single(rest.Metrics).Differs);
    }

    private static async Task<RunId> LogAsync(Tracker tracker, string experiment, double loss, string note, string model)
    {
        RunId id = default;
        await tracker.RunAsync(
            experiment,
            async run =>
            {
                id = run.Id;
                run.LogMetric("loss", loss);
                await run.LogTextAsync("note.txt", note, Cancellation);
                await run.LogTextAsync("model.txt", model, Cancellation);
            },
            cancellationToken: Cancellation);
        return id;
    }

    private Tracker Open(string? artifactRoot = null) => Tracker.Open(t => t.UseInMemory(_folder.Path, _store).AddArtifactStore(_artifacts).Configure(o =>
    {
        (o.Capture.Source, o.Capture.Environment) = (false, false);
        o.ArtifactRoot = artifactRoot;
    }));
}
