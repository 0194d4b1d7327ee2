using MLOps.Tracking;
using MLOps.Training;
using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace Snippets.Training;

/// <summary>The code of docs/concepts/checkpoints.md. Running it takes a native library, which samples/TrainDigits has and this program has not.</summary>
internal static class Checkpoints
{
    public static async Task<int> TrainAsync(Trainer<TensorBatch> trainer)
    {
        // <checkpoints-train>
        CheckpointStore store = CheckpointStore.InFolder("checkpoints");
        trainer.Use(new Checkpointing(store, new() { EverySteps = 500, BestMetric = "val_loss" }));

        Checkpoint? from = await trainer.ResumeAsync(store);
        Console.WriteLine(from is null ? "begins" : $"goes on from {from.Name}");
        TrainingOutcome outcome = await trainer.RunAsync(TrainingLength.Epochs(20));
        // </checkpoints-train>
        return outcome.ExitCode;
    }

    public static async Task ChooseAsync(Trainer<TensorBatch> trainer, CheckpointStore store)
    {
        // <checkpoints-corrupt>
        try
        {
            await trainer.ResumeAsync(store);
        }
        catch (CheckpointCorruptException corrupt)
        {
            Console.WriteLine($"{corrupt.File} of {corrupt.Checkpoint}: {corrupt.Expected} was written, {corrupt.Actual} is there; {corrupt.Previous} is whole");
        }
        // </checkpoints-corrupt>
    }

    public static async Task ReadAsync(CheckpointStore store, nn.Module changed)
    {
        // <checkpoints-weights>
        IReadOnlyList<Checkpoint> all = await store.FindAsync();
        Checkpoint best = all.Where(checkpoint => checkpoint.Metrics.ContainsKey("val_loss")).MinBy(checkpoint => checkpoint.Metrics["val_loss"])!;
        LoadReport report = await best.LoadModelAsync(changed, strict: false);
        Console.WriteLine($"{report.Loaded.Count} loaded; missing: {string.Join(", ", report.Missing)}");
        // </checkpoints-weights>
    }

    public static Checkpointing AmongArtifacts(Tracker tracker, RunInfo run)
    {
        // <checkpoints-artifacts>
        CheckpointStore store = CheckpointStore.In(tracker.OpenArtifacts(run));
        Checkpointing checkpointing = new(store, new() { EveryEpochs = 1, KeepLast = 2, KeepEvery = 10_000 });
        // </checkpoints-artifacts>
        return checkpointing;
    }

    public static void Exchange(nn.Module net)
    {
        // <model-files>
        ModelWeights.SaveSafetensors(net, "model.safetensors", new Dictionary<string, string> { ["format"] = "pt" });
        LoadReport report = ModelWeights.LoadSafetensors(net, "from-python.safetensors", strict: false);

        ModelWeights.SaveTorchSharp(net, "model.dat");
        ModelWeights.LoadTorchSharp(net, "model.dat");
        // </model-files>
        Console.WriteLine(report.IsComplete);
    }
}
