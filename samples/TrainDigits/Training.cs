using MLOps.Registry;
using MLOps.Tracking;
using MLOps.Training;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace TrainDigits;

/// <summary>One training of the net: from its beginning, or from the last checkpoint that is in its folder.</summary>
internal static class Training
{
    public const int Epochs = 25;
    private const int BatchSize = 64, Seed = 7;

    /// <param name="digits">The data.</param>
    /// <param name="folder">Where checkpoints are, and the weights at the end.</param>
    /// <param name="tracker">Where the run goes.</param>
    /// <param name="registry">Where the model goes at the end; null for none.</param>
    /// <returns>How it ended.</returns>
    public static async Task<TrainingOutcome> RunAsync(Digits digits, string folder, Tracker tracker, ModelRegistry? registry = null)
    {
        Device device = cuda.is_available() ? CUDA : CPU;
        manual_seed(Seed);
        using DigitsNet net = new();
        net.to(device);
        using FlatModel model = new(net, FlatModel.ExcludeFromDecay);
        using FlatAdamW optimizer = new(model, new AdamWOptions { LearningRate = 3e-3, WeightDecay = 0.01 });
        var training = BatchLoader.FromTensors(digits.Training.Images, digits.Training.Labels, new BatchLoaderOptions { BatchSize = BatchSize, Shuffle = true, Seed = Seed, Device = device });
        var test = BatchLoader.FromTensors(digits.Test.Images, digits.Test.Labels, new BatchLoaderOptions { BatchSize = 256, Device = device });
        long steps = Epochs * training.BatchesPerEpoch!.Value;

        CheckpointStore store = CheckpointStore.InFolder(folder);
        Checkpoint? latest = await store.FindLatestAsync();
        await using Run run = latest?.RunId is { } id ? await tracker.ResumeRunAsync(new RunId(id)) : await tracker.StartRunAsync("digits", new RunOptions { Name = Path.GetFileName(folder) });
        TrainingOutcome outcome = await TrainingBar.ShowAsync(async bar =>
        {
            Trainer<TensorBatch> trainer = new(model, optimizer, training, batch => nn.functional.cross_entropy(net.call(batch.Inputs), batch.Targets), new TrainerOptions { Seed = Seed });
            trainer
                .Use(LearningRateSchedule.OneCycle(steps))
                .Use(new ClipGradients(maxNorm: 1))
                .Use(Evaluation.Classification(test, batch => (net.call(batch.Inputs), batch.Targets)))
                .Use(new ProgressReporting(bar, bar.Interval))
                .Track(run, new RunTrackingOptions { LogCheckpoints = LoggedCheckpoints.Last, Registry = registry, RegisterAs = registry is null ? null : "digits", Example = digits.Test.Images })
                .Use(new Checkpointing(store, new CheckpointingOptions { EverySteps = 40, RunId = run.Id.Value }));
            if (latest is not null)
                await latest.RestoreAsync(trainer);
            Console.WriteLine(latest is null ? $"run {run.Id} trains from the beginning" : $"run {run.Id} goes on from step {latest.Position.Step}");
            return await trainer.RunAsync(TrainingLength.Epochs(Epochs));
        });

        if (outcome is TrainingOutcome.Completed)
        {
            ModelWeights.SaveSafetensors(net, WeightsIn(folder));
            await run.EndAsync();
        }

        return outcome;
    }

    /// <summary>The file of the trained weights.</summary>
    public static string WeightsIn(string folder) => Path.Combine(folder, "digits.safetensors");
}
