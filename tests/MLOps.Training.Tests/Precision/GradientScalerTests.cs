using FsCheck;
using FsCheck.Fluent;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Precision;

[Collection("torch")]
public sealed class GradientScalerTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly nn.Module<Tensor, Tensor> _module = nn.Linear(4, 1);
    private readonly FlatModel _model;
    private readonly HeedfulSgd _optimizer;

    public GradientScalerTests()
    {
        _model = new FlatModel(_module);
        _optimizer = new HeedfulSgd(_model, 0.3);
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _model.Dispose();
        _module.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void It_begins_with_the_defaults_of_PyTorch()
    {
        GradientScaler scaler = new();

        Assert.Equal((65_536, 2, 0.5, 2_000), (scaler.Scale, scaler.Growth, scaler.Backoff, scaler.Interval));
    }

    /// <summary>Factors are powers of two and scales small and large, so that equality is exact and growth meets the end of float32.</summary>
    [Fact]
    public void Whatever_steps_fail_the_scale_follows_the_published_rule()
    {
        Gen<(int Scale, int Growth, int Backoff, int Interval, bool[] Found)> cases =
            from scale in Gen.Choose(-20, 127)
            from growth in Gen.Choose(1, 3)
            from backoff in Gen.Choose(-3, -1)
            from interval in Gen.Choose(1, 6)
            from found in Gen.ArrayOf(Gen.Frequency((4, Gen.Constant(false)), (1, Gen.Constant(true))), 60)
            select (scale, growth, backoff, interval, found);
        Prop.ForAll(Arb.From(cases), test =>
        {
            using DisposeScope scope = NewDisposeScope();
            float growth = MathF.Pow(2, test.Growth), backoff = MathF.Pow(2, test.Backoff), initial = MathF.Pow(2, test.Scale);
            GradientScaler scaler = new(initial, growth, backoff, test.Interval);
            ScalerRule rule = new(initial, growth, backoff, test.Interval);
            (Trainer trainer, TrainingStep step) = Begin(scaler);
            foreach (bool found in test.Found)
            {
                _model.Buffers[0].Gradients.fill_(found ? float.NaN : 1e-3f);
                OneStep(scaler, step);
                rule.Update(found);
                if ((float)scaler.Scale != rule.Scale || GoodSteps(scaler) != rule.GoodSteps)
                    return false;
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(30, 1_000)).WithQuietOnSuccess(true));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void One_gradient_that_is_not_finite_skips_the_step(float value)
    {
        GradientScaler scaler = new();
        (_, TrainingStep step) = Begin(scaler);
        _model.Buffers[0].Gradients.fill_(1);
        _model.Buffers[0].Gradients[2] = value;

        scaler.OnBackward(step);

        Assert.Equal(1, step.Gradients.Skip!.item<float>());
        Assert.Equal(65_536, step.Gradients.Divisor!.item<float>());
    }

    [Fact]
    public void Finite_gradients_are_divided_and_their_norm_is_left_for_others()
    {
        GradientScaler scaler = new(initialScale: 8);
        (_, TrainingStep step) = Begin(scaler);
        _model.Buffers[0].Gradients.zero_();
        _model.Buffers[0].Gradients[0] = 3 * 8;
        _model.Buffers[0].Gradients[1] = -4 * 8;

        scaler.OnBackward(step);

        Assert.Equal(0, step.Gradients.Skip!.item<float>());
        Assert.Equal(5, step.Gradients.Norm!.item<float>());
    }

    [Fact]
    public void A_norm_that_is_known_is_used_and_divided()
    {
        GradientScaler scaler = new(initialScale: 8);
        (_, TrainingStep step) = Begin(scaler);
        _model.Buffers[0].Gradients.fill_(1);
        step.Gradients.Norm = tensor(float.PositiveInfinity);

        scaler.OnBackward(step);

        Assert.Equal(1, step.Gradients.Skip!.item<float>());
        Assert.Equal(float.PositiveInfinity, step.Gradients.Norm!.item<float>());
    }

    [Fact]
    public void Others_may_read_the_divisor_when_the_scale_has_changed()
    {
        GradientScaler scaler = new(initialScale: 8, interval: 1);
        (_, TrainingStep step) = Begin(scaler);

        OneStep(scaler, step);

        Assert.Equal(16, scaler.Scale);
        Assert.Equal(8, step.Gradients.Divisor!.item<float>());
    }

    [Fact]
    public void The_loss_is_scaled_and_its_value_is_not()
    {
        GradientScaler scaler = new(initialScale: 1_024);
        (_, TrainingStep step) = Begin(scaler);
        Tensor half = ones(1, requires_grad: true).to(ScalarType.Float16).sum();
        step.SetLoss(half);

        scaler.OnLoss(step);

        Assert.Equal((ScalarType.Float32, 1_024f), (step.Loss.dtype, step.Loss.item<float>()));
        Assert.Equal(1, step.LossValue);
    }

    [Fact]
    public async Task With_scaling_a_training_in_float32_has_the_same_bits()
    {
        // A power of two changes exponents and no digits.
        byte[] plain = await TrainAsync(), scaled = await TrainAsync(new GradientScaler(initialScale: 1_024, interval: 7));

        Assert.Equal(plain, scaled);
    }

    [Fact]
    public async Task Small_gradients_that_float16_loses_are_kept_by_scaling()
    {
        // Gradients of the size 1e-8 are zero in float16, whose least number is 6e-8.
        Assert.Equal(0, await NormAsync());
        Assert.True(await NormAsync(new GradientScaler()) is > 0 and < 1e-6);

        async Task<double> NormAsync(params TrainerCallback[] callbacks)
        {
            double norm = double.NaN;
            Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(_model, _optimizer, new FixedBatches(1), Autocast.Wrap<(Tensor Inputs, Tensor Targets)>(batch => _module.call(batch.Inputs * 1e-4f).to(ScalarType.Float32).mean() * 1e-4f, DeviceType.CPU, ScalarType.Float16));
            foreach (TrainerCallback callback in callbacks)
                trainer.Use(callback);
            trainer.Use(new Watcher(step =>
            {
                Tensor gradients = _module.get_parameter("weight")!.grad!.to(ScalarType.Float64);
                norm = (gradients.norm() / (step.Gradients.Divisor?.to(ScalarType.Float64) ?? 1.0)).item<double>();
            }));
            await trainer.RunAsync(TrainingLength.Steps(1), TestContext.Current.CancellationToken);
            return norm;
        }
    }

    [Fact]
    public async Task Within_a_step_of_several_batches_the_scale_stays_and_their_sum_is_looked_at()
    {
        GradientScaler scaler = new(initialScale: 64, interval: 1);
        List<(long Batch, double Scale, double Skip)> seen = [];
        // Every second batch is put off; the third, which is, has gradients that are not finite.
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(_model, _optimizer, new FixedBatches(6), batch => nn.functional.mse_loss(_module.call(batch.Inputs), batch.Targets));
        trainer.Use(scaler)
            .Use(new Watcher(step =>
            {
                seen.Add((step.Batch, scaler.Scale, step.Gradients.Skip!.item<float>()));
                if (step.Batch % 2 == 0)
                    step.Defer();
            }));
        trainer.Use(new BadBatch(2));

        await trainer.RunAsync(TrainingLength.Epochs(1), TestContext.Current.CancellationToken);

        Assert.Equal([(0, 64, 0), (1, 64, 0), (2, 128, 1), (3, 128, 1), (4, 64, 0), (5, 64, 0)], seen);
        Assert.Equal(128, scaler.Scale);
        Assert.True(_model.Buffers[0].Parameters.isfinite().all().item<bool>());
    }

    [Fact]
    public async Task A_training_that_is_resumed_goes_on_with_its_scale()
    {
        GradientScaler scaler = new(initialScale: 8, interval: 4);
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = NewTrainer();
        trainer.Use(scaler);
        await trainer.RunAsync(TrainingLength.Steps(6), TestContext.Current.CancellationToken);
        IReadOnlyList<TrainingState> saved = trainer.SaveState();
        TrainingState state = saved.Single(part => part.Name == "gradient-scaler");
        TrainingState copy = new("gradient-scaler");
        foreach ((string name, Tensor value) in state.Tensors)
            copy.Set(name, value.clone());

        GradientScaler resumed = new(interval: 4);
        resumed.LoadState(copy);

        Assert.Equal((16, 2), (resumed.Scale, GoodSteps(resumed)));
        await trainer.RunAsync(TrainingLength.Steps(8), TestContext.Current.CancellationToken);
        (_, TrainingStep step) = Begin(resumed);
        OneStep(resumed, step);
        Assert.Equal((16, 3), (resumed.Scale, GoodSteps(resumed)));
        OneStep(resumed, step);
        Assert.Equal((32, 0), (resumed.Scale, GoodSteps(resumed)));
        Assert.Equal(32, scaler.Scale);
    }

    [Fact]
    public void A_state_that_lacks_something_is_refused() =>
        Assert.Throws<KeyNotFoundException>(() => new GradientScaler().LoadState(new TrainingState("gradient-scaler")));

    [Theory]
    [InlineData(0, 2, 0.5, 1)]
    [InlineData(double.NaN, 2, 0.5, 1)]
    [InlineData(1e300, 2, 0.5, 1)]
    [InlineData(1e-60, 2, 0.5, 1)]
    [InlineData(1, 1, 0.5, 1)]
    [InlineData(1, double.PositiveInfinity, 0.5, 1)]
    [InlineData(1, 2, 0, 1)]
    [InlineData(1, 2, 1, 1)]
    [InlineData(1, 2, double.NaN, 1)]
    [InlineData(1, 2, 0.5, 0)]
    public void A_setting_outside_its_range_is_refused(double scale, double growth, double backoff, int interval) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new GradientScaler(scale, growth, backoff, interval));

    private Trainer<(Tensor Inputs, Tensor Targets)> NewTrainer() =>
        new(_model, _optimizer, new FixedBatches(10), batch => nn.functional.mse_loss(_module.call(batch.Inputs), batch.Targets));

    private (Trainer Trainer, TrainingStep Step) Begin(GradientScaler scaler)
    {
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = NewTrainer();
        trainer.Use(scaler);
        scaler.OnStart(trainer);
        TrainingStep step = new(trainer);
        step.BeginStep(0);
        step.BeginBatch(0, 0, null);
        return (trainer, step);
    }

    private static void OneStep(GradientScaler scaler, TrainingStep step)
    {
        step.BeginStep(0);
        step.BeginBatch(0, 0, null);
        scaler.OnBackward(step);
        scaler.OnStep(step);
    }

    private static int GoodSteps(GradientScaler scaler)
    {
        TrainingState state = new("gradient-scaler");
        scaler.SaveState(state);
        return state.GetTensor("good-steps").item<int>();
    }

    private static async Task<byte[]> TrainAsync(params TrainerCallback[] callbacks)
    {
        manual_seed(3);
        using nn.Module<Tensor, Tensor> module = nn.Linear(4, 1);
        using FlatModel model = new(module);
        using HeedfulSgd optimizer = new(model, 0.25);
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(model, optimizer, new FixedBatches(10), batch => nn.functional.mse_loss(module.call(batch.Inputs), batch.Targets));
        foreach (TrainerCallback callback in callbacks)
            trainer.Use(callback);
        await trainer.RunAsync(TrainingLength.Steps(40), TestContext.Current.CancellationToken);
        return model.Buffers[0].Parameters.bytes.ToArray();
    }

    private sealed class Watcher(Action<TrainingStep> onBackward) : TrainerCallback
    {
        public override void OnBackward(TrainingStep step) => onBackward(step);
    }

    /// <summary>Makes one gradient of a batch infinite, as float16 does with what is too large; before those that look.</summary>
    private sealed class BadBatch(long batch) : TrainerCallback
    {
        public override void OnLoss(TrainingStep step)
        {
            if (step.Batch == batch)
                step.Loss = step.Loss * float.PositiveInfinity;
        }
    }
}
