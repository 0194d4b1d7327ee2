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
    [InlineData(LoggedCheckpoints.All, "2 4 6 8 10")]
    public async Task Those_that_were_asked_for_are_artifacts_at_the_end(LoggedCheckpoints which, string expected)
    {
        Dictionary<long, double> accuracies = new() { [2] = 0.5, [4] = 0.9, [6] = 0.7, [8] = double.NaN, [10] = 0.9 };
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run, new() { LogCheckpoints = which, BestMetric = "val_accuracy", BestDirection = MetricDirection.Higher }).Use(new ActingCallback(trainer =>
        {
            if (!accuracies.TryGetValue(trainer.Position.Step, out double accuracy))
                return;
            trainer.Report(new Dictionary<string, double> { ["val_accuracy"] = accuracy });
            trainer.Report(Write(trainer.Position));
        }));
        await training.Trainer.RunAsync(TrainingLength.Steps(10), Token);

        IReadOnlyList<ArtifactFile> files = await tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation)).ListAsync(Token);
        Assert.Equal(
            expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).SelectMany(step => (string[])[$"checkpoints/step-{step:D9}/manifest.json", $"checkpoints/step-{step:D9}/model.bin"]),
            files.Select(file => file.Path.Value));
        Assert.All(files, file => Assert.NotNull(file.Sha256));
    }

    [Fact]
    public async Task A_checkpoint_that_a_later_callback_writes_at_the_end_is_logged_too()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run, new() { LogCheckpoints = LoggedCheckpoints.Last }).Use(new LastCheckpoint(this));
        await training.Trainer.RunAsync(TrainingLength.Steps(3), Token);
        Assert.Contains(await tracker.ArtifactStores.Open(new Uri(run.ArtifactLocation)).ListAsync(Token), file => file.Path == "checkpoints/step-000000003/model.bin");
    }

    private Checkpoint Write(TrainingPosition position)
    {
        string name = $"step-{position.Step:D9}";
        _folder.Write($"written/{name}/manifest.json", "{}");
        _folder.Write($"written/{name}/model.bin", $"weights of {name}");
        return new Checkpoint(CheckpointStore.InFolder(_folder["written"]), name, null, null);
    }

    private Tracker Open() => Tracker.Open(t => t.UseInMemory(_folder.Path, _store).Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false)));

    private sealed class LastCheckpoint(CheckpointArtifactsTests tests) : TrainerCallback
    {
        public override void OnEnd(Trainer trainer, TrainingOutcome outcome) => trainer.Report(tests.Write(trainer.Position));
    }
}
