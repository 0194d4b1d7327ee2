using System.Diagnostics;
using System.Security.Cryptography;
using MLOps.Tracking;

namespace TrainDigits;

/// <summary>Trains in a process of its own, kills it midway with SIGKILL, goes on in another, and compares what comes out.</summary>
internal static class KillAndResume
{
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(2);

    /// <returns>Whether the killed and resumed training ends with the very weights of the one that was never stopped, and its run has each step once.</returns>
    public static async Task<bool> ShowAsync(string uninterrupted, string folder, Tracker tracker)
    {
        RunId run = default;
        using (Child victim = Child.Start(folder))
        {
            using CancellationTokenSource patience = new(s_patience);
            string? reached = null;
            while (await victim.Process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                if (!line.StartsWith($"epoch {Training.Epochs / 2}/", StringComparison.Ordinal))
                    continue;
                reached = line;
                break;
            }

            victim.Process.Kill();
            await victim.Process.WaitForExitAsync(patience.Token);
            Console.WriteLine($"killed     with SIGKILL at {reached}; exit code {victim.Process.ExitCode}");
            if (reached is null || victim.Process.ExitCode == 0)
                return false;
        }

        using (Child heir = Child.Start(folder))
        {
            using CancellationTokenSource patience = new(s_patience);
            while (await heir.Process.StandardOutput.ReadLineAsync(patience.Token) is { } line)
            {
                if (line.Split(' ') is not ["run", var id, .. var how])
                    continue;
                run = new RunId(id);
                Console.WriteLine($"resumed    {string.Join(' ', how)}");
            }

            await heir.Process.WaitForExitAsync(patience.Token);
            if (heir.Process.ExitCode != 0)
            {
                Console.WriteLine($"resumed    exit code {heir.Process.ExitCode}");
                return false;
            }
        }

        MetricSeries loss = await tracker.GetSeriesAsync(run, "loss");
        bool once = loss.Points.Select(point => point.Step).SequenceEqual(Enumerable.Range(1, loss.Points.Count).Select(step => (long)step));
        Console.WriteLine($"tracked    {loss.Points.Count} steps in the run of both: {(once ? "each once" : "some are missing, or there twice")}");

        string expected = HashOf(Training.WeightsIn(uninterrupted)), actual = HashOf(Training.WeightsIn(folder));
        Console.WriteLine($"weights    SHA-256 {expected[..16]}… never stopped, {actual[..16]}… killed and resumed: {(expected == actual ? "equal" : "different")}");
        return once && expected == actual;
    }

    private static string HashOf(string file)
    {
        using FileStream stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>This program once more, as a process that does not outlive this one's interest in it.</summary>
    private sealed class Child : IDisposable
    {
        private Child(Process process) => Process = process;

        public Process Process { get; }

        public static Child Start(string folder)
        {
            // The program itself, whether it runs by its own host or by dotnet.
            string[] command = Environment.GetCommandLineArgs()[0].EndsWith(".dll", StringComparison.OrdinalIgnoreCase) && Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet"
                ? [Environment.ProcessPath!, Environment.GetCommandLineArgs()[0]]
                : [Environment.ProcessPath!];
            ProcessStartInfo start = new(command[0], [.. command[1..], "train", folder]) { RedirectStandardOutput = true };
            return new(Process.Start(start)!);
        }

        public void Dispose()
        {
            if (!Process.HasExited)
                Process.Kill();
            Process.Dispose();
        }
    }
}
