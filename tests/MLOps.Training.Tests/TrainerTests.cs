using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

[Collection("torch")]
public sealed class TrainerTests
{
    [Fact]
    public async Task A_linear_law_is_learned()
    {
        manual_seed(1);
        using nn.Module<Tensor, Tensor> module = nn.Linear(4, 1);
        using FlatModel model = new(module);
        using PlainSgd optimizer = new(model, 0.3);
        List<double> losses = [];
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(model, optimizer, new FixedBatches(10), batch => nn.functional.mse_loss(module.call(batch.Inputs), batch.Targets));
        trainer.Use(new DelegatingCallback { Step = step => losses.Add(step.LossValue) });

        TrainingOutcome outcome = await trainer.RunAsync(TrainingLength.Epochs(30), TestContext.Current.CancellationToken);

        Assert.IsType<TrainingOutcome.Completed>(outcome);
        Assert.Equal(new TrainingPosition(300, 30, 0, 300), outcome.Position);
        Assert.Equal(300, losses.Count);
        Assert.True(losses[^1] < 1e-4 && losses[0] > 0.01, $"from {losses[0]} to {losses[^1]}");
    }

    [Fact]
    public async Task A_step_is_the_step_of_a_loop_by_hand()
    {
        using SmallTraining trained = new(new FixedBatches(5));
        await trained.RunAsync(TrainingLength.Epochs(3));

        using SmallTraining byHand = new();
        FixedBatches data = new(5);
        byHand.Module.train();
        int at = 0;
        for (int epoch = 0; epoch < 3; epoch++)
        {
            await foreach ((Tensor Inputs, Tensor Targets) batch in data.ReadEpochAsync(epoch, 0, TestContext.Current.CancellationToken))
            {
                using DisposeScope scope = NewDisposeScope();
                manual_seed(BatchSeed.Of(3, at++));
                byHand.Loss(batch).backward();
                byHand.Optimizer.Step(new());
                byHand.Model.ZeroGradients();
                batch.Inputs.Dispose();
                batch.Targets.Dispose();
            }
        }

        Assert.Equal(byHand.Parameters(), trained.Parameters());
    }

    [Fact]
    public async Task Callbacks_are_called_in_the_order_in_which_they_were_added()
    {
        List<string> log = [];
        using SmallTraining training = new(new FixedBatches(2));
        training.Trainer.Use(new RecordingCallback("a", log))
            .Use(new DelegatingCallback { Epoch = trainer => trainer.Report(new Dictionary<string, double> { ["x"] = 1 }) })
            .Use(new RecordingCallback("b", log));

        await training.RunAsync(TrainingLength.Epochs(1));

        string[] step = ["a.batch", "b.batch", "a.loss", "b.loss", "a.backward", "b.backward", "a.step", "b.step"];
        Assert.Equal(["a.start", "b.start", .. step, .. step, "a.epoch", "a.metrics", "b.metrics", "b.epoch", "a.end", "b.end"], log);
    }

    [Fact]
    public async Task A_deferred_batch_has_no_step()
    {
        List<string> log = [];
        List<(long Step, int Deferred, bool Last)> seen = [];
        using SmallTraining training = new(new FixedBatches(5));
        training.Trainer.Use(new GradientAccumulation(2))
            .Use(new DelegatingCallback { Backward = step => seen.Add((step.Step, step.DeferredBatches, step.IsLastOfEpoch)) })
            .Use(new RecordingCallback("a", log));

        TrainingOutcome outcome = await training.RunAsync(TrainingLength.Epochs(1));

        Assert.Equal(new TrainingPosition(3, 1, 0, 5), outcome.Position);
        Assert.Equal([(0, 0, false), (0, 1, false), (1, 0, false), (1, 1, false), (2, 0, true)], seen);
        string[] batch = ["a.batch", "a.loss", "a.backward"];
        Assert.Equal(["a.start", .. batch, .. batch, "a.step", .. batch, .. batch, "a.step", .. batch, "a.step", "a.epoch", "a.end"], log);
    }

    [Fact]
    public async Task The_last_batch_of_an_epoch_cannot_be_deferred()
    {
        using SmallTraining training = new(new FixedBatches(2));
        training.Trainer.Use(new DelegatingCallback { Backward = step => step.Defer() });

        await Assert.ThrowsAsync<InvalidOperationException>(() => training.RunAsync(TrainingLength.Epochs(1)));

        Assert.Equal(default, training.Trainer.Position);
        Assert.True(training.Trainer.IsBetweenSteps);
    }

    [Fact]
    public async Task The_number_of_a_step_is_the_same_at_all_of_its_hooks()
    {
        List<(long Step, long Position)> seen = [];
        using SmallTraining training = new();
        void Note(TrainingStep step) => seen.Add((step.Step, step.Trainer.Position.Step));
        training.Trainer.Use(new DelegatingCallback { Batch = Note, LossGiven = Note, Backward = Note, Step = Note });

        await training.RunAsync(TrainingLength.Steps(2));

        Assert.Equal([(0, 0), (0, 0), (0, 0), (0, 1), (1, 1), (1, 1), (1, 1), (1, 2)], seen);
    }

    [Fact]
    public async Task What_is_reported_at_the_start_is_told_when_all_have_started()
    {
        List<string> log = [];
        using SmallTraining training = new();
        training.Trainer.Use(new DelegatingCallback { Start = trainer => trainer.Report(new Dictionary<string, double> { ["x"] = 1 }) }).Use(new RecordingCallback("a", log));

        await training.RunAsync(TrainingLength.Steps(1));

        Assert.Equal(["a.start", "a.metrics", "a.batch"], log[..3]);
        Assert.Equal(1, training.Trainer.Metrics["x"]);
    }

    [Fact]
    public async Task The_value_of_the_loss_is_what_the_loss_function_returned()
    {
        List<(double Value, double Loss)> seen = [];
        using SmallTraining training = new();
        training.Trainer.Use(new DelegatingCallback { LossGiven = step => step.Loss *= 1024 }).Use(new DelegatingCallback { Step = step => seen.Add((step.LossValue, step.Loss.item<float>())) });

        await training.RunAsync(TrainingLength.Steps(3));

        Assert.All(seen, each => Assert.Equal(each.Value * 1024, each.Loss));
    }

    [Theory]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.BFloat16)]
    public async Task A_loss_may_be_of_any_float_type(ScalarType type)
    {
        double value = double.NaN;
        SmallTraining? training = null;
        training = new SmallTraining(loss: batch => training!.Loss(batch).to(type));
        training.Trainer.Use(new DelegatingCallback { Step = step => value = step.LossValue });

        await training.RunAsync(TrainingLength.Steps(1));

        Assert.InRange(value, 0.01, 10);
        training.Dispose();
    }

    [Fact]
    public async Task A_loss_that_is_NaN_is_not_hidden_and_not_judged()
    {
        List<double> losses = [];
        SmallTraining? training = null;
        training = new SmallTraining(loss: batch => training!.Loss(batch) * double.NaN);
        training.Trainer.Use(new DelegatingCallback { Step = step => losses.Add(step.LossValue) });

        await training.RunAsync(TrainingLength.Steps(2));

        Assert.Equal([double.NaN, double.NaN], losses);
        training.Dispose();
    }

    [Fact]
    public async Task A_model_whose_forward_bypasses_hooks_is_trained()
    {
        using Bare module = new();
        SmallTraining? training = null;
        training = new SmallTraining(module: module, loss: batch => nn.functional.mse_loss(((Bare)training!.Module).forward(batch.Inputs), batch.Targets));
        double first = double.NaN, last = double.NaN;
        training.Trainer.Use(new DelegatingCallback
        {
            Step = step =>
            {
                last = step.LossValue;
                if (step.Step == 0)
                    first = last;
            },
        });

        await training.RunAsync(TrainingLength.Epochs(20));

        Assert.True(last < first / 10, $"from {first} to {last}");
        training.Dispose();
    }

    [Fact]
    public async Task A_training_runs_in_training_mode_with_gradients_whatever_its_caller_has()
    {
        using SmallTraining training = new();
        training.Module.eval();
        bool? wasTraining = null, hadGradients = null;
        training.Trainer.Use(new DelegatingCallback { Batch = _ => (wasTraining, hadGradients) = (training.Module.training, is_grad_enabled()) });
        using (no_grad())
            await training.RunAsync(TrainingLength.Steps(1));

        Assert.Equal((true, true), (wasTraining, hadGradients));
    }

    [Fact]
    public async Task Two_runs_at_once_are_refused()
    {
        TaskCompletionSource began = new(), go = new();
        using SmallTraining training = new(new InterruptedBatches(3, (_, batch, _) =>
        {
            began.TrySetResult();
            return batch == 0 ? go.Task : Task.CompletedTask;
        }));
        Task<TrainingOutcome> first = training.RunAsync(TrainingLength.Steps(1));
        await began.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        await Assert.ThrowsAsync<InvalidOperationException>(() => training.RunAsync(TrainingLength.Steps(1)));
        Assert.Throws<InvalidOperationException>(() => training.Trainer.Use(new DelegatingCallback()));
        Assert.Throws<InvalidOperationException>(() => training.Trainer.LoadState([]));

        go.SetResult();
        Assert.IsType<TrainingOutcome.Completed>(await first);
        Assert.IsType<TrainingOutcome.Completed>(await training.RunAsync(TrainingLength.Steps(2)));
    }

    [Fact]
    public async Task Misuse_is_refused_before_anything_happens()
    {
        List<string> log = [];
        using SmallTraining training = new(), other = new();
        RecordingCallback callback = new("a", log);
        training.Trainer.Use(callback);

        await Assert.ThrowsAsync<ArgumentException>(() => training.RunAsync(default));
        Assert.Throws<ArgumentException>(() => training.Trainer.Use(callback));
        Assert.Throws<ArgumentException>(() => training.Trainer.Use(new EarlyStopping("val_loss")).Use(new EarlyStopping("val.loss")));
        Assert.Throws<ArgumentException>(() => new Trainer<(Tensor, Tensor)>(training.Model, other.Optimizer, new FixedBatches(1), batch => batch.Item1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TrainingLength.Steps(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => TrainingLength.Epochs(0));
        Assert.Empty(log);
    }

    [Fact]
    public async Task The_state_cannot_be_taken_within_a_step()
    {
        using SmallTraining training = new();
        training.Trainer.Use(new DelegatingCallback { Backward = step => step.Trainer.SaveState() });
        InvalidOperationException error = await Assert.ThrowsAsync<InvalidOperationException>(() => training.RunAsync(TrainingLength.Steps(1)));
        Assert.Contains("within a step", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(training.Trainer.SaveState());
    }

    [Fact]
    public void The_seed_of_a_batch_is_part_of_what_checkpoints_promise() =>
        Assert.Equal([2598789274482403935, 6073633647765765131, 3334585631696366427], new[] { BatchSeed.Of(0, 0), BatchSeed.Of(42, 1000), BatchSeed.Of(-1, (1L << 40) + 7) });

    private sealed class Bare : nn.Module<Tensor, Tensor>
    {
        private readonly TorchSharp.Modules.Linear _linear = nn.Linear(4, 1);

        public Bare()
            : base(nameof(Bare)) => RegisterComponents();

        public override Tensor forward(Tensor input) => nn.functional.linear(input, _linear.weight!, _linear.bias);
    }
}
