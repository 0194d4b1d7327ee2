using Microsoft.Extensions.Time.Testing;
using TorchSharp;

namespace MLOps.Training.Tests.Callbacks;

[Collection("torch")]
public sealed class ProgressReportingTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task It_reports_when_the_interval_has_gone_by_and_at_the_end()
    {
        List<TrainingProgress> reports = await RunAsync(TrainingLength.Steps(10), TimeSpan.FromMilliseconds(300), _ => TimeSpan.FromMilliseconds(100));

        Assert.Equal([3, 6, 9, 10], reports.Select(report => report.Position.Step));
        Assert.Equal([0.3, 0.6, 0.9, 1.0], reports.Select(report => report.Elapsed.TotalSeconds));
        Assert.All(reports, report => Assert.Equal(10, report.BatchesPerSecond!.Value, 9));
        Assert.Equal([0.7, 0.4, 0.1, 0], reports.Select(report => Math.Round(report.Remaining!.Value.TotalSeconds, 6)));
        Assert.Equal([0.3, 0.6, 0.9, 1], reports.Select(report => report.Fraction));
    }

    [Fact]
    public async Task Each_step_is_reported_when_the_interval_is_nothing()
    {
        List<TrainingProgress> reports = await RunAsync(TrainingLength.Epochs(2), TimeSpan.Zero, _ => TimeSpan.FromSeconds(1));

        // The last stands twice: after its step, and at the end, when its epoch is over.
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 12], reports.Select(report => report.Position.Step));
        Assert.Equal(new TrainingPosition(12, 2, 0, 12), reports[^1].Position);
        Assert.Equal((1.0, TimeSpan.Zero), (reports[^1].Fraction, reports[^1].Remaining));
        Assert.Equal(6, reports[^1].BatchesPerEpoch);
        Assert.Equal(TrainingLength.Epochs(2), reports[^1].Length);
    }

    [Fact]
    public async Task A_report_tells_of_the_latest_step()
    {
        List<double> losses = [];
        List<TrainingProgress> reports = [];
        using SmallTraining training = new();
        training.Trainer
            .Use(new DelegatingCallback
            {
                Batch = step => step.Trainer.Optimizer.LearningRate = 0.1 / (step.Step + 1),
                Step = step => losses.Add(step.LossValue),
                Epoch = trainer => trainer.Report(new Dictionary<string, double> { ["val_loss"] = trainer.Position.Epoch }),
            })
            .Use(new ProgressReporting(new Reports(reports), TimeSpan.Zero));

        await training.RunAsync(TrainingLength.Steps(7));

        Assert.Equal(losses, reports[..7].Select(report => report.Loss!.Value));
        Assert.Equal(losses[^1], reports[^1].Loss);
        Assert.Equal(0.1 / 7, reports[6].LearningRate);
        Assert.Empty(reports[5].Metrics);
        Assert.Equal(1, reports[6].Metrics["val_loss"]);
        Assert.All(reports, report => Assert.True(report.WorkingSet > 1 << 20 && report.LiveTensors > 0));
        Assert.All(reports[..7], report => Assert.True(report.Times.Forward > TimeSpan.Zero && report.Times.Backward > TimeSpan.Zero));
        Assert.Equal(default, reports[^1].Times);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    public async Task The_last_loss_is_told_where_the_length_is_reached(int steps)
    {
        double last = double.NaN;
        List<TrainingProgress> reports = [];
        using SmallTraining training = new(options: new() { TimeProvider = _clock });
        training.Trainer.Use(new DelegatingCallback { Step = step => last = step.LossValue }).Use(new ProgressReporting(new Reports(reports), TimeSpan.FromHours(1)));

        await training.RunAsync(steps == 6 ? TrainingLength.Epochs(1) : TrainingLength.Steps(steps));

        Assert.Equal(last, Assert.Single(reports).Loss);
    }

    [Fact]
    public async Task The_rate_follows_a_change()
    {
        List<TrainingProgress> reports = await RunAsync(TrainingLength.Steps(600), TimeSpan.FromMilliseconds(200), step => TimeSpan.FromMilliseconds(step < 300 ? 50 : 200));

        Assert.Equal(20, reports.Last(report => report.Position.Step < 300).BatchesPerSecond!.Value, 6);
        Assert.Equal(5, reports[^1].BatchesPerSecond!.Value, 1);
    }

    [Fact]
    public async Task Steps_and_batches_have_their_own_rates()
    {
        List<TrainingProgress> reports = await RunAsync(TrainingLength.Epochs(4), TimeSpan.FromSeconds(1), _ => TimeSpan.FromSeconds(1), new GradientAccumulation(3));

        Assert.Equal((3.0, 1.0), (Math.Round(reports[^1].BatchesPerSecond!.Value, 9), Math.Round(reports[^1].StepsPerSecond!.Value, 9)));
        Assert.Equal([0.125, 0.25], reports[..2].Select(report => report.Fraction));
        Assert.Equal(7, reports[0].Remaining!.Value.TotalSeconds, 6);
    }

    [Fact]
    public async Task What_is_not_known_is_null()
    {
        List<TrainingProgress> reports = await RunAsync(TrainingLength.Epochs(2), TimeSpan.Zero, _ => TimeSpan.Zero, data: new Countless());

        Assert.All(reports[..^1], report => Assert.Equal((null, null, null, null), (report.BatchesPerSecond, report.StepsPerSecond, report.Remaining, report.Fraction)));
        Assert.Equal((1.0, TimeSpan.Zero), (reports[^1].Fraction, reports[^1].Remaining));
    }

    [Fact]
    public async Task The_end_is_reported_whatever_it_is()
    {
        List<TrainingProgress> reports = [];
        using SmallTraining training = new();
        training.Trainer.Use(new ProgressReporting(new Reports(reports), TimeSpan.FromHours(1))).Use(new DelegatingCallback { Step = step => _ = step.Step == 2 ? throw new FormatException() : 0 });

        await Assert.ThrowsAsync<FormatException>(() => training.RunAsync(TrainingLength.Steps(7)));

        Assert.Equal(3, Assert.Single(reports).Position.Step);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentNullException>(() => new ProgressReporting(null!));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ProgressReporting(new Reports([]), TimeSpan.FromTicks(-1)));
    }

    private async Task<List<TrainingProgress>> RunAsync(
        TrainingLength length, TimeSpan interval, Func<long, TimeSpan> stepTime, TrainerCallback? before = null, IBatchSource<(torch.Tensor, torch.Tensor)>? data = null)
    {
        List<TrainingProgress> reports = [];
        using SmallTraining training = new(data, new() { TimeProvider = _clock });
        if (before is not null)
            training.Trainer.Use(before);
        training.Trainer.Use(new DelegatingCallback { Step = step => _clock.Advance(stepTime(step.Step)) }).Use(new ProgressReporting(new Reports(reports), interval));
        await training.RunAsync(length);
        return reports;
    }

    private sealed class Reports(List<TrainingProgress> list) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => list.Add(value);
    }

    /// <summary>A source that does not know how long its epochs are.</summary>
    private sealed class Countless : IBatchSource<(torch.Tensor, torch.Tensor)>
    {
        private readonly FixedBatches _inner = new(3);

        public long? BatchesPerEpoch => null;

        public IReadOnlyDictionary<string, string> Description => _inner.Description;

        public IAsyncEnumerable<(torch.Tensor, torch.Tensor)> ReadEpochAsync(int epoch, long firstBatch, CancellationToken cancellationToken = default) => _inner.ReadEpochAsync(epoch, firstBatch, cancellationToken);
    }
}
