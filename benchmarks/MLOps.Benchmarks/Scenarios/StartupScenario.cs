using System.Diagnostics;
using System.Globalization;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Starts a small program again and again in new folders: with the JIT and as native code, tracking and doing nothing.</summary>
internal static class StartupScenario
{
    private const string Name = "startup";

    public static async Task RunAsync(BenchmarkOptions options)
    {
        int trials = options.Trials ?? (options.Quick ? 7 : 41);
        using ScratchFolder published = options.NewFolder();
        string jit = Path.Combine(NativeProgram.Repository(), "artifacts", "bin", "StartupProbe", Configuration(), "StartupProbe");
        string native = await NativeProgram.PublishAsync("benchmarks/StartupProbe", published.Path);
        (string Figure, string Program, bool Tracks)[] kinds =
            [("jit_ms", jit, true), ("jit_empty_ms", jit, false), ("aot_ms", native, true), ("aot_empty_ms", native, false)];

        Dictionary<string, List<double>> times = kinds.ToDictionary(kind => kind.Figure, _ => new List<double>());
        // The first round fills the page cache and is not counted; the kinds alternate so that a slow moment hits all.
        for (int trial = -1; trial < trials; trial++)
        {
            foreach ((string figure, string program, bool tracks) in kinds)
            {
                double milliseconds = await MeasureAsync(options, program, tracks);
                if (trial >= 0)
                    times[figure].Add(milliseconds);
            }
        }

        Figure.Print(Name, "trials", trials, "trials");
        foreach ((string figure, List<double> values) in times)
            Figure.Print(Name, figure, values.Order().ElementAt(values.Count / 2), "ms");
    }

    private static async Task<double> MeasureAsync(BenchmarkOptions options, string program, bool tracks)
    {
        using ScratchFolder folder = options.NewFolder();
        long start = Stopwatch.GetTimestamp();
        using Process child = tracks ? ChildProcess.Start(program, folder.Path) : ChildProcess.Start(program);
        long reached = long.Parse(await child.ReadLineAsync(), CultureInfo.InvariantCulture);
        await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        return child.ExitCode == 0
            ? Stopwatch.GetElapsedTime(start, reached).TotalMilliseconds
            : throw new InvalidOperationException($"{program} ended with {child.ExitCode}; its errors are above.");
    }

    private static string Configuration() => Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
}
