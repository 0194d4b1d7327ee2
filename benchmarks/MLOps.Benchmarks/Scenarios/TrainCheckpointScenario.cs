using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MLOps.Training;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>
/// What a checkpoint costs the step path: the time in <see cref="Checkpointing.OnStep"/> of a state of 256 MiB (22 M float32 parameters and the moments of AdamW), beside one copy of as many bytes between two
/// buffers that are there already. Both are measured in turn at the same place of the same training, while nothing is being written; and how fast what was copied reaches the disk, hashed and synced.
/// </summary>
internal static class TrainCheckpointScenario
{
    private const string Name = "train-checkpoint";
    private const int Layers = 21, Width = 1_024;

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int pairs = options.Trials ?? (options.Quick ? 7 : 25);
        using ScratchFolder folder = options.NewFolder();
        manual_seed(options.Seed);
        using nn.Module<Tensor, Tensor> module = nn.Sequential([.. Enumerable.Range(0, Layers).Select(i => ($"{i}", (nn.Module<Tensor, Tensor>)nn.Linear(Width, Width)))]);
        using FlatModel model = new(module);
        using FlatAdamW optimizer = new(model, new() { LearningRate = 1e-4 });
        Checkpointing checkpointing = new(CheckpointStore.InFolder(folder.Path), new() { EverySteps = 2, KeepLast = 1, AtEnd = false });
        using Pairs measured = new(checkpointing, optimizer.Model.Buffers.Sum(buffer => buffer.Parameters.numel() * 4 * 3));
        Trainer<Tensor> trainer = new(model, optimizer, new Rows(), batch => module.call(batch).square().mean());
        trainer.Use(measured);
        // The first pair warms up.
        await trainer.RunAsync(TrainingLength.Steps(2 * (pairs + 1)));
        measured.Drop(1);

        double copy = Median(measured.Copies), stall = Median(measured.Stalls);
        Figure.Print(Name, "pairs", pairs, "pairs");
        Figure.Print(Name, "state", checkpointing.Latest!.SizeBytes / (double)(1 << 20), "MiB");
        Figure.Print(Name, "copy_ms", copy, "ms");
        Figure.Print(Name, "stall_ms", stall, "ms");
        Figure.Print(Name, "stall_over_copy", stall / copy, "times");
        Figure.Print(Name, "worst_stall_over_copy", measured.Stalls.Max() / copy, "times");
        Figure.Print(Name, "write_mb_per_s", Median(measured.Rates), "MB/s");
    }

    private static double Median(List<double> values)
    {
        List<double> sorted = [.. values.Order()];
        return (sorted[(sorted.Count - 1) / 2] + sorted[sorted.Count / 2]) / 2;
    }

    /// <summary>Hands everything on to the checkpoints and measures: copies at odd steps, checkpoints at even ones.</summary>
    private sealed unsafe class Pairs : TrainerCallback, IDisposable
    {
        private readonly Checkpointing _inner;
        private readonly long _bytes;
        private readonly nint _from, _to;
        private long _takenAt;

        public Pairs(Checkpointing inner, long bytes)
        {
            (_inner, _bytes) = (inner, bytes);
            _from = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            _to = (nint)NativeMemory.AlignedAlloc((nuint)bytes, 64);
            new Span<byte>((void*)_from, checked((int)bytes)).Fill(1);
            new Span<byte>((void*)_to, checked((int)bytes)).Fill(2);
        }

        public List<double> Copies { get; } = [];

        public List<double> Stalls { get; } = [];

        public List<double> Rates { get; } = [];

        public void Drop(int count)
        {
            Copies.RemoveRange(0, count);
            Stalls.RemoveRange(0, count);
            Rates.RemoveRange(0, count);
        }

        public override void OnStart(Trainer trainer) => _inner.OnStart(trainer);

        public override void OnBatch(TrainingStep step)
        {
            // The copy beside it must not meet the hashing and writing of the one before.
            if (_takenAt == 0)
                return;
            SpinWait.SpinUntil(() => _inner.Latest?.Position.Step == step.Step || _inner.Failures > 0);
            Rates.Add(_inner.Latest!.SizeBytes / 1e6 / Stopwatch.GetElapsedTime(_takenAt).TotalSeconds);
            _takenAt = 0;
        }

        public override void OnStep(TrainingStep step)
        {
            long begin = Stopwatch.GetTimestamp();
            if (step.Trainer.Position.Step % 2 == 0)
            {
                _inner.OnStep(step);
                Stalls.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
                _takenAt = Stopwatch.GetTimestamp();
            }
            else
            {
                Buffer.MemoryCopy((void*)_from, (void*)_to, _bytes, _bytes);
                Copies.Add(Stopwatch.GetElapsedTime(begin).TotalMilliseconds);
            }
        }

        public override void OnEnd(Trainer trainer, TrainingOutcome outcome)
        {
            // The last one is timed like the others.
            if (_takenAt != 0 && SpinWait.SpinUntil(() => _inner.Latest?.Position.Step == trainer.Position.Step || _inner.Failures > 0, TimeSpan.FromMinutes(5)))
                Rates.Add(_inner.Latest!.SizeBytes / 1e6 / Stopwatch.GetElapsedTime(_takenAt).TotalSeconds);
            _inner.OnEnd(trainer, outcome);
        }

        public void Dispose()
        {
            NativeMemory.AlignedFree((void*)_from);
            NativeMemory.AlignedFree((void*)_to);
        }
    }

    /// <summary>Endless small batches: the step is there for its optimizer.</summary>
    private sealed class Rows : IBatchSource<Tensor>
    {
        public long? BatchesPerEpoch => null;

        public IReadOnlyDictionary<string, string> Description { get; } = new Dictionary<string, string>();

        public async IAsyncEnumerable<Tensor> ReadEpochAsync(int epoch, long firstBatch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.CompletedTask;
            while (!cancellationToken.IsCancellationRequested)
                yield return ones([4, Width]);
        }
    }
}
