using Microsoft.Extensions.Time.Testing;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Runs;

/// <summary>A small training: a linear law of four inputs, ten batches an epoch.</summary>
internal sealed class TrackedTraining : IDisposable
{
    public const int Batches = 10;

    public TrackedTraining(double learningRate = 0.1, TrainerOptions? options = null)
    {
        manual_seed(1);
        Module = nn.Linear(4, 1);
        Model = new FlatModel(Module);
        Optimizer = new PlainSgd(Model, learningRate);
        options ??= new TrainerOptions { TimeProvider = new FakeTimeProvider(), HoldSignals = false };
        Trainer = new(Model, Optimizer, new FixedBatches(Batches), batch => nn.functional.mse_loss(Module.call(batch.Inputs), batch.Targets), options);
    }

    public nn.Module<Tensor, Tensor> Module { get; }

    public FlatModel Model { get; }

    public PlainSgd Optimizer { get; }

    public Trainer<(Tensor Inputs, Tensor Targets)> Trainer { get; }

    /// <summary>The state as a checkpoint would keep it: copied.</summary>
    public IReadOnlyList<TrainingState> Save() => [.. Trainer.SaveState().Select(Copy)];

    public void Dispose()
    {
        Optimizer.Dispose();
        Model.Dispose();
        Module.Dispose();
    }

    private static TrainingState Copy(TrainingState state)
    {
        TrainingState copy = new(state.Name);
        foreach ((string name, Tensor tensor) in state.Tensors)
            copy.Set(name, tensor.detach().clone().DetachFromDisposeScope());
        foreach ((string name, string value) in state.Values)
            copy.Set(name, value);
        return copy;
    }
}
