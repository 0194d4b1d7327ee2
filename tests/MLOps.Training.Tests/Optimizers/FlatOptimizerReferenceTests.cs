using FsCheck;
using FsCheck.Fluent;
using MLOps.Training.Tests.Flat;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Optimizers;

/// <summary>Both ways of stepping against PyTorch's published rules in float64, over random settings, gradients, divisors and skips.</summary>
[Collection("torch")]
public sealed class FlatOptimizerReferenceTests
{
    private static readonly long[] Lengths = [5, 16, 1, 37];

    private static Gen<Setting> Settings =>
        from seed in Gen.Choose(0, int.MaxValue)
        from steps in Gen.Choose(1, 25)
        from isDouble in ArbMap.Default.GeneratorFor<bool>()
        from isFused in ArbMap.Default.GeneratorFor<bool>()
        from isGuarded in ArbMap.Default.GeneratorFor<bool>()
        from first in Gen.Elements(0.0, 0.5, 0.9, 0.99)
        from second in Gen.Elements(0.0, 0.9, 0.99, 0.999)
        from decay in Gen.Elements(0.0, 0.01, 0.3)
        from rate in Gen.Elements(1e-4, 1e-3, 0.1)
        from kind in Gen.Choose(0, 2)
        select new Setting(seed, steps, isDouble, isFused, isGuarded, first, second, decay, rate, kind);

    [Fact]
    public void AdamW_is_the_published_rule() => Check(
        (model, setting) => new FlatAdamW(model, new() { LearningRate = setting.Rate, Beta1 = setting.First, Beta2 = setting.Second, WeightDecay = setting.Decay, Groups = { ["a"] = new() { WeightDecay = 0, LearningRateFactor = 0.5 } } }, setting.IsFused),
        (reference, gradients, setting, isFirstGroup) => reference.AdamW(gradients, setting.Rate * (isFirstGroup ? 0.5 : 1), setting.First, setting.Second, 1e-8, isFirstGroup ? 0 : setting.Decay),
        optimizer => ((FlatAdamW)optimizer).IsFused);

    [Fact]
    public void Sgd_is_the_published_rule() => Check(
        (model, setting) => new FlatSgd(model, new() { LearningRate = setting.Rate, Momentum = setting.First, Dampening = Dampening(setting), Nesterov = IsNesterov(setting), WeightDecay = setting.Decay, Groups = { ["b"] = new() { WeightDecay = 0.2 }, ["a"] = new() { LearningRateFactor = 2 } } }, setting.IsFused),
        (reference, gradients, setting, isFirstGroup) => reference.Sgd(gradients, setting.Rate * (isFirstGroup ? 2 : 1), setting.First, Dampening(setting), IsNesterov(setting), isFirstGroup ? setting.Decay : 0.2),
        optimizer => ((FlatSgd)optimizer).IsFused);

    private static double Dampening(Setting setting) => setting.Kind == 2 ? 0.3 : 0;

    private static bool IsNesterov(Setting setting) => setting.Kind == 1 && setting.First != 0;

    private static void Check(Func<FlatModel, Setting, ModelOptimizer> make, Action<ReferenceOptimizer, double[], Setting, bool> reference, Func<ModelOptimizer, bool> isFused) => FsCheck.Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(150, 1_500)),
        Prop.ForAll(Arb.From(Settings), setting =>
        {
            using DisposeScope scope = NewDisposeScope();
            using ParameterBag module = ParameterBag.Of(setting.Seed, setting.IsDouble ? ScalarType.Float64 : ScalarType.Float32, Lengths);
            using FlatModel model = new(module, (name, _) => name is "p0" or "p3" ? "a" : "b");
            using ModelOptimizer optimizer = make(model, setting);
            if (!setting.IsFused)
                Assert.False(isFused(optimizer));
            (FlatBuffer Buffer, FlatParameter Entry, ReferenceOptimizer Reference)[] places = [.. model.Buffers.SelectMany(buffer => buffer.Entries.Select(entry => (buffer, entry, new ReferenceOptimizer(Bits.Values(entry.Tensor)))))];
            Random random = new(setting.Seed);
            for (int step = 0; step < setting.Steps; step++)
            {
                float divisor = setting.IsGuarded ? (float)Math.Exp(4 * random.NextDouble() - 1) : 1;
                bool isSkipped = setting.IsGuarded && random.Next(4) == 0;
                foreach ((FlatBuffer buffer, FlatParameter entry, ReferenceOptimizer rule) in places)
                {
                    double scale = Math.Exp(4 * random.NextDouble() - 2);
                    Tensor gradient = tensor([.. Enumerable.Range(0, (int)entry.Length).Select(_ => scale * (2 * random.NextDouble() - 1))], entry.Tensor.shape, buffer.Dtype);
                    entry.ViewOf(buffer.Gradients).copy_(isSkipped ? gradient * double.NaN : gradient);
                    if (!isSkipped)
                        reference(rule, [.. Bits.Values(gradient).Select(value => value / divisor)], setting, buffer.Group == "a");
                }

                GradientControl control = new();
                if (setting.IsGuarded)
                {
                    control.DivideBy(tensor(divisor));
                    control.SkipWhen(tensor(isSkipped ? 1f : 0f));
                }

                optimizer.Step(control);
            }

            // Rounding is in proportion to the value and to the way that it went: some hundred units in the last place over 25 steps, and no more.
            double unit = setting.IsDouble ? 1e-13 : 2e-5;
            foreach ((FlatBuffer _, FlatParameter entry, ReferenceOptimizer rule) in places)
            {
                double[] actual = Bits.Values(entry.Tensor);
                for (int i = 0; i < actual.Length; i++)
                    Assert.True(Math.Abs(actual[i] - rule.Parameters[i]) <= unit * (Math.Abs(rule.Parameters[i]) + rule.Path[i]), $"{entry.Name}[{i}]: {actual[i]:R}, reference {rule.Parameters[i]:R}, path {rule.Path[i]:R}, {setting}");
            }

            foreach (FlatBuffer buffer in model.Buffers)
                Assert.Equal(Bits.Values(buffer.Parameters).Count(value => value != 0), buffer.Entries.Sum(entry => entry.Length));
        }));

    private sealed record Setting(int Seed, int Steps, bool IsDouble, bool IsFused, bool IsGuarded, double First, double Second, double Decay, double Rate, int Kind);
}
