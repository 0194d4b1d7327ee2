using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using MLOps.Training;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.TrainingVictim;

/// <summary>
/// A training with everything that has a state: dropout, running statistics, moments, averages, a schedule, accumulated gradients, shuffled data. It goes on from the newest checkpoint in its
/// folder, says each step, and at the end the hash of all that it has.
/// </summary>
internal static class TrainMode
{
    private const int Rows = 203;

    public static async Task<int> RunAsync(string folder, long steps, long every)
    {
        set_num_threads(1);
        manual_seed(7);
        using nn.Module<Tensor, Tensor> module = nn.Sequential(nn.Linear(16, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3));
        using Tensor inputs = randn(Rows, 16);
        using Tensor targets = randint(3, [Rows]);
        using FlatModel model = new(module, FlatModel.ExcludeFromDecay);
        AdamWOptions options = new() { LearningRate = 0.01, Groups = { ["no-decay"] = new() { WeightDecay = 0 } } };
        using FlatAdamW optimizer = new(model, options);
        using ExponentialMovingAverage average = new(model, 0.99);
        CheckpointStore store = CheckpointStore.InFolder(folder);
        Trainer<TensorBatch> trainer = new Trainer<TensorBatch>(
                model, optimizer, BatchLoader.FromTensors(inputs, targets, new() { BatchSize = 16, Shuffle = true, Seed = 3 }),
                batch => nn.functional.cross_entropy(module.call(batch.Inputs), batch.Targets), new() { Seed = 11 })
            .Use(LearningRateSchedule.Cosine(steps).WithWarmUp(10))
            .Use(new GradientAccumulation(2))
            .Use(new ClipGradients(1))
            .Use(average)
            .Use(new Checkpointing(store, new() { EverySteps = every, KeepLast = 2 }))
            .Use(new Steps());
        Checkpoint? checkpoint = await trainer.ResumeAsync(store);
        Console.WriteLine(checkpoint is null ? "began" : $"went on from {checkpoint.Name}");

        TrainingOutcome outcome = await trainer.RunAsync(TrainingLength.Steps(steps));
        Console.WriteLine(outcome is TrainingOutcome.Completed ? $"done {Hash(trainer)}" : $"ended {outcome.GetType().Name} at {outcome.Position.Step}");
        return outcome.ExitCode;
    }

    private static string Hash(Trainer trainer)
    {
        using DisposeScope scope = NewDisposeScope();
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (TrainingState state in trainer.SaveState())
        {
            foreach ((string name, Tensor tensor) in state.Tensors.OrderBy(each => each.Key, StringComparer.Ordinal))
            {
                hash.AppendData(Encoding.UTF8.GetBytes(name));
                hash.AppendData(tensor.detach().contiguous().bytes);
            }

            foreach ((string name, string value) in state.Values.OrderBy(each => each.Key, StringComparer.Ordinal))
                hash.AppendData(Encoding.UTF8.GetBytes($"{name}={value};"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed class Steps : TrainerCallback
    {
        public override void OnStep(TrainingStep step) => Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {step.Trainer.Position.Step}"));
    }
}
