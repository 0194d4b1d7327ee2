using MLOps.Training.Checkpoints;
using MLOps.Training.Tests.Flat;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Optimizers;

/// <summary>What AdamW and SGD on flat buffers have in common: skipping, states, refusals.</summary>
[Collection("torch")]
public sealed class FlatOptimizerTests
{
    public static TheoryData<string, ScalarType> Every
    {
        get
        {
            TheoryData<string, ScalarType> data = [];
            foreach (string kind in (string[])["AdamW", "AdamW by operations", "SGD", "SGD by operations", "SGD dampened", "SGD without momentum"])
            {
                foreach (ScalarType type in (ScalarType[])[ScalarType.Float32, ScalarType.Float64, ScalarType.BFloat16, ScalarType.Float16])
                    data.Add(kind, type);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Every))]
    public void A_skipped_step_leaves_every_bit_whatever_the_gradients_are(string kind, ScalarType type)
    {
        using ParameterBag module = ParameterBag.Of(3, type, 7, 20);
        using FlatModel model = new(module);
        using ModelOptimizer optimizer = Make(kind, model);
        void Skip(double gradient)
        {
            model.Buffers[0].Gradients.fill_(gradient);
            GradientControl control = new();
            control.DivideBy(tensor((float)gradient));
            control.SkipWhen(tensor(1f));
            byte[] before = StateOf(model, optimizer);
            optimizer.Step(control);
            Assert.Equal(before, StateOf(model, optimizer));
        }

        // The first step too, which SGD takes otherwise than the others.
        Skip(double.NaN);
        Steps(module, optimizer, 3);
        Skip(double.NaN);
        Skip(double.PositiveInfinity);
        Skip(1);
        Assert.Equal(3, Bits.Values(State(optimizer).GetTensor("step"))[0]);
    }

    [Theory]
    [MemberData(nameof(Every))]
    public void A_skipped_step_is_as_if_it_had_not_been(string kind, ScalarType type)
    {
        byte[] Train(bool isSkipping)
        {
            using ParameterBag module = ParameterBag.Of(3, type, 7, 20);
            using FlatModel model = new(module);
            using ModelOptimizer optimizer = Make(kind, model);
            for (int step = 0; step < 5; step++)
            {
                if (isSkipping)
                {
                    model.Buffers[0].Gradients.fill_(double.NaN);
                    GradientControl control = new();
                    control.SkipWhen(tensor(1f));
                    optimizer.Step(control);
                    model.ZeroGradients();
                }

                Steps(module, optimizer, 1);
            }

            return StateOf(model, optimizer);
        }

        Assert.Equal(Train(isSkipping: false), Train(isSkipping: true));
    }

    [Theory]
    [MemberData(nameof(Every))]
    public void A_state_that_was_saved_goes_on_to_the_same_bits(string kind, ScalarType type)
    {
        using ParameterBag straight = ParameterBag.Of(3, type, 7, 20), begun = ParameterBag.Of(3, type, 7, 20), resumed = ParameterBag.Of(4, type, 7, 20);
        using FlatModel straightModel = new(straight), begunModel = new(begun), resumedModel = new(resumed);
        using ModelOptimizer straightOptimizer = Make(kind, straightModel), begunOptimizer = Make(kind, begunModel), resumedOptimizer = Make(kind, resumedModel);
        Steps(straight, straightOptimizer, 9);

        Steps(begun, begunOptimizer, 4);
        TrainingState optimizer = State(begunOptimizer), weights = new("model");
        begunModel.SaveState(weights);
        resumedModel.LoadState(weights);
        resumedOptimizer.LoadState(optimizer);
        Steps(resumed, resumedOptimizer, 5);

        Assert.Equal(StateOf(straightModel, straightOptimizer), StateOf(resumedModel, resumedOptimizer));
    }

    [Theory]
    [MemberData(nameof(Every))]
    public void It_learns_and_padding_stays_zero(string kind, ScalarType type)
    {
        using ParameterBag module = ParameterBag.Of(3, type, 7, 20);
        using FlatModel model = new(module);
        using ModelOptimizer optimizer = Make(kind, model);
        double before = module.Loss().item<double>();

        Steps(module, optimizer, 20);

        Assert.True(module.Loss().item<double>() < before);
        Assert.Equal(27, model.Buffers[0].Parameters.count_nonzero().item<long>());
    }

    [Theory]
    [InlineData(ScalarType.Float32, true)]
    [InlineData(ScalarType.Float64, true)]
    [InlineData(ScalarType.BFloat16, false)]
    [InlineData(ScalarType.Float16, false)]
    public void A_fused_kernel_steps_wherever_it_is_right(ScalarType type, bool isSgdRight)
    {
        using ParameterBag module = ParameterBag.Of(3, type, 7);
        using FlatModel model = new(module);
        using FlatAdamW adam = new(model);
        using FlatSgd sgd = new(model, new() { Momentum = 0.9 }), plain = new(model), dampened = new(model, new() { Momentum = 0.9, Dampening = 0.1 });

        Assert.Equal((true, isSgdRight, isSgdRight, false), (adam.IsFused, sgd.IsFused, plain.IsFused, dampened.IsFused));
    }

    [Theory]
    [InlineData("AdamW", ScalarType.Float32, 1e-6)]
    [InlineData("AdamW", ScalarType.Float64, 1e-14)]
    [InlineData("AdamW", ScalarType.BFloat16, 1.0 / 64)]
    [InlineData("AdamW", ScalarType.Float16, 1.0 / 512)]
    [InlineData("SGD", ScalarType.Float32, 1e-6)]
    [InlineData("SGD", ScalarType.Float64, 1e-14)]
    public void The_kernel_and_the_operations_take_the_same_steps(string kind, ScalarType type, double tolerance)
    {
        using ParameterBag fused = ParameterBag.Of(3, type, 7, 200), operations = ParameterBag.Of(3, type, 7, 200);
        using FlatModel fusedModel = new(fused), operationsModel = new(operations);
        using ModelOptimizer fusedOptimizer = Make(kind, fusedModel), operationsOptimizer = Make(kind + " by operations", operationsModel);
        for (int step = 0; step < 10; step++)
        {
            foreach ((ParameterBag module, ModelOptimizer optimizer) in new[] { (fused, fusedOptimizer), (operations, operationsOptimizer) })
            {
                module.Loss().backward();
                GradientControl control = new();
                control.DivideBy(tensor(1.5f));
                control.SkipWhen(tensor(step % 3 == 1 ? 1f : 0f));
                optimizer.Step(control);
                optimizer.ZeroGradients();
            }
        }

        double[] expected = Bits.Values(operationsModel.Buffers[0].Parameters), actual = Bits.Values(fusedModel.Buffers[0].Parameters);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * Math.Max(Math.Abs(expected[i]), 0.1), $"{i}: {expected[i]:R} by operations, {actual[i]:R} by the kernel");
    }

    [Fact]
    public void The_bits_do_not_depend_on_the_number_of_threads()
    {
        byte[] Train(int threads)
        {
            int before = get_num_threads();
            set_num_threads(threads);
            try
            {
                using ParameterBag module = ParameterBag.Of(3, ScalarType.Float32, 40_000, 3, 70_001);
                using FlatModel model = new(module);
                using FlatAdamW optimizer = new(model);
                Steps(module, optimizer, 3);
                return StateOf(model, optimizer);
            }
            finally
            {
                set_num_threads(before);
            }
        }

        Assert.Equal(Train(1), Train(2));
    }

    [Fact]
    public void Saved_tensors_are_the_optimizers_own_and_made_once()
    {
        using ParameterBag module = ParameterBag.Of(3, ScalarType.Float32, 7, 20);
        using FlatModel model = new(module);
        using FlatAdamW optimizer = new(model);
        TrainingState first = State(optimizer);
        Steps(module, optimizer, 1);
        TrainingState second = State(optimizer);

        Assert.Equal(["exp_avg.p0", "exp_avg.p1", "exp_avg_sq.p0", "exp_avg_sq.p1", "step"], first.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.All(first.Tensors, pair => Assert.Same(pair.Value, second.Tensors[pair.Key]));
        Assert.True(first.GetTensor("exp_avg.p1").count_nonzero().item<long>() == 20);
    }

    [Fact]
    public void The_state_of_another_optimizer_setting_or_model_is_refused_and_changes_nothing()
    {
        using ParameterBag module = ParameterBag.Of(3, ScalarType.Float32, 7, 20), other = ParameterBag.Of(3, ScalarType.Float32, 7, 21), smaller = ParameterBag.Of(3, ScalarType.Float32, 7), wide = ParameterBag.Of(3, ScalarType.Float64, 7, 20);
        using FlatModel model = new(module), otherModel = new(other), smallerModel = new(smaller), wideModel = new(wide);
        using FlatAdamW optimizer = new(model), anotherShape = new(otherModel), fewer = new(smallerModel), anotherType = new(wideModel), anotherBeta = new(model, new() { Beta2 = 0.99 });
        using FlatSgd sgd = new(model);
        Steps(module, optimizer, 2);
        byte[] before = StateOf(model, optimizer);

        void Refused(ModelOptimizer saved, string message)
        {
            CheckpointMismatchException refusal = Assert.Throws<CheckpointMismatchException>(() => optimizer.LoadState(State(saved)));
            Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
            Assert.Equal("optimizer", refusal.Part);
            Assert.Equal(before, StateOf(model, optimizer));
        }

        Refused(sgd, "it was kept by SGD, this training has AdamW");
        Refused(anotherBeta, "beta2 was 0.99 and is 0.999");
        Refused(anotherShape, "2 mismatched");
        Refused(anotherType, "4 mismatched");
        Refused(fewer, "2 missing (exp_avg.p1");
        Assert.Throws<CheckpointMismatchException>(() => optimizer.LoadState(new("optimizer")));
    }

    [Fact]
    public void A_learning_rate_goes_on_as_it_was_unless_its_base_was_changed()
    {
        using ParameterBag module = ParameterBag.Of(3, ScalarType.Float32, 7);
        using FlatModel model = new(module);
        using FlatAdamW saved = new(model) { LearningRate = 0.5 }, same = new(model), changed = new(model, new() { LearningRate = 0.25 });

        same.LoadState(State(saved));
        changed.LoadState(State(saved));

        Assert.Equal((1e-3, 0.5), (same.BaseLearningRate, same.LearningRate));
        Assert.Equal((0.25, 0.25), (changed.BaseLearningRate, changed.LearningRate));
    }

    [Fact]
    public void Settings_are_told_with_those_of_groups()
    {
        using ParameterBag module = new(rand(2, 2), rand(3));
        using FlatModel model = new(module, FlatModel.ExcludeFromDecay);
        using FlatAdamW adam = new(model, new() { Groups = { ["no-decay"] = new() { WeightDecay = 0, LearningRateFactor = 2 } } });
        using FlatSgd sgd = new(model, new() { Momentum = 0.9, Nesterov = true });

        Assert.Equal(new Dictionary<string, string> { ["beta1"] = "0.9", ["beta2"] = "0.999", ["eps"] = "1E-08", ["weight_decay"] = "0.01", ["no-decay.weight_decay"] = "0", ["no-decay.learning_rate_factor"] = "2" }, adam.Settings);
        Assert.Equal(new Dictionary<string, string> { ["momentum"] = "0.9", ["dampening"] = "0", ["nesterov"] = "1", ["weight_decay"] = "0" }, sgd.Settings);
    }

    [Fact]
    public void Settings_out_of_range_are_refused()
    {
        using ParameterBag module = ParameterBag.Of(3, ScalarType.Float32, 7);
        using FlatModel model = new(module);
        foreach (AdamWOptions options in (AdamWOptions[])[
            new() { LearningRate = 0 }, new() { LearningRate = double.NaN }, new() { LearningRate = double.PositiveInfinity }, new() { Beta1 = 1 }, new() { Beta1 = double.NaN }, new() { Beta2 = -0.1 },
            new() { Epsilon = 0 }, new() { Epsilon = double.NaN }, new() { WeightDecay = -1 }, new() { Groups = { [""] = new() { WeightDecay = -1 } } }, new() { Groups = { [""] = new() { LearningRateFactor = double.NaN } } }])
            Assert.Throws<ArgumentOutOfRangeException>(() => new FlatAdamW(model, options));
        foreach (SgdOptions options in (SgdOptions[])[new() { LearningRate = -1 }, new() { Momentum = 1 }, new() { Dampening = 1.1 }, new() { WeightDecay = double.NaN }])
            Assert.Throws<ArgumentOutOfRangeException>(() => new FlatSgd(model, options));
        Assert.Throws<ArgumentException>(() => new FlatSgd(model, new() { Nesterov = true }));
        Assert.Throws<ArgumentException>(() => new FlatSgd(model, new() { Momentum = 0.9, Dampening = 0.1, Nesterov = true }));
        Assert.Contains("no group 'nodecay'. Its groups: ''", Assert.Throws<ArgumentException>(() => new FlatAdamW(model, new() { Groups = { ["nodecay"] = new() } })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_step_leaves_no_tensor_behind()
    {
        using ParameterBag module = ParameterBag.Of(3, ScalarType.Float32, 7, 20);
        using FlatModel model = new(module);
        foreach (string kind in (string[])["AdamW", "AdamW by operations", "SGD", "SGD by operations"])
        {
            using ModelOptimizer optimizer = Make(kind, model);
            Steps(module, optimizer, 1);
            optimizer.Step(new());
            long before = DisposeScopeManager.Statistics.ThreadTotalLiveCount;
            for (int step = 0; step < 10; step++)
            {
                optimizer.LearningRate *= 0.9;
                optimizer.Step(new());
            }

            Assert.Equal(before, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
        }
    }

    private static ModelOptimizer Make(string kind, FlatModel model) => kind switch
    {
        "AdamW" => new FlatAdamW(model, new() { LearningRate = 0.01 }),
        "AdamW by operations" => new FlatAdamW(model, new() { LearningRate = 0.01 }, useFused: false),
        "SGD" => new FlatSgd(model, new() { LearningRate = 0.01, Momentum = 0.9, Nesterov = true, WeightDecay = 0.01 }),
        "SGD by operations" => new FlatSgd(model, new() { LearningRate = 0.01, Momentum = 0.9, Nesterov = true, WeightDecay = 0.01 }, useFused: false),
        "SGD dampened" => new FlatSgd(model, new() { LearningRate = 0.01, Momentum = 0.9, Dampening = 0.5 }),
        "SGD without momentum" => new FlatSgd(model, new() { LearningRate = 0.01, WeightDecay = 0.01 }),
        _ => throw new ArgumentException(kind),
    };

    private static void Steps(ParameterBag module, ModelOptimizer optimizer, int count)
    {
        for (int step = 0; step < count; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            module.Loss().backward();
            optimizer.Step(new());
            optimizer.ZeroGradients();
        }
    }

    private static TrainingState State(ModelOptimizer optimizer)
    {
        TrainingState state = new("optimizer");
        optimizer.SaveState(state);
        return state;
    }

    private static byte[] StateOf(FlatModel model, ModelOptimizer optimizer) => [.. Bits.OfAll(model.Buffers.Select(buffer => buffer.Parameters)), .. Bits.OfAll(State(optimizer).Tensors.Values)];
}
