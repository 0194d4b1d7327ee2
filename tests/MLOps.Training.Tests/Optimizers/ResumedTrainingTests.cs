using MLOps.Training.Checkpoints;
using MLOps.Training.Tests.Flat;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Optimizers;

/// <summary>Optimizer, schedule, clipping and averages together: a training that was taken up again by new objects ends in the bits of one that was never stopped.</summary>
[Collection("torch")]
public sealed class ResumedTrainingTests
{
    [Theory]
    [InlineData("AdamW")]
    [InlineData("SGD")]
    [InlineData("Adam")]
    public async Task A_resumed_training_ends_in_the_same_bits(string kind)
    {
        byte[] straight = await Train(kind, 40, null, _ => { });
        List<TrainingState> kept = [];
        await Train(kind, 23, null, states => kept.AddRange(states.Select(Copy)));
        byte[] resumed = await Train(kind, 40, kept, _ => { });

        Assert.Equal(straight, resumed);
    }

    private static async Task<byte[]> Train(string kind, int steps, List<TrainingState>? from, Action<IReadOnlyList<TrainingState>> atEnd)
    {
        manual_seed(from is null ? 1 : 2);
        using nn.Module<Tensor, Tensor> module = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1));
        using FlatModel model = new(module, FlatModel.ExcludeFromDecay);
        using ModelOptimizer optimizer = kind switch
        {
            "AdamW" => new FlatAdamW(model, new() { LearningRate = 0.01, Groups = { ["no-decay"] = new() { WeightDecay = 0 } } }),
            "SGD" => new FlatSgd(model, new() { LearningRate = 0.01, Momentum = 0.9, Nesterov = true }),
            _ => new TorchOptimizer(model, optim.Adam(module.parameters(), 0.01, amsgrad: true)),
        };
        using ExponentialMovingAverage average = new(model, 0.9, warmUp: true);
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(model, optimizer, new FixedBatches(7), batch => nn.functional.mse_loss(module.call(batch.Inputs), batch.Targets));
        trainer.Use(LearningRateSchedule.OneCycle(40)).Use(new ClipGradients(0.5)).Use(average);
        if (from is not null)
            trainer.LoadState(from);

        await trainer.RunAsync(TrainingLength.Steps(steps), TestContext.Current.CancellationToken);

        IReadOnlyList<TrainingState> states = trainer.SaveState();
        atEnd(states);
        return [.. states.SelectMany(state => Bits.OfAll(state.Tensors.Values))];
    }

    private static TrainingState Copy(TrainingState state)
    {
        TrainingState copy = new(state.Name);
        foreach ((string name, Tensor tensor) in state.Tensors)
            copy.Set(name, tensor.clone());
        foreach ((string name, string value) in state.Values)
            copy.Set(name, value);
        return copy;
    }
}
