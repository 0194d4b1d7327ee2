using System.Security.Cryptography;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Checkpoints;

/// <summary>All objects of one training of a small network with dropout and batch norm, as a program makes them after each start.</summary>
internal sealed class SmallTraining : IDisposable
{
    private readonly nn.Module<Tensor, Tensor> _module;
    private readonly MomentumSgd _optimizer;

    public SmallTraining(Checkpointing? checkpointing = null, TrainerOptions? options = null, int hidden = 16, int initialSeed = 3, int batches = 10, params TrainerCallback[] callbacks)
    {
        manual_seed(initialSeed);
        _module = nn.Sequential(("first", nn.Linear(4, hidden)), ("norm", nn.BatchNorm1d(hidden)), ("drop", nn.Dropout(0.3)), ("second", nn.Linear(hidden, 1)));
        Model = new(_module);
        _optimizer = new(Model);
        Trainer = new(Model, _optimizer, new FixedBatches(batches), batch => nn.functional.mse_loss(_module.call(batch.Inputs), batch.Targets), options);
        foreach (TrainerCallback callback in callbacks)
            Trainer.Use(callback);
        if (checkpointing is not null)
            Trainer.Use(checkpointing);
    }

    public FlatModel Model { get; }

    public nn.Module Module => _module;

    public Trainer<(Tensor Inputs, Tensor Targets)> Trainer { get; }

    public Task<TrainingOutcome> RunAsync(long steps) => Trainer.RunAsync(TrainingLength.Steps(steps), TestContext.Current.CancellationToken);

    /// <summary>A hash of all bits that a resume must bring back: weights, statistics, momentum, generator, and the position.</summary>
    public string Fingerprint()
    {
        using DisposeScope scope = NewDisposeScope();
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TrainingState state in Trainer.SaveState())
        {
            foreach ((string name, Tensor tensor) in state.Tensors.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{state.Name}/{name}"));
                hash.AppendData(RandomTensors.BitsOf(tensor));
            }

            foreach ((string name, string value) in state.Values.OrderBy(pair => pair.Key, StringComparer.Ordinal))
                hash.AppendData(System.Text.Encoding.UTF8.GetBytes($"{state.Name}/{name}={value}"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        Model.Dispose();
        _module.Dispose();
    }
}
