using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

/// <summary>A network of 4, 8 and 1 units with dropout, and its trainer: a step takes a fraction of a millisecond. Two of them begin alike.</summary>
internal sealed class SmallTraining : IDisposable
{
    public SmallTraining(
        IBatchSource<(Tensor Inputs, Tensor Targets)>? data = null, TrainerOptions? options = null, Func<(Tensor Inputs, Tensor Targets), Tensor>? loss = null, nn.Module<Tensor, Tensor>? module = null)
    {
        manual_seed(11);
        Module = module ?? nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Dropout(0.25), nn.Linear(8, 1));
        Model = new(Module);
        Optimizer = new(Model, 0.05);
        options ??= new() { Seed = 3 };
        options.HoldSignals = false;
        Trainer = new(Model, Optimizer, data ?? new FixedBatches(6), loss ?? Loss, options);
    }

    public nn.Module<Tensor, Tensor> Module { get; }

    public FlatModel Model { get; }

    public MomentumSgd Optimizer { get; }

    public Trainer<(Tensor Inputs, Tensor Targets)> Trainer { get; }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public Tensor Loss((Tensor Inputs, Tensor Targets) batch) => nn.functional.mse_loss(Module.call(batch.Inputs), batch.Targets);

    public Task<TrainingOutcome> RunAsync(TrainingLength length) => Trainer.RunAsync(length, Token);

    /// <summary>All parameters, to the bit.</summary>
    public float[] Parameters() => [.. Model.Buffers.SelectMany(buffer => MemoryMarshal.Cast<byte, float>(buffer.Parameters.bytes).ToArray())];

    public void Dispose()
    {
        Optimizer.Dispose();
        Model.Dispose();
        Module.Dispose();
    }
}
