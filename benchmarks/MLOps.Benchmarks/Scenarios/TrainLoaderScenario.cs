using System.Diagnostics;
using System.Runtime.InteropServices;
using MLOps.Training;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>
/// How long a training waits for its data: steps of about 5 ms on shuffled batches of 64 images, 3 × 64 × 64, normalised from bytes to float32 while the steps run. Beside it, what a batch costs the
/// thread that makes it, and how many a second the loader makes when nobody else needs the cores.
/// </summary>
internal static class TrainLoaderScenario
{
    private const string Name = "train-loader";
    private const int Images = 4_096, BatchSize = 64, Channels = 3, Side = 64, Pixels = Side * Side, Classes = 10;
    private const double StepMs = 5;
    private static readonly float[] s_mean = [0.485f, 0.456f, 0.406f], s_deviation = [0.229f, 0.224f, 0.225f];

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int steps = options.Quick ? 400 : 2_000, trials = options.Trials ?? (options.Quick ? 1 : 5);
        Random random = new(options.Seed);
        Image[] images = new Image[Images];
        for (int i = 0; i < Images; i++)
        {
            byte[] pixels = new byte[Channels * Pixels];
            random.NextBytes(pixels);
            images[i] = new(pixels, random.Next(Classes));
        }

        BatchLoaderOptions loading = new() { BatchSize = BatchSize, Shuffle = true, Seed = options.Seed };
        BatchLoader<Image, TensorBatch> loader = BatchLoader.From(images, Collate, loading);
        Figure.Print(Name, "workers", loading.Workers, "threads");
        Figure.Print(Name, "torch_threads", get_num_threads(), "threads");
        Figure.Print(Name, "collate_ms", TimeCollate(images), "ms");

        int width = FindWidth(images);
        Figure.Print(Name, "trials", trials, "trials");
        Figure.Print(Name, "steps", steps, "steps");
        double[] fractions = new double[trials], stepTimes = new double[trials], longest = new double[trials];
        for (int trial = 0; trial < trials; trial++)
        {
            manual_seed(options.Seed);
            using nn.Module<Tensor, Tensor> module = NewModule(width);
            using FlatModel model = new(module);
            using PlainSgd optimizer = new(model, 1e-3);
            Trainer<TensorBatch> trainer = new(model, optimizer, loader, batch => nn.functional.cross_entropy(module.call(batch.Inputs), batch.Targets));
            Waits waits = new();
            trainer.Use(waits);
            long start = Stopwatch.GetTimestamp();
            await trainer.RunAsync(TrainingLength.Steps(steps));
            TimeSpan total = Stopwatch.GetElapsedTime(start);
            (fractions[trial], stepTimes[trial], longest[trial]) = (waits.Sum / total, total.TotalMilliseconds / steps, waits.Longest.TotalMilliseconds);
        }

        Figure.Print(Name, "step_ms", Median(stepTimes), "ms");
        Figure.Print(Name, "wait_fraction", Median(fractions), "of the time");
        Figure.Print(Name, "worst_wait_fraction", fractions.Max(), "of the time");
        Figure.Print(Name, "longest_wait_ms", longest.Max(), "ms");
        Figure.Print(Name, "batches_per_s_alone", await ReadAloneAsync(loader, epochs: options.Quick ? 10 : 40), "batches/s");
    }

    private static TensorBatch Collate(IReadOnlyList<Image> images)
    {
        Tensor inputs = empty([images.Count, Channels, Side, Side], float32);
        Span<float> values = MemoryMarshal.Cast<byte, float>(inputs.bytes);
        long[] labels = new long[images.Count];
        for (int i = 0; i < images.Count; i++)
        {
            labels[i] = images[i].Label;
            for (int channel = 0; channel < Channels; channel++)
            {
                ReadOnlySpan<byte> from = images[i].Pixels.AsSpan(channel * Pixels, Pixels);
                Span<float> to = values.Slice((i * Channels + channel) * Pixels, Pixels);
                float scale = 1 / (255 * s_deviation[channel]), shift = -s_mean[channel] / s_deviation[channel];
                for (int pixel = 0; pixel < to.Length; pixel++)
                    to[pixel] = from[pixel] * scale + shift;
            }
        }

        return new(inputs, tensor(labels));
    }

    private static nn.Module<Tensor, Tensor> NewModule(int width) =>
        nn.Sequential(nn.Flatten(), nn.Linear(Channels * Pixels, width), nn.ReLU(), nn.Linear(width, Classes));

    /// <summary>The width of the model whose step takes about 5 ms on this machine when nothing else runs: the least time of some counts, whatever else runs now.</summary>
    private static int FindWidth(Image[] images)
    {
        using TensorBatch batch = Collate(images[..BatchSize]);
        (int Width, double Time) closest = (0, double.PositiveInfinity);
        for (int width = 64, round = 0; round < 12 && Math.Abs(closest.Time - StepMs) > 0.1 * StepMs; round++)
        {
            double time = TimeStep(batch, width);
            if (Math.Abs(time - StepMs) < Math.Abs(closest.Time - StepMs))
                closest = (width, time);
            width = Math.Clamp((int)(width * Math.Clamp(StepMs / time, 0.25, 4)), 1, 2_048);
        }

        Figure.Print(Name, "width", closest.Width, "units");
        Figure.Print(Name, "step_alone_ms", closest.Time, "ms");
        return closest.Width;
    }

    private static double TimeStep(TensorBatch batch, int width)
    {
        using nn.Module<Tensor, Tensor> module = NewModule(width);
        using FlatModel model = new(module);
        using PlainSgd optimizer = new(model, 1e-3);
        double least = double.PositiveInfinity;
        for (int i = 0; i < 60; i++)
        {
            long start = Stopwatch.GetTimestamp();
            using DisposeScope scope = NewDisposeScope();
            nn.functional.cross_entropy(module.call(batch.Inputs), batch.Targets).backward();
            optimizer.Step(new GradientControl());
            optimizer.ZeroGradients();
            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return least;
    }

    private static double TimeCollate(Image[] images)
    {
        // Long enough for the compiler's last tier.
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < TimeSpan.FromMilliseconds(500);)
            Collate(images[..BatchSize]).Dispose();

        double[] times = new double[200];
        for (int i = 0; i < times.Length; i++)
        {
            long start = Stopwatch.GetTimestamp();
            Collate(images[..BatchSize]).Dispose();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        return Median(times);
    }

    private static async Task<double> ReadAloneAsync(BatchLoader<Image, TensorBatch> loader, int epochs)
    {
        long start = Stopwatch.GetTimestamp(), batches = 0;
        for (int epoch = 0; epoch < epochs; epoch++)
        {
            await foreach (TensorBatch batch in loader.ReadEpochAsync(epoch, 0))
            {
                batch.Dispose();
                batches++;
            }
        }

        return batches / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double Median(double[] values) => values.Order().ElementAt(values.Length / 2);

    private sealed record Image(byte[] Pixels, int Label);

    private sealed class Waits : TrainerCallback
    {
        public TimeSpan Sum { get; private set; }

        public TimeSpan Longest { get; private set; }

        public override void OnStep(TrainingStep step)
        {
            Sum += step.Times.Data;
            Longest = step.Times.Data > Longest ? step.Times.Data : Longest;
        }
    }

    private sealed class PlainSgd(FlatModel model, double learningRate) : ModelOptimizer(model, learningRate)
    {
        public override string Name => "SGD";

        public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

        public override void Step(GradientControl gradients)
        {
            using IDisposable noGrad = no_grad();
            foreach (FlatBuffer buffer in Model.Buffers)
                buffer.Parameters.add_(buffer.Gradients, alpha: -LearningRate);
        }

        public override void SaveState(TrainingState state) { }

        public override void LoadState(TrainingState state) { }
    }
}
