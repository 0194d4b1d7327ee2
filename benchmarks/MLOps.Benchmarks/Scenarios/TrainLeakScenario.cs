using System.Runtime.CompilerServices;
using MLOps.Tracking;
using MLOps.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>What 10,000 steps of a small model with all callbacks leave behind: tensors that nobody disposed, and memory. Counted at one and the same point of a step, after a warm-up and at the end.</summary>
internal static class TrainLeakScenario
{
    private const string Name = "train-leak";

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int warmUp = options.Quick ? 500 : 2_000, steps = options.Quick ? 2_000 : 10_000;
        using ScratchFolder folder = options.NewFolder();
        await using var tracker = Tracker.Open(t => t.UseSqlite(folder.Database));
        await using Run run = await tracker.StartRunAsync(Name);
        set_num_threads(1);
        manual_seed(options.Seed);
        using nn.Module<Tensor, Tensor> module = nn.Sequential(nn.Linear(16, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 4));
        using FlatModel model = new(module);
        using TrainTorchSgd optimizer = new(model, 0.01);
        Fresh data = new(50, options.Seed), heldOut = new(5, options.Seed + 1);
        Trainer<(Tensor Inputs, Tensor Classes)> trainer = new(model, optimizer, data, batch => nn.functional.cross_entropy(module.call(batch.Inputs), batch.Classes), new() { HoldSignals = false });
        Counts counts = new(warmUp, steps + warmUp);
        trainer
            .Use(new GradientAccumulation(2))
            .Use(Evaluation.Classification(heldOut, batch => (module.call(batch.Inputs), batch.Classes)))
            .Use(new EarlyStopping("val_loss", patience: int.MaxValue))
            .Use(new ProgressReporting(new Discarded(), TimeSpan.FromMilliseconds(50)))
            .Use(new RunTracking(run))
            .Use(counts);

        await trainer.RunAsync(TrainingLength.Steps(steps + warmUp));

        Figure.Print(Name, "steps", steps, "steps");
        Figure.Print(Name, "live_tensors", counts.Tensors[0], "tensors");
        Figure.Print(Name, "rss_mib", counts.Bytes[0] / (double)(1 << 20), "MiB");
        Figure.Print(Name, "live_tensors_growth", counts.Tensors[1] - counts.Tensors[0], "tensors");
        Figure.Print(Name, "rss_growth_mib", (counts.Bytes[1] - counts.Bytes[0]) / (double)(1 << 20), "MiB");
    }

    private sealed class Counts(params int[] at) : TrainerCallback
    {
        public List<long> Tensors { get; } = [];

        public List<long> Bytes { get; } = [];

        public override void OnStep(TrainingStep step)
        {
            if (!at.Contains((int)step.Trainer.Position.Step))
                return;
            // What was made and dropped before the training began is the collector's; from then on it must not be needed to dispose a tensor.
            if (Tensors.Count > 0)
                Tensors.Add(Tensor.TotalCount);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
            if (Tensors.Count == 0)
                Tensors.Add(Tensor.TotalCount);
            Bytes.Add(Environment.WorkingSet);
        }
    }

    private sealed class Discarded : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
        }
    }

    /// <summary>Batches that are made anew each time and disposed after their step.</summary>
    private sealed class Fresh(int batches, int seed) : IBatchSource<(Tensor Inputs, Tensor Classes)>
    {
        public long? BatchesPerEpoch => batches;

        public IReadOnlyDictionary<string, string> Description { get; } = new Dictionary<string, string>();

        public async IAsyncEnumerable<(Tensor Inputs, Tensor Classes)> ReadEpochAsync(int epoch, long firstBatch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            float[] inputs = new float[32 * 16];
            long[] classes = new long[32];
            for (int batch = (int)firstBatch; batch < batches; batch++)
            {
                await Task.Yield();
                Random random = new(HashCode.Combine(seed, batch));
                for (int i = 0; i < inputs.Length; i++)
                    inputs[i] = random.NextSingle() - 0.5f;
                for (int row = 0; row < classes.Length; row++)
                    classes[row] = inputs[row * 16] > 0 ? 1 : 0;
                yield return (tensor(inputs, [32, 16]), tensor(classes, [32]));
            }
        }
    }
}
