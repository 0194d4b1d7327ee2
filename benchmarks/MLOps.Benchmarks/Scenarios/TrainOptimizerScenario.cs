using System.Diagnostics;
using MLOps.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>
/// A step of AdamW: TorchSharp's own on plain parameters over ours on flat buffers, alternating in one run, for few large parameters and for many small ones. What a step of the large case can't be
/// faster than is memory: four tensors of 80 MiB are read and three of them written.
/// </summary>
internal static class TrainOptimizerScenario
{
    private const string Name = "train-optimizer";

    public static Task RunAsync(BenchmarkOptions options)
    {
        int threads = get_num_threads();
        manual_seed(options.Seed);
        Figure.Print(Name, "threads", threads, "threads");
        Compare(options, "large", "", count: 20, length: 1 << 20);
        Compare(options, "small", "", count: 150, length: 4_096);
        if (threads > 1)
        {
            set_num_threads(1);
            Compare(options, "large", "_1_thread", count: 20, length: 1 << 20);
            Compare(options, "small", "_1_thread", count: 150, length: 4_096);
            set_num_threads(threads);
        }

        return Task.CompletedTask;
    }

    private static void Compare(BenchmarkOptions options, string size, string suffix, int count, int length)
    {
        using DisposeScope scope = NewDisposeScope();
        using Sequential plain = Layers(count, length), module = Layers(count, length);
        foreach (Parameter parameter in plain.parameters())
            parameter.grad = randn_like(parameter);
        using AdamW theirs = optim.AdamW(plain.parameters(), 1e-3);
        using FlatModel model = new(module);
        using FlatAdamW ours = new(model);
        ClipGradients clip = new(1);
        foreach (FlatBuffer buffer in model.Buffers)
            buffer.Gradients.copy_(randn_like(buffer.Gradients));
        if (!ours.IsFused)
            throw new InvalidOperationException("The fused kernel was not found: these figures would be another's.");

        // Alternating, so that whatever else the machine does disturbs all alike. Few: TorchSharp 0.107's AdamW leaves native memory of twice the parameters behind at every step, 168 MB here.
        int trials = options.Trials ?? (options.Quick ? 9 : 21);
        double[] their = new double[trials], our = new double[trials], clipped = new double[trials];
        for (int trial = -5; trial < trials; trial++)
        {
            double a = Time(() => theirs.step());
            double b = Time(() => ours.Step(new GradientControl()));
            double c = Time(() =>
            {
                GradientControl control = new();
                clip.Apply(model, control);
                ours.Step(control);
            });
            if (trial >= 0)
                (their[trial], our[trial], clipped[trial]) = (a, b, c);
        }

        foreach (double[] times in (double[][])[their, our, clipped])
            Array.Sort(times);
        Figure.Print(Name, $"{size}{suffix}_torchsharp_ms", their[trials / 2], "ms");
        Figure.Print(Name, $"{size}{suffix}_torchsharp_min_ms", their[0], "ms");
        Figure.Print(Name, $"{size}{suffix}_flat_ms", our[trials / 2], "ms");
        Figure.Print(Name, $"{size}{suffix}_flat_min_ms", our[0], "ms");
        Figure.Print(Name, $"{size}{suffix}_flat_clipped_ms", clipped[trials / 2], "ms");
        Figure.Print(Name, $"{size}{suffix}_flat_clipped_min_ms", clipped[0], "ms");
        Figure.Print(Name, $"{size}{suffix}_ratio", their[trials / 2] / our[trials / 2], "times");
        Figure.Print(Name, $"{size}{suffix}_min_ratio", their[0] / our[0], "times");
        Figure.Print(Name, $"{size}{suffix}_clipped_ratio", their[trials / 2] / clipped[trials / 2], "times");
    }

    private static double Time(Action step)
    {
        using DisposeScope scope = NewDisposeScope();
        long from = Stopwatch.GetTimestamp();
        step();
        return Stopwatch.GetElapsedTime(from).TotalMilliseconds;
    }

    private static Sequential Layers(int count, int length) =>
        nn.Sequential(Enumerable.Range(0, count).Select(_ => (nn.Module<Tensor, Tensor>)nn.Linear(length / 64, 64, hasBias: false)));
}
