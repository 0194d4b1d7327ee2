using FsCheck;
using FsCheck.Fluent;
using MLOps.Training.Tests.Flat;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Optimizers;

[Collection("torch")]
public sealed class ClipGradientsTests
{
    [Fact]
    public void The_norm_is_bounded_by_the_rule_of_PyTorch() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(150, 1_500)),
        Prop.ForAll(Arb.From(Gen.Choose(0, int.MaxValue)), Arb.From(Gen.Choose(-60, 60)), Arb.From(Gen.Elements(0.5, 1.0, 7.0, 1e30)), (seed, tenths, maxNorm) =>
        {
            using DisposeScope scope = NewDisposeScope();
            Random random = new(seed);
            using ParameterBag module = new(rand(5), rand(70), rand(9, dtype: ScalarType.Float64), rand(20).to(ScalarType.Float16));
            using FlatModel model = new(module, (name, _) => name == "p1" ? "a" : "b");
            double scale = Math.Exp(tenths / 10.0);
            foreach (FlatBuffer buffer in model.Buffers)
            {
                foreach (FlatParameter entry in buffer.Entries)
                    entry.ViewOf(buffer.Gradients).copy_(tensor([.. Enumerable.Range(0, (int)entry.Length).Select(_ => scale * (2 * random.NextDouble() - 1))], entry.Tensor.shape));
            }

            float divisor = (float)Math.Exp(6 * random.NextDouble() - 3);
            GradientControl control = new();
            control.DivideBy(tensor(divisor));

            new ClipGradients(maxNorm).Apply(model, control);

            // docs.pytorch.org/docs/stable/generated/torch.nn.utils.clip_grad_norm_.html: the coefficient is max_norm / (total_norm + 1e-6), at most 1.
            double norm = Math.Sqrt(model.Buffers.SelectMany(buffer => Bits.Values(buffer.Gradients)).Sum(value => value / divisor * (value / divisor)));
            double coefficient = Math.Min(maxNorm / (norm + 1e-6), 1);
            Assert.Equal(1, control.Norm!.item<float>() / norm, 1e-5);
            Assert.Equal(1, control.Divisor!.item<float>() / (divisor / coefficient), 1e-5);
            Assert.Equal(0, control.Skip!.item<float>());
            Assert.True(norm / (control.Divisor!.item<float>() / divisor) <= maxNorm * (1 + 1e-5));
        }));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void One_gradient_that_is_not_finite_skips_the_step(double wild)
    {
        using ParameterBag module = new(rand(5), rand(70), rand(9, dtype: ScalarType.Float64));
        using FlatModel model = new(module);
        foreach (FlatBuffer buffer in model.Buffers)
        {
            foreach (ClipGradients clip in (ClipGradients[])[new(1), ClipGradients.SkipNonFinite()])
            {
                model.ZeroGradients();
                buffer.Gradients[3] = wild;
                GradientControl control = new();
                clip.Apply(model, control);
                Assert.Equal(1, control.Skip!.item<float>());
            }
        }
    }

    [Fact]
    public void Without_a_bound_nothing_is_divided()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5, 6);
        using FlatModel model = new(module);
        module.Loss(1_000).backward();
        GradientControl control = new();

        ClipGradients.SkipNonFinite().Apply(model, control);

        Assert.Null(control.Divisor);
        Assert.Equal(0, control.Skip!.item<float>());
        Assert.True(control.Norm!.item<float>() > 1_000);
    }

    [Fact]
    public void Zero_gradients_are_left_alone()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5, 6);
        using FlatModel model = new(module);
        GradientControl control = new();

        new ClipGradients(1).Apply(model, control);

        Assert.Equal((0f, 1f, 0f), (control.Norm!.item<float>(), control.Divisor!.item<float>(), control.Skip!.item<float>()));
    }

    [Fact]
    public void The_norm_of_the_same_gradients_has_the_same_bits()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 300_001);
        using FlatModel model = new(module);
        module.Loss().backward();
        HashSet<float> norms = [];
        for (int i = 0; i < 50; i++)
        {
            GradientControl control = new();
            new ClipGradients(1).Apply(model, control);
            norms.Add(control.Norm!.item<float>());
        }

        Assert.Single(norms);
    }

    [Fact]
    public void A_condition_of_an_earlier_callback_is_kept()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5);
        using FlatModel model = new(module);
        GradientControl control = new();
        control.SkipWhen(tensor(1f));

        new ClipGradients(1).Apply(model, control);

        Assert.Equal(1, control.Skip!.item<float>());
    }

    [Fact]
    public void A_bound_that_is_not_greater_than_zero_is_refused()
    {
        foreach (double bound in (double[])[0, -1, double.NaN])
            Assert.Throws<ArgumentOutOfRangeException>(() => new ClipGradients(bound));
    }

    [Fact]
    public async Task A_trainer_clips_before_its_step()
    {
        manual_seed(1);
        using nn.Module<Tensor, Tensor> module = nn.Linear(4, 1);
        using FlatModel model = new(module);
        using FlatSgd optimizer = new(model, new() { LearningRate = 1 });
        byte[] before = Bits.Of(model.Buffers[0].Parameters);
        double[] start = Bits.Values(model.Buffers[0].Parameters);
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(model, optimizer, new FixedBatches(1), batch => 1e6 * nn.functional.mse_loss(module.call(batch.Inputs), batch.Targets));
        trainer.Use(new ClipGradients(0.25));

        await trainer.RunAsync(TrainingLength.Steps(1), TestContext.Current.CancellationToken);

        Assert.NotEqual(before, Bits.Of(model.Buffers[0].Parameters));
        Assert.Equal(0.25, Math.Sqrt(start.Zip(Bits.Values(model.Buffers[0].Parameters)).Sum(pair => Math.Pow(pair.First - pair.Second, 2))), 1e-5);
    }
}
