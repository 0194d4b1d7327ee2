using Microsoft.Extensions.Time.Testing;
using MLOps.Runtime;
using MLOps.Tracking;
using MLOps.Tracking.Storage;
using MLOps.Training.Checkpoints;
using TorchSharp;

namespace MLOps.Training.Tests.Runs;

[Collection("torch")]
public sealed class RunTrackingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryTrackingStore _store = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task What_is_known_before_the_first_step_is_logged_as_params()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new(learningRate: 0.25);
        RunId id = await tracker.RunAsync("law", async run =>
        {
            training.Trainer.Track(run).Use(new ActingCallback(null, ("patience", "3"))).Use(new ActingCallback(null, ("patience", "5")));
            await training.Trainer.RunAsync(TrainingLength.Epochs(1), Token);
            return run.Id;
        }, cancellationToken: Token);

        IReadOnlyDictionary<string, string> logged = (await tracker.GetRunAsync(id, Token)).Params;
        Assert.Equal("Plain", logged["optimizer"]);
        Assert.Equal("0.25", logged["learning_rate"]);
        Assert.Equal("1", logged["epochs"]);
        Assert.Equal("0", logged["seed"]);
        Assert.Equal("true", logged["seed_each_batch"]);
        Assert.Equal("10", logged["batches_per_epoch"]);
        Assert.Equal("10", logged["data.batches"]);
        Assert.Equal("Linear", logged["model"]);
        Assert.Equal("5", logged["model.trainable_parameters"]);
        Assert.Equal("0", logged["model.frozen_parameters"]);
        Assert.Equal("cpu", logged["device"]);
        Assert.Equal("float32", logged["dtype"]);
        Assert.Equal("3", logged["acting_callback.patience"]);
        Assert.Equal("5", logged["acting_callback_2.patience"]);
        Assert.Equal(torch.__version__, logged["versions.libtorch"]);
        Assert.StartsWith("0.", logged["versions.torchsharp"], StringComparison.Ordinal);
        Assert.DoesNotContain("steps", logged.Keys);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_loss_of_every_step_and_all_that_callbacks_report_are_metrics(bool sqlite)
    {
        await using Tracker tracker = Open(sqlite);
        using TrackedTraining training = new();
        List<double> losses = [];
        RunId id = await tracker.RunAsync("law", async run =>
        {
            training.Trainer.Track(run).Use(new ActingCallback(trainer =>
            {
                if (trainer.Position.Step % 5 == 0)
                    trainer.Report(new Dictionary<string, double> { ["val_loss"] = trainer.Position.Step / 10.0 });
            })).Use(new LossCallback(losses));
            await training.Trainer.RunAsync(TrainingLength.Epochs(2), Token);
            return run.Id;
        }, cancellationToken: Token);

        Assert.Equal(losses.Select((loss, i) => (i + 1L, loss)), await PointsAsync(tracker, id, "loss"));
        Assert.Equal(Enumerable.Range(1, 20).Select(step => ((long)step, 0.1)), await PointsAsync(tracker, id, "learning_rate"));
        Assert.Equal([(5L, 0.5), (10, 1), (15, 1.5), (20, 2)], await PointsAsync(tracker, id, "val_loss"));
        Assert.Equal([(10L, 1.0), (20, 2)], await PointsAsync(tracker, id, "epoch"));
        RunDetails details = await tracker.GetRunAsync(id, Token);
        Assert.Equal(RunStatus.Finished, details.Info.Status);
        Assert.Equal("completed", details.Tags["mlops.training.outcome"]);
    }

    [Fact]
    public async Task The_loss_may_be_logged_less_often()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run, new() { LossEvery = 4 });
        await training.Trainer.RunAsync(TrainingLength.Steps(10), Token);

        Assert.Equal([4L, 8], (await PointsAsync(tracker, run.Id, "loss")).Select(point => point.Step));
        Assert.Equal([4L, 8], (await PointsAsync(tracker, run.Id, "learning_rate")).Select(point => point.Step));
    }

    [Fact]
    public async Task What_the_schedule_clipping_and_averages_were_told_are_params_and_the_norm_is_a_metric()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new(learningRate: 0.2);
        using ExponentialMovingAverage ema = new(training.Model, 0.9);
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Use(LearningRateSchedule.Linear(steps: 4)).Use(new ClipGradients(0.5)).Use(ema).Track(run);
        await training.Trainer.RunAsync(TrainingLength.Steps(4), Token);

        RunDetails details = await tracker.GetRunAsync(run.Id, Token);
        Assert.Equal("linear(steps: 4, start: 1, end: 0)", details.Params["schedule.description"]);
        Assert.Equal("0.5", details.Params["clip_gradients.max_norm"]);
        Assert.Equal(("0.9", "false"), (details.Params["ema.decay"], details.Params["ema.warm_up"]));
        Assert.Equal([(1L, 0.2), (2, 0.2 * 0.75), (3, 0.2 * 0.5), (4, 0.2 * 0.25)], await PointsAsync(tracker, run.Id, "learning_rate"));
        List<(long Step, double Value)> norms = await PointsAsync(tracker, run.Id, "gradient_norm");
        Assert.Equal([1L, 2, 3, 4], norms.Select(point => point.Step));
        Assert.All(norms, point => Assert.True(point.Value > 0));
    }

    [Fact]
    public async Task Of_a_step_of_several_batches_the_mean_loss_is_logged()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        PairsCallback pairs = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Use(pairs).Track(run);
        await training.Trainer.RunAsync(TrainingLength.Steps(5), Token);

        Assert.Equal(pairs.Losses.Chunk(2).Select((pair, i) => (i + 1L, pair.Sum() / 2)), await PointsAsync(tracker, run.Id, "loss"));
    }

    [Fact]
    public async Task Times_speed_and_memory_are_logged_at_an_interval_and_at_the_end()
    {
        FakeTimeProvider time = new();
        await using Tracker tracker = Open();
        using TrackedTraining training = new(options: new() { TimeProvider = time, HoldSignals = false });
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Use(new ActingCallback(_ => time.Advance(TimeSpan.FromSeconds(1)))).Track(run, new() { StatisticsInterval = TimeSpan.FromSeconds(4) });
        await training.Trainer.RunAsync(TrainingLength.Steps(10), Token);

        Assert.Equal([(4L, 1.0), (8, 1), (10, 1)], await PointsAsync(tracker, run.Id, "training/steps_per_second"));
        foreach (string key in (string[])["data_ms", "forward_ms", "backward_ms", "optimizer_ms", "working_set_mib", "live_tensors"])
        {
            List<(long Step, double Value)> points = await PointsAsync(tracker, run.Id, $"training/{key}");
            Assert.Equal([4L, 8, 10], points.Select(point => point.Step));
            Assert.All(points, point => Assert.True(double.IsFinite(point.Value) && point.Value >= 0, $"{key} = {point.Value}"));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_training_that_goes_on_in_its_run_repeats_nothing_of_what_the_killed_process_logged(bool sqlite)
    {
        await using Tracker tracker = Open(sqlite);
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        IReadOnlyList<TrainingState> checkpoint = [];
        using (TrackedTraining training = new())
        {
            training.Trainer.Track(run).Use(new ActingCallback(trainer => checkpoint = trainer.Position.Step == 6 ? training.Save() : checkpoint));
            await training.Trainer.RunAsync(TrainingLength.Steps(13), Token);
        }

        // As whoever opens the store next does for a process that was killed.
        await run.EndAsync(RunStatus.Killed, Token);

        await using Run resumed = await tracker.ResumeRunAsync(run.Id, cancellationToken: Token);
        using (TrackedTraining training = new())
        {
            training.Trainer.Track(resumed);
            training.Trainer.LoadState(checkpoint);
            await training.Trainer.RunAsync(TrainingLength.Steps(25), Token);
        }

        foreach (string key in (string[])["loss", "learning_rate"])
            Assert.Equal(Enumerable.Range(1, 25).Select(step => (long)step), (await PointsAsync(tracker, run.Id, key)).Select(point => point.Step));
        Assert.Equal([(10L, 1.0), (20, 2)], await PointsAsync(tracker, run.Id, "epoch"));
        RunDetails details = await tracker.GetRunAsync(run.Id, Token);
        Assert.Equal("13", details.Params["steps"]);
        Assert.Equal("25", details.Tags["mlops.training.steps"]);
        Assert.DoesNotContain("mlops.training.seed", details.Tags.Keys);
        Assert.DoesNotContain("mlops.training.resumed_from", details.Tags.Keys);
        Assert.True(resumed.Health.IsHealthy);
    }

    [Fact]
    public async Task A_step_that_comes_out_otherwise_the_second_time_is_logged_again_and_counts()
    {
        await using Tracker tracker = Open();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        run.Metric("loss").Log(new MetricPoint(7, 0, 42));
        run.Metric("loss").Log(new MetricPoint(5, 0, 1));
        using TrackedTraining training = new();
        using (TrackedTraining before = new())
        {
            await before.Trainer.RunAsync(TrainingLength.Steps(6), Token);
            training.Trainer.Track(run);
            training.Trainer.LoadState(before.Save());
        }

        await training.Trainer.RunAsync(TrainingLength.Steps(7), Token);

        List<(long Step, double Value)> points = await PointsAsync(tracker, run.Id, "loss");
        Assert.Equal([5L, 7, 7], points.Select(point => point.Step));
        Assert.Equal(42, points[1].Value);
        Assert.Equal(points[2].Value, (await tracker.GetRunAsync(run.Id, Token)).Metrics["loss"].Value);
    }

    [Fact]
    public async Task A_training_may_go_on_in_another_run_which_says_where_it_began()
    {
        await using Tracker tracker = Open();
        Run first = await tracker.StartRunAsync("law", cancellationToken: Token);
        IReadOnlyList<TrainingState> checkpoint;
        using (TrackedTraining training = new())
        {
            training.Trainer.Track(first);
            await training.Trainer.RunAsync(TrainingLength.Steps(6), Token);
            checkpoint = training.Save();
        }

        Run second = await tracker.StartRunAsync("law", cancellationToken: Token);
        using (TrackedTraining training = new())
        {
            training.Trainer.Track(second);
            training.Trainer.LoadState(checkpoint);
            await training.Trainer.RunAsync(TrainingLength.Steps(8), Token);
        }

        Assert.Equal(first.Id.Value, (await tracker.GetRunAsync(second.Id, Token)).Tags["mlops.training.resumed_from"]);
        Assert.Equal([7L, 8], (await PointsAsync(tracker, second.Id, "loss")).Select(point => point.Step));
    }

    [Fact]
    public async Task The_run_of_a_training_that_completed_is_its_owners_to_end()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run);
        await training.Trainer.RunAsync(TrainingLength.Steps(3), Token);
        Assert.False(run.HasEnded);

        // And training may go on in it.
        await training.Trainer.RunAsync(TrainingLength.Steps(5), Token);
        Assert.Equal([1L, 2, 3, 4, 5], (await PointsAsync(tracker, run.Id, "loss")).Select(point => point.Step));
    }

    [Fact]
    public async Task A_stopped_training_says_why()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run).Use(new ActingCallback(trainer => trainer.Stop("no better for 3 epochs")));
        Assert.IsType<TrainingOutcome.Stopped>(await training.Trainer.RunAsync(TrainingLength.Steps(3), Token));

        Assert.False(run.HasEnded);
        Assert.Equal("stopped: no better for 3 epochs", (await tracker.GetRunAsync(run.Id, Token)).Tags["mlops.training.outcome"]);
    }

    [Fact]
    public async Task A_cancelled_training_ends_its_run_killed()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        using CancellationTokenSource cancelling = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run).Use(new ActingCallback(trainer => Cancel(trainer, cancelling)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => training.Trainer.RunAsync(TrainingLength.Steps(100), cancelling.Token));

        Assert.True(run.HasEnded);
        RunDetails details = await tracker.GetRunAsync(run.Id, Token);
        Assert.Equal(RunStatus.Killed, details.Info.Status);
        Assert.Equal("cancelled", details.Tags["mlops.training.outcome"]);
        Assert.Equal(4, details.Metrics["loss"].Step);

        static void Cancel(Trainer trainer, CancellationTokenSource cancelling)
        {
            if (trainer.Position.Step == 4)
                cancelling.Cancel();
        }
    }

    [Fact]
    public async Task A_failed_training_ends_its_run_failed_with_what_was_thrown()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        training.Trainer.Track(run).Use(new ActingCallback(_ => throw new InvalidDataException("a bad callback")));
        await Assert.ThrowsAsync<InvalidDataException>(() => training.Trainer.RunAsync(TrainingLength.Steps(100), Token));

        RunDetails details = await tracker.GetRunAsync(run.Id, Token);
        Assert.Equal(RunStatus.Failed, details.Info.Status);
        Assert.Equal("System.IO.InvalidDataException: a bad callback", details.Tags[WellKnownTags.Exception]);
    }

    [Fact]
    public async Task An_interrupted_training_ends_its_run_killed_even_where_its_owner_would_have_finished_it()
    {
        await using Tracker tracker = Open();
        using AnnouncedEnd end = new();
        await using InterruptionNotices notices = end.Listen();
        using TrackedTraining training = new(options: new() { Notices = notices });
        RunId id = await tracker.RunAsync("law", async run =>
        {
            training.Trainer.Track(run).Use(new ActingCallback(trainer =>
            {
                if (trainer.Position.Step == 4)
                    end.Announce();
            }));
            Assert.IsType<TrainingOutcome.Interrupted>(await training.Trainer.RunAsync(TrainingLength.Steps(100), Token));
            return run.Id;
        }, cancellationToken: Token);

        RunDetails details = await tracker.GetRunAsync(id, Token);
        Assert.Equal(RunStatus.Killed, details.Info.Status);
        Assert.Equal("GcpPreemption", details.Tags[WellKnownTags.Interrupted]);
        Assert.Equal("interrupted", details.Tags["mlops.training.outcome"]);
        Assert.Equal(4, details.Metrics["loss"].Step);
    }

    [Fact]
    public async Task A_run_that_has_ended_is_refused_before_the_first_step()
    {
        await using Tracker tracker = Open();
        using TrackedTraining training = new();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        await run.EndAsync(cancellationToken: Token);
        training.Trainer.Track(run);
        await Assert.ThrowsAsync<InvalidOperationException>(() => training.Trainer.RunAsync(TrainingLength.Steps(3), Token));
        Assert.Equal(0, training.Trainer.Position.Step);
    }

    [Fact]
    public async Task Options_that_are_not_legal_are_refused()
    {
        await using Tracker tracker = Open();
        Run run = await tracker.StartRunAsync("law", cancellationToken: Token);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunTracking(run, new() { LossEvery = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunTracking(run, new() { StatisticsInterval = TimeSpan.Zero }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RunTracking(run, new() { LogCheckpoints = (LoggedCheckpoints)7 }));
        Assert.Throws<ArgumentException>(() => new RunTracking(run, new() { RegisterAs = "law" }));
    }

    private static async Task<List<(long Step, double Value)>> PointsAsync(Tracker tracker, RunId id, string key) =>
        [.. (await tracker.GetSeriesAsync(id, key, Token)).Points.Select(point => (point.Step, point.Value))];

    private Tracker Open(bool sqlite = false) => Tracker.Open(t =>
        (sqlite ? t.UseSqlite(_folder["mlops.db"]) : t.UseInMemory(_folder.Path, _store)).Configure(o => (o.Capture.Source, o.Capture.Environment) = (false, false)));

    private sealed class LossCallback(List<double> losses) : TrainerCallback
    {
        public override void OnStep(TrainingStep step) => losses.Add(step.LossValue);
    }

    /// <summary>Steps after every second batch.</summary>
    private sealed class PairsCallback : TrainerCallback
    {
        public List<double> Losses { get; } = [];

        public override void OnBackward(TrainingStep step)
        {
            Losses.Add(step.LossValue);
            if (Losses.Count % 2 == 1)
                step.Defer();
        }
    }
}
