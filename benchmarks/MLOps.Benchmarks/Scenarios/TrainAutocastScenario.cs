using MLOps.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Forward and backward pass of a perceptron of three layers of 1,024, batch of 128, on one thread: in float32 and in bfloat16 by autocast, in turns.</summary>
internal static class TrainAutocastScenario
{
    private const string Name = "train-autocast";
    private const int Width = 1_024;
    private const int Batch = 128;
    private const int WarmUps = 10;

    public static Task RunAsync(BenchmarkOptions options)
    {
        Console.Error.WriteLine(TorchRuntime.Check().ThrowIfUnusable().Summary);
        if (MissingInstructions() is { } missing)
        {
            Figure.Print(Name, "bf16_ratio", $"skipped: {missing}", "ratio");
            return Task.CompletedTask;
        }

        int threads = get_num_threads();
        set_num_threads(1);
        try
        {
            Measure(options);
        }
        finally
        {
            set_num_threads(threads);
        }

        return Task.CompletedTask;
    }

    private static void Measure(BenchmarkOptions options)
    {
        manual_seed(options.Seed);
        using DisposeScope scope = NewDisposeScope();
        using nn.Module<Tensor, Tensor> module = nn.Sequential(nn.Linear(Width, Width), nn.ReLU(), nn.Linear(Width, Width), nn.ReLU(), nn.Linear(Width, Width));
        using FlatModel model = new(module);
        Tensor inputs = randn(Batch, Width), targets = randn(Batch, Width);
        Func<Tensor, Tensor> plain = batch => nn.functional.mse_loss(module.call(batch), targets);
        Func<Tensor, Tensor> cast = Autocast.Wrap(plain, DeviceType.CPU);

        int trials = options.Trials ?? (options.Quick ? 15 : 101);
        double[] float32 = new double[trials], bfloat16 = new double[trials];
        for (int trial = -WarmUps; trial < trials; trial++)
        {
            double first = Time(plain), second = Time(cast);
            if (trial >= 0)
                (float32[trial], bfloat16[trial]) = (first, second);
        }

        // Time of the processor, which on one thread is that of the clock on an idle machine, and on a busy one is disturbed far less.
        // What ran one after the other met the same noise: the ratio is that of a pair, and the median of these is given.
        double ratio = Median([.. float32.Zip(bfloat16, (first, second) => first / second)]);
        Figure.Print(Name, "float32_cpu_ms", Median(float32), "ms");
        Figure.Print(Name, "bfloat16_cpu_ms", Median(bfloat16), "ms");
        Figure.Print(Name, "bf16_ratio", ratio, "ratio");

        double Time(Func<Tensor, Tensor> loss)
        {
            using DisposeScope step = NewDisposeScope();
            model.ZeroGradients();
            TimeSpan start = Environment.CpuUsage.TotalTime;
            loss(inputs).backward();
            return (Environment.CpuUsage.TotalTime - start).TotalMilliseconds;
        }
    }

    /// <summary>Why bfloat16 can't be faster here; null when it can.</summary>
    private static string? MissingInstructions()
    {
        if (!Autocast.IsSupported(DeviceType.CPU))
            return "autocast is not to be had here";
        if (!File.Exists("/proc/cpuinfo"))
            return "the processor's instructions are not known";
        string flags = File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("flags", StringComparison.Ordinal)) ?? "";
        return flags.Split(' ').Any(flag => flag is "avx512_bf16" or "amx_bf16") ? null : "the processor has neither avx512_bf16 nor amx_bf16";
    }

    private static double Median(double[] values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
