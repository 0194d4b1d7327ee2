using Microsoft.Extensions.Logging;
using MLOps.Training.Tests.Precision;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Anomalies;

[Collection("torch")]
public sealed class AnomalyDetectionTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly nn.Module<Tensor, Tensor> _module;
    private readonly FlatModel _model;
    private readonly HeedfulSgd _optimizer;
    private readonly Messages _messages = new();
    private int _steps;

    public AnomalyDetectionTests()
    {
        manual_seed(5);
        _module = nn.Sequential(("first", nn.Linear(4, 3)), ("last", nn.Linear(3, 1)));
        _model = new FlatModel(_module);
        _optimizer = new HeedfulSgd(_model, 0.1);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
        _module.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public async Task A_training_in_order_is_left_alone()
    {
        AnomalyDetection detection = new();

        byte[] bits = await TrainAsync(detection, steps: 25);

        Assert.Null(detection.Latest);
        Assert.Equal(0, detection.Count);
        Assert.Empty(_messages.Lines);
        Assert.Equal(1, detection.Interval);
        Assert.Equal(25, _steps);
        Assert.True(bits.Length > 0);
    }

    [Fact]
    public async Task A_gradient_that_is_not_finite_is_named_and_ends_the_training_before_it_is_used()
    {
        Anomaly? told = null;
        AnomalyDetection detection = new(onAnomaly: anomaly => told = anomaly);
        byte[] before = [];

        AnomalyException error = await Assert.ThrowsAsync<AnomalyException>(() => TrainAsync(detection, steps: 25, new Spoiler
        {
            Step = 12,
            Before = () => before = Bits(),
            Spoil = _ =>
            {
                Gradient("last.bias")[0] = float.NaN;
                Gradient("first.weight")[1, 2] = float.PositiveInfinity;
                Gradient("first.weight")[0, 3] = float.NegativeInfinity;
            },
        }));

        Anomaly report = error.Anomaly;
        Assert.Same(report, told);
        Assert.Same(report, detection.Latest);
        Assert.Equal((12L, 1, 2L, 1), (report.Step, report.Epoch, report.Batch, report.Consecutive));
        Assert.True(double.IsFinite(report.Loss));
        Assert.Equal([new("first.weight", true, 0, 2, 12), new("last.bias", true, 1, 0, 1)], report.Tensors);
        Assert.Equal($"Step 12 (epoch 1, batch 2): 2 gradients are not finite: first.weight (0 NaN, 2 infinite of 12), last.bias (1 NaN, 0 infinite of 1), at a loss of {report.Loss.ToString("G6", System.Globalization.CultureInfo.InvariantCulture)}. Look for a division by 0, the root or logarithm of 0, or a learning rate that is too high; clip gradients.", error.Message);
        Assert.Equal([error.Message], _messages.Lines);
        Assert.Equal(before, Bits());
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "+∞")]
    public async Task A_loss_that_is_not_finite_ends_the_training_before_the_backward_pass(float value, string name)
    {
        bool hadBackward = false;

        AnomalyException error = await Assert.ThrowsAsync<AnomalyException>(() => TrainAsync(new AnomalyDetection(), steps: 25, new Spoiler { Step = 3, Factor = value, Spoil = _ => hadBackward = true }));

        Assert.False(hadBackward);
        Assert.Equal($"Step 3 (epoch 0, batch 3): the loss is {name}, while the parameters are finite: look at this batch and at the loss function.", error.Message);
        Assert.Empty(error.Anomaly.Tensors);
    }

    [Fact]
    public async Task A_model_that_is_spoiled_already_is_named_as_the_cause()
    {
        using (no_grad())
            _module.get_parameter("last.weight")![0, 1] = float.NaN;

        AnomalyException error = await Assert.ThrowsAsync<AnomalyException>(() => TrainAsync(new AnomalyDetection(), steps: 25));

        Assert.Equal([new AnomalousTensor("last.weight", false, 1, 0, 3)], error.Anomaly.Tensors);
        Assert.Contains("the loss is NaN, and so is the model already: 1 tensor is not finite: last.weight (1 NaN, 0 infinite of 3). An earlier step spoiled it", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public async Task A_skipped_step_leaves_parameters_to_the_last_bit_and_training_goes_on(int interval)
    {
        List<Anomaly> told = [];
        List<bool> changed = [];
        AnomalyDetection detection = new(AnomalyAction.Skip, told.Add, interval);
        byte[] before = [];

        await TrainAsync(detection, steps: 20, new Spoiler
        {
            Steps = [4, 7, 8],
            Before = () => before = Bits(),
            Spoil = _ => Gradient("last.bias")[0] = float.NaN,
            After = () => changed.Add(!before.AsSpan().SequenceEqual(Bits())),
        });

        // Every bad step is skipped; those that are looked at are told of.
        Assert.Equal([.. Enumerable.Range(0, 20).Select(step => step is not (4 or 7 or 8))], changed);
        Assert.Equal(interval == 1 ? [(4, 1), (7, 1), (8, 2)] : [(4, 1), (8, 2)], told.Select(anomaly => (anomaly.Step, anomaly.Consecutive)));
        Assert.Equal(told.Count, detection.Count);
        Assert.All(told, anomaly => Assert.Equal([new AnomalousTensor("last.bias", true, 1, 0, 1)], anomaly.Tensors));
        Assert.EndsWith("That makes 2 such steps in a row.", told[^1].ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loss_that_is_not_finite_is_skipped_though_its_gradients_are()
    {
        byte[] before = [];
        List<bool> changed = [];
        AnomalyDetection detection = new(AnomalyAction.Skip);

        // A loss plus NaN has the gradients of the loss.
        await TrainAsync(detection, steps: 20, new Spoiler { Step = 4, Addend = float.NaN, Before = () => before = Bits(), After = () => changed.Add(!before.AsSpan().SequenceEqual(Bits())) });

        Assert.Equal(1, detection.Count);
        Assert.Equal(4, detection.Latest!.Step);
        Assert.True(double.IsNaN(detection.Latest.Loss));
        Assert.Empty(detection.Latest.Tensors);
        Assert.Equal([.. Enumerable.Range(0, 20).Select(step => step != 4)], changed);
    }

    [Fact]
    public async Task When_batches_are_put_off_one_bad_loss_skips_their_whole_step_and_is_told_of_once()
    {
        List<Anomaly> told = [];
        List<bool> changed = [];
        byte[] before = [];

        await TrainAsync(new AnomalyDetection(AnomalyAction.Skip, told.Add), steps: 4, new Spoiler
        {
            Batch = 2,
            Addend = float.NaN,
            DeferTwoOfThree = true,
            Before = () => before = Bits(),
            After = () => changed.Add(!before.AsSpan().SequenceEqual(Bits())),
        });

        // Ten batches in an epoch, three to a step: 0-2, 3-5, 6-8, 9.
        Assert.Equal([false, true, true, true], changed);
        Assert.Equal([(0, 2)], told.Select(anomaly => (anomaly.Step, anomaly.Batch)));
    }

    [Fact]
    public async Task Too_many_skipped_steps_in_a_row_end_the_training()
    {
        AnomalyDetection detection = new(AnomalyAction.Skip, maxConsecutive: 3);

        AnomalyException error = await Assert.ThrowsAsync<AnomalyException>(() => TrainAsync(detection, steps: 50, new Spoiler { Steps = [2, 3, 4, 6, 7, 8, 9, 10], Spoil = _ => Gradient("last.bias")[0] = float.NaN }));

        Assert.Equal((9L, 4), (error.Anomaly.Step, error.Anomaly.Consecutive));
        Assert.Equal(7, detection.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Steps_that_the_scaler_skips_are_its_own_matter(bool scalerFirst)
    {
        AnomalyDetection detection = new();
        GradientScaler scaler = new(initialScale: 1_024);
        Spoiler spoiler = new() { Steps = [1, 2, 5], Spoil = _ => Gradient("first.bias").fill_(float.PositiveInfinity) };

        await TrainAsync(detection, steps: 10, scalerFirst ? [spoiler, scaler] : [spoiler], scalerFirst ? [] : [scaler]);

        Assert.Null(detection.Latest);
        Assert.Equal(128, scaler.Scale);
        Assert.True(_model.Buffers[0].Parameters.isfinite().all().item<bool>());
    }

    [Fact]
    public async Task A_scale_that_falls_without_end_is_an_anomaly()
    {
        AnomalyDetection detection = new(maxConsecutive: 5);
        Spoiler spoiler = new() { Steps = [.. Enumerable.Range(3, 100)], Spoil = _ => Gradient("first.bias").fill_(float.NaN) };

        AnomalyException error = await Assert.ThrowsAsync<AnomalyException>(() => TrainAsync(detection, steps: 50, [spoiler, new GradientScaler()], []));

        Assert.Equal((8L, 6), (error.Anomaly.Step, error.Anomaly.Consecutive));
        Assert.Equal([new AnomalousTensor("first.bias", true, 3, 0, 3)], error.Anomaly.Tensors);
    }

    [Fact]
    public async Task Between_two_looks_nothing_is_read()
    {
        AnomalyDetection detection = new(interval: 10);

        AnomalyException error = await Assert.ThrowsAsync<AnomalyException>(() => TrainAsync(detection, steps: 50, new Spoiler { Step = 3, Spoil = _ => Gradient("last.bias")[0] = float.NaN }));

        // Found at the next look, with what it did.
        Assert.Equal(10, error.Anomaly.Step);
        Assert.Contains(error.Anomaly.Tensors, tensor => tensor is { Name: "last.bias", IsGradient: false });
    }

    [Fact]
    public async Task Finite_gradients_whose_squares_are_beyond_float32_are_no_anomaly()
    {
        AnomalyDetection detection = new();

        await TrainAsync(detection, steps: 1, new Spoiler { Step = 0, Spoil = _ => Gradient("last.bias")[0] = 1e30f });

        Assert.Null(detection.Latest);
    }

    [Fact]
    public async Task What_the_callback_throws_ends_the_training()
    {
        AnomalyDetection detection = new(AnomalyAction.Skip, _ => throw new TimeoutException("the pager is silent"));

        await Assert.ThrowsAsync<TimeoutException>(() => TrainAsync(detection, steps: 25, new Spoiler { Step = 3, Spoil = _ => Gradient("last.bias")[0] = float.NaN }));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(-1, 1)]
    [InlineData(1, 0)]
    public void A_setting_outside_its_range_is_refused(int interval, int maxConsecutive) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new AnomalyDetection(AnomalyAction.Skip, null, interval, maxConsecutive));

    [Fact]
    public void An_action_that_there_is_not_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => new AnomalyDetection((AnomalyAction)7));

    private Task<byte[]> TrainAsync(AnomalyDetection detection, int steps, Spoiler? spoiler = null) => TrainAsync(detection, steps, spoiler is null ? [] : [spoiler], []);

    /// <summary>Trains with callbacks before and after the one that is tested; its length in steps.</summary>
    private async Task<byte[]> TrainAsync(AnomalyDetection detection, int steps, TrainerCallback[] before, TrainerCallback[] after)
    {
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(_model, _optimizer, new FixedBatches(10), batch => nn.functional.mse_loss(_module.call(batch.Inputs), batch.Targets), new() { Logger = _messages });
        foreach (TrainerCallback callback in before.Append(detection).Concat(after))
            trainer.Use(callback);
        trainer.Use(new Counter(this));
        await trainer.RunAsync(TrainingLength.Steps(steps), TestContext.Current.CancellationToken);
        return Bits();
    }

    private byte[] Bits() => _model.Buffers[0].Parameters.bytes.ToArray();

    private Tensor Gradient(string name) => _model.Buffers[0].Entries.Single(entry => entry.Name == name).ViewOf(_model.Buffers[0].Gradients);

    /// <summary>Makes something of a step bad, before those that look.</summary>
    private sealed class Spoiler : TrainerCallback
    {
        public int Step { get; init; } = -1;

        public long? Batch { get; init; }

        public int[] Steps { get; init; } = [];

        public float Factor { get; init; } = 1;

        public float Addend { get; init; }

        public bool DeferTwoOfThree { get; init; }

        public Action<TrainingStep>? Spoil { get; init; }

        public Action? Before { get; init; }

        public Action? After { get; init; }

        public override void OnBatch(TrainingStep step) => Before?.Invoke();

        public override void OnLoss(TrainingStep step)
        {
            if (!IsBad(step))
                return;
            // As if the loss function had returned it: what callbacks set is not what the detector reads.
            Tensor loss = step.Loss * Factor + Addend;
            step.SetLoss(loss);
        }

        public override void OnBackward(TrainingStep step)
        {
            if (IsBad(step))
                Spoil?.Invoke(step);
            if (DeferTwoOfThree && step.Batch % 3 != 2 && !step.IsLastOfEpoch)
                step.Defer();
        }

        public override void OnStep(TrainingStep step) => After?.Invoke();

        private bool IsBad(TrainingStep step) => step.Step == Step || Steps.Contains((int)step.Step) || (step.Batch == Batch && step.Epoch == 0);
    }

    private sealed class Counter(AnomalyDetectionTests tests) : TrainerCallback
    {
        public override void OnStep(TrainingStep step) => tests._steps++;
    }

    private sealed class Messages : ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel < LogLevel.Information)
                return;
            Assert.Equal((4400, LogLevel.Warning), (eventId.Id, logLevel));
            Lines.Add(formatter(state, exception));
        }
    }
}
