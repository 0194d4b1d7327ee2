using MLOps.Training.Checkpoints;
using MLOps.Training.Tests.Flat;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Optimizers;

[Collection("torch")]
public sealed class ExponentialMovingAverageTests
{
    [Fact]
    public async Task An_average_written_from_outside_has_the_same_bits()
    {
        manual_seed(1);
        using nn.Module<Tensor, Tensor> module = nn.Sequential(nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 1));
        using FlatModel model = new(module, FlatModel.ExcludeFromDecay);
        using FlatAdamW optimizer = new(model, new() { LearningRate = 0.01 });
        using ExponentialMovingAverage average = new(model, 0.9);
        OutsideAverage outside = new(0.9);
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(model, optimizer, new FixedBatches(5), batch => nn.functional.mse_loss(module.call(batch.Inputs), batch.Targets));
        trainer.Use(average).Use(outside);

        await trainer.RunAsync(TrainingLength.Epochs(4), TestContext.Current.CancellationToken);

        Assert.Equal(20, average.Updates);
        byte[] trained = Bits.OfAll(model.Buffers.Select(buffer => buffer.Parameters));
        using (average.Swap())
            Assert.Equal(Bits.OfAll(outside.Averages), Bits.OfAll(model.Buffers.Select(buffer => buffer.Parameters)));
        Assert.Equal(trained, Bits.OfAll(model.Buffers.Select(buffer => buffer.Parameters)));
        Assert.NotEqual(trained, Bits.OfAll(outside.Averages));
        outside.Averages.ForEach(tensor => tensor.Dispose());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_average_is_the_published_rule(bool warmUp)
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float64, 5, 20);
        using FlatModel model = new(module);
        using ExponentialMovingAverage average = new(model, 0.99, warmUp);
        double[] expected = Bits.Values(model.Buffers[0].Parameters);
        for (int n = 0; n < 40; n++)
        {
            model.Buffers[0].Parameters.mul_(0.9).add_(model.Buffers[0].Parameters.sin());
            average.Update();
            double decay = warmUp ? Math.Min(0.99, (1.0 + n) / (10 + n)) : 0.99;
            expected = [.. expected.Zip(Bits.Values(model.Buffers[0].Parameters), (old, value) => decay * old + (1 - decay) * value)];
        }

        using IDisposable swapped = average.Swap();
        double[] actual = Bits.Values(model.Buffers[0].Parameters);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }

    [Fact]
    public void Averages_of_half_precision_are_kept_in_single()
    {
        using ParameterBag module = new(ones(3).to(ScalarType.BFloat16));
        using FlatModel model = new(module);
        using ExponentialMovingAverage average = new(model, 0.999);
        model.Buffers[0].Parameters.fill_(2);
        for (int n = 0; n < 100; n++)
            average.Update();

        TrainingState state = State(average);

        // In bfloat16 each of these steps would be rounded away.
        Assert.All(Bits.Values(state.GetTensor("average.p0")), value => Assert.Equal(2 - Math.Pow(0.999, 100), value, 1e-5));
    }

    [Fact]
    public void A_state_that_was_saved_goes_on_to_the_same_bits()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5, 20);
        using FlatModel model = new(module);
        using ExponentialMovingAverage straight = new(model, warmUp: true), resumed = new(model, warmUp: true);
        void Go(ExponentialMovingAverage average)
        {
            model.Buffers[0].Parameters.mul_(1.01);
            average.Update();
        }

        Go(straight);
        resumed.LoadState(State(straight));
        model.Buffers[0].Parameters.mul_(1.01);
        straight.Update();
        resumed.Update();

        Assert.Equal(2, resumed.Updates);
        Assert.Equal(Bits.OfAll(State(straight).Tensors.Values), Bits.OfAll(State(resumed).Tensors.Values));
    }

    [Fact]
    public void Another_decay_or_model_is_refused_and_changes_nothing()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5, 20), other = ParameterBag.Of(1, ScalarType.Float32, 5, 21);
        using FlatModel model = new(module), otherModel = new(other);
        using ExponentialMovingAverage average = new(model), anotherDecay = new(model, 0.9), anotherShape = new(otherModel);
        anotherShape.Update();
        byte[] before = Bits.OfAll(State(average).Tensors.Values);

        Assert.Contains("the decay was 0.9 without warm-up and is 0.999 without warm-up", Assert.Throws<CheckpointMismatchException>(() => average.LoadState(State(anotherDecay))).Message, StringComparison.Ordinal);
        Assert.Throws<CheckpointMismatchException>(() => average.LoadState(State(anotherShape)));
        Assert.Equal(0, average.Updates);
        Assert.Equal(before, Bits.OfAll(State(average).Tensors.Values));
    }

    [Fact]
    public void While_the_averages_are_in_the_model_nothing_else_is_done_with_them()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5);
        using FlatModel model = new(module);
        using ExponentialMovingAverage average = new(model);
        IDisposable swapped = average.Swap();

        Assert.Throws<InvalidOperationException>(average.Swap);
        Assert.Throws<InvalidOperationException>(average.Update);
        Assert.Throws<InvalidOperationException>(() => State(average));
        swapped.Dispose();
        swapped.Dispose();
        average.Update();
    }

    [Fact]
    public async Task Averages_of_another_model_are_refused_at_the_start()
    {
        using nn.Module<Tensor, Tensor> module = nn.Linear(4, 1), other = nn.Linear(4, 1);
        using FlatModel model = new(module), otherModel = new(other);
        using PlainSgd optimizer = new(model, 0.1);
        using ExponentialMovingAverage average = new(otherModel);
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(model, optimizer, new FixedBatches(1), batch => module.call(batch.Inputs).sum());
        trainer.Use(average);

        await Assert.ThrowsAsync<InvalidOperationException>(() => trainer.RunAsync(TrainingLength.Steps(1), TestContext.Current.CancellationToken));
    }

    private static TrainingState State(ExponentialMovingAverage average)
    {
        TrainingState state = new("ema");
        average.SaveState(state);
        return state;
    }
}
