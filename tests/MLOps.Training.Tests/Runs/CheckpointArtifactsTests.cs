using MLOps.Runtime;
using MLOps.Tracking;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Storage;
using MLOps.Training.Checkpoints;

namespace MLOps.Training.Tests.Runs;

[Collection("torch")]
public sealed class CheckpointArtifactsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTrackingStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(LoggedCheckpoints.None, "")]
    [InlineData(LoggedCheckpoints.Last, "10")]
    [InlineData(LoggedCheckpoints.Best, "4")]
    [InlineData(LoggedCheckpoints.All, "10 8 6 4 2")]
    public async Task Those_that_were_asked_for_are_artifacts_at_the_end_and_can_be_gone_on_from(LoggedCheckpoints which, string expected)
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run, new() { LogCheckpoints = which }).Use(Measuring()).Use(Every(2));
        await training.Trainer.RunAsync(TrainingLength.Steps(10), Token);

        IReadOnlyList<Checkpoint> logged = await Logged(tracker, run).FindAsync(Token);
        Assert.Equal(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse), logged.Select(checkpoint => checkpoint.Position.Step));
        foreach (Checkpoint checkpoint in logged)
        {
            await checkpoint.VerifyAsync(Token);
            Assert.Equal(run.Id.Value, checkpoint.RunId);
            using TrackedTraining other = new();
            await checkpoint.RestoreAsync(other.Trainer, Token);
            Assert.Equal(checkpoint.Position, other.Trainer.Position);
        }
    }

    [Fact]
    public async Task Whether_checkpoints_are_taken_before_or_after_tracking_the_last_one_is_logged()
    {
        foreach (bool before in (bool[])[true, false])
        {
            await using Tracker tracker = Open();
            using TrackedTraining training = new();
            Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
            if (before)
                training.Trainer.Use(Every(100)).Track(run, new() { LogCheckpoints = LoggedCheckpoints.Last });
            else
                training.Trainer.Track(run, new() { LogCheckpoints = LoggedCheckpoints.Last }).Use(Every(100));
            await training.Trainer.RunAsync(TrainingLength.Steps(3), Token);
            Assert.Equal(3, (await Logged(tracker, run).FindLatestAsync(Token))!.Position.Step);
            Directory.Delete(_folder["written"], recursive: true);
        }
    }

    [Fact]
    public async Task A_better_one_that_the_killed_process_logged_stays()
    {
        await using Tracker tracker = Open();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        using (TrackedTraining training = new())
        {
            training.Trainer.Track(run, new() { LogCheckpoints = LoggedCheckpoints.Best }).Use(Measuring()).Use(Every(2));
            await training.Trainer.RunAsync(TrainingLength.Steps(4), Token);
        }

        using (TrackedTraining training = new())
        {
            training.Trainer.Track(run, new() { LogCheckpoints = LoggedCheckpoints.Best }).Use(Measuring()).Use(Every(2));
            Assert.Equal(4, (await training.Trainer.ResumeAsync(CheckpointStore.InFolder(_folder["written"]), Token))!.Position.Step);
            await training.Trainer.RunAsync(TrainingLength.Steps(8), Token);
        }

        Assert.Equal(4, Assert.Single(await Logged(tracker, run).FindAsync(Token)).Position.Step);
    }

    [Fact]
    public async Task What_the_best_is_must_be_known()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run, new() { LogCheckpoints = LoggedCheckpoints.Best }).Use(new Checkpointing(CheckpointStore.InFolder(_folder["written"])));
        Assert.Contains("BestMetric", (await Assert.ThrowsAsync<InvalidOperationException>(() => training.Trainer.RunAsync(TrainingLength.Steps(3), Token))).Message, StringComparison.Ordinal);
        Assert.False(run.HasEnded);
    }

    [Fact]
    public async Task Checkpoints_that_lie_among_the_artifacts_of_the_run_are_left_alone()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run, new() { LogCheckpoints = LoggedCheckpoints.Last }).Use(new Checkpointing(Logged(tracker, run), new() { EverySteps = 2, KeepLast = 2 }));
        await training.Trainer.RunAsync(TrainingLength.Steps(8), Token);
        Assert.Equal([8L, 6], (await Logged(tracker, run).FindAsync(Token)).Select(checkpoint => checkpoint.Position.Step));
    }

    [Fact]
    public async Task An_upload_that_the_notice_leaves_no_time_for_is_given_up_and_the_run_ends_all_the_same()
    {
        StuckArtifactStore stuck = new(new LocalArtifactStore());
        await using Tracker tracker = Open(stuck);
        using AnnouncedEnd end = new();
        await using InterruptionNotices notices = end.Listen();
        using TrackedTraining training = new(options: new() { Notices = notices });
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run, new() { LogCheckpoints = LoggedCheckpoints.All }).Use(Every(10)).Use(new ActingCallback(_ =>
        {
            if (stuck.Begun.Task.IsCompleted)
                end.Announce();
        }));
        Assert.IsType<TrainingOutcome.Interrupted>(await training.Trainer.RunAsync(TrainingLength.Steps(1_000_000), Token).WaitAsync(TimeSpan.FromMinutes(2), Token));

        Assert.Equal(RunStatus.Killed, (await tracker.GetRunAsync(run.Id, Token)).Info.Status);
        Assert.True(await stuck.Cancelled.Task.WaitAsync(TimeSpan.FromMinutes(1), Token));
    }

    private Checkpointing Every(long steps) =>
        new(CheckpointStore.InFolder(_folder["written"]), new() { EverySteps = steps, KeepLast = 100, BestMetric = "val_accuracy", BestDirection = MetricDirection.Higher });

    private static ActingCallback Measuring()
    {
        Dictionary<long, double> accuracies = new() { [2] = 0.5, [4] = 0.9, [6] = 0.7, [8] = double.NaN, [10] = 0.9 };
        return new(trainer =>
        {
            if (accuracies.TryGetValue(trainer.Position.Step, out double accuracy))
                trainer.Report(new Dictionary<string, double> { ["val_accuracy"] = accuracy });
        });
    }

    private static CheckpointStore Logged(Tracker tracker, Run run) => CheckpointStore.In(tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation)));

    private Tracker Open(IArtifactStore? artifacts = null) => Tracker.Open(t =>
    {
        t.UseInMemory(_folder.Path, _store).Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false));
        if (artifacts is not null)
            t.AddArtifactStore(artifacts);
    });

    /// <summary>Takes nothing, and waits until it is given up.</summary>
    private sealed class StuckArtifactStore(IArtifactStore inner) : DelegatingArtifactStore(inner)
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<bool> Cancelled { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override async ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
        {
            Begun.TrySetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }
            finally
            {
                Cancelled.TrySetResult(cancellationToken.IsCancellationRequested);
            }

            throw new InvalidOperationException("It is never asked to go on.");
        }
    }
}
