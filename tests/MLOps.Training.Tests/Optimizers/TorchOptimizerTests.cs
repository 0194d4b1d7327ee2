using MLOps.Training.Checkpoints;
using MLOps.Training.Tests.Flat;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Optimizers;

[Collection("torch")]
public sealed class TorchOptimizerTests
{
    private static readonly Dictionary<string, Func<IEnumerable<Parameter>, OptimizerHelper>> Makers = new(StringComparer.Ordinal)
    {
        ["Adam"] = parameters => optim.Adam(parameters, 0.01, amsgrad: true, weight_decay: 0.1),
        ["AdamW"] = parameters => optim.AdamW(parameters, 0.01),
        ["RMSProp"] = parameters => optim.RMSProp(parameters, 0.01, momentum: 0.9, centered: true),
        ["SGD"] = parameters => optim.SGD(parameters, 0.01, momentum: 0.9, nesterov: true),
        ["Adagrad"] = parameters => optim.Adagrad(parameters, 0.01),
        ["Rprop"] = parameters => optim.Rprop(parameters, 0.01),
    };

    public static TheoryData<string> Every => [.. Makers.Keys];

    [Theory]
    [MemberData(nameof(Every))]
    public void It_takes_the_steps_of_the_bare_optimizer(string kind)
    {
        using ParameterBag plain = Bag(), module = Bag();
        using OptimizerHelper bare = Makers[kind](plain.parameters());
        using FlatModel model = new(module);
        using TorchOptimizer optimizer = new(model, Makers[kind](module.parameters()));
        for (int step = 0; step < 6; step++)
        {
            plain.Loss().backward();
            bare.step();
            bare.zero_grad();
            Steps(module, optimizer, 1);
        }

        Assert.Equal(Bits.OfAll(plain.All), Bits.OfAll(module.All));
        Assert.Equal(bare.GetType().Name, optimizer.Name);
        model.Verify();
    }

    [Theory]
    [MemberData(nameof(Every))]
    public void A_state_that_was_saved_goes_on_to_the_same_bits(string kind)
    {
        using ParameterBag straight = Bag(), begun = Bag(), resumed = Bag();
        using FlatModel straightModel = new(straight), begunModel = new(begun), resumedModel = new(resumed);
        using TorchOptimizer straightOptimizer = new(straightModel, Makers[kind](straight.parameters())), begunOptimizer = new(begunModel, Makers[kind](begun.parameters())), resumedOptimizer = new(resumedModel, Makers[kind](resumed.parameters()));
        Steps(straight, straightOptimizer, 9);

        Steps(begun, begunOptimizer, 4);
        using (NewDisposeScope())
        {
            TrainingState weights = new("model");
            begunModel.SaveState(weights);
            resumedModel.LoadState(weights);
            resumedOptimizer.LoadState(State(begunOptimizer));
        }

        Steps(resumed, resumedOptimizer, 5);

        Assert.Equal(Bits.OfAll(straight.All), Bits.OfAll(resumed.All));
        Assert.Equal(Bits.Of(State(straightOptimizer).GetTensor("state")), Bits.Of(State(resumedOptimizer).GetTensor("state")));
    }

    [Fact]
    public void Gradients_are_divided_and_steps_skipped()
    {
        using ParameterBag plain = Bag(), module = Bag();
        using OptimizerHelper bare = optim.Adam(plain.parameters(), 0.01);
        using FlatModel model = new(module);
        using TorchOptimizer optimizer = new(model, optim.Adam(module.parameters(), 0.01));
        for (int step = 0; step < 6; step++)
        {
            module.Loss(4).backward();
            GradientControl control = new();
            control.DivideBy(tensor(4f));
            control.SkipWhen(tensor(step % 2 == 1 ? 1f : 0f));
            byte[] before = Everything();
            optimizer.Step(control);
            optimizer.ZeroGradients();
            if (step % 2 == 1)
            {
                Assert.Equal(before, Everything());
                continue;
            }

            plain.Loss().backward();
            bare.step();
            bare.zero_grad();
        }

        Assert.Equal(Bits.OfAll(plain.All), Bits.OfAll(module.All));

        byte[] Everything() => [.. Bits.OfAll(module.All), .. Bits.Of(State(optimizer).GetTensor("state"))];
    }

    [Fact]
    public void The_rates_of_groups_keep_their_ratio()
    {
        using ParameterBag module = Bag();
        using FlatModel model = new(module);
        SGD sgd = optim.SGD([new SGD.ParamGroup([module.All[0]], new SGD.Options { LearningRate = 0.1 }), new SGD.ParamGroup([module.All[1]], new SGD.Options { LearningRate = 0.01 })], 1);
        using TorchOptimizer optimizer = new(model, sgd);
        Assert.Equal((0.1, 0.1), (optimizer.BaseLearningRate, optimizer.LearningRate));

        optimizer.LearningRate = 0.5;
        optimizer.Step(new());

        Assert.Equal(0.5, sgd.ParamGroups.First().LearningRate);
        Assert.Equal(0.05, sgd.ParamGroups.Last().LearningRate, 1e-15);
    }

    [Fact]
    public void Parameters_of_another_module_are_refused()
    {
        using ParameterBag module = Bag(), other = Bag();
        using FlatModel model = new(module);
        using SGD sgd = optim.SGD(other.parameters(), 0.1);

        Assert.Contains("that the model does not train", Assert.Throws<ArgumentException>(() => new TorchOptimizer(model, sgd)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_are_told_and_learning_rates_are_none()
    {
        using ParameterBag module = Bag();
        using FlatModel model = new(module);
        using TorchOptimizer optimizer = new(model, optim.AdamW(module.parameters(), 0.01));

        Assert.Equal(
            new Dictionary<string, string> { ["amsgrad"] = "False", ["beta1"] = "0.9", ["beta2"] = "0.999", ["eps"] = "1E-08", ["maximize"] = "False", ["weight_decay"] = "0" },
            optimizer.Settings);
    }

    [Fact]
    public void A_state_that_does_not_fit_is_refused_and_changes_nothing()
    {
        using ParameterBag module = Bag(), wider = ParameterBag.Of(1, ScalarType.Float32, 5, 22);
        using FlatModel model = new(module), widerModel = new(wider);
        using TorchOptimizer optimizer = new(model, optim.Adam(module.parameters(), 0.01)), otherKind = new(model, optim.AdamW(module.parameters(), 0.01)), otherSetting = new(model, optim.Adam(module.parameters(), 0.01, beta1: 0.8)), otherModel = new(widerModel, optim.Adam(wider.parameters(), 0.01));
        Steps(module, optimizer, 3);
        byte[] before = Bits.Of(State(optimizer).GetTensor("state"));

        void Refused(TrainingState state, string message)
        {
            Assert.Contains(message, Assert.Throws<CheckpointMismatchException>(() => optimizer.LoadState(state)).Message, StringComparison.Ordinal);
            Assert.Equal(before, Bits.Of(State(optimizer).GetTensor("state")));
        }

        Refused(State(otherKind), "it was kept by AdamW, this training has Adam");
        Refused(State(otherSetting), "beta1 was 0.8 and is 0.9");
        Refused(State(otherModel), "for other parameters");
        TrainingState whole = State(optimizer), truncated = new("optimizer");
        foreach ((string name, string value) in whole.Values)
            truncated.Set(name, value);
        truncated.Set("state", whole.GetTensor("state")[..100]);
        Refused(truncated, "can't read its bytes");
    }

    private static ParameterBag Bag() => ParameterBag.Of(1, ScalarType.Float32, 5, 21);

    private static void Steps(ParameterBag module, TorchOptimizer optimizer, int count)
    {
        for (int step = 0; step < count; step++)
        {
            using DisposeScope scope = NewDisposeScope();
            module.Loss().backward();
            optimizer.Step(new());
            optimizer.ZeroGradients();
        }
    }

    private static TrainingState State(TorchOptimizer optimizer)
    {
        TrainingState state = new("optimizer");
        optimizer.SaveState(state);
        return state;
    }
}
