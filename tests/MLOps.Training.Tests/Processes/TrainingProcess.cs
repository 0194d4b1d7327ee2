using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace MLOps.Training.Tests.Processes;

/// <summary>A training in a process of its own, to be stopped.</summary>
internal sealed partial class TrainingProcess : IDisposable
{
    private readonly Process _process;

    private TrainingProcess(Process process) => _process = process;

    /// <summary>Whether this process was started with SIGINT ignored, as in the background of a script: its children ignore it, too.</summary>
    public static bool IgnoresInterrupts =>
        OperatingSystem.IsLinux() && (ulong.Parse(File.ReadLines("/proc/self/status").Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) & 2) != 0;

    /// <summary>All lines that have been read.</summary>
    public List<string> Lines { get; } = [];

    public static TrainingProcess Start(string folder, long steps, long every)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "MLOps.TrainingVictim.dll"));
        foreach (string argument in (string[])["train", folder, steps.ToString(CultureInfo.InvariantCulture), every.ToString(CultureInfo.InvariantCulture)])
            start.ArgumentList.Add(argument);
        return new(Process.Start(start)!);
    }

    /// <summary>Waits until it has taken a step, or the first one after.</summary>
    /// <returns>False when it ended before.</returns>
    public async Task<bool> ReadUntilAsync(long step)
    {
        while (await ReadLineAsync() is { } line)
        {
            if (line.StartsWith("step ", StringComparison.Ordinal) && long.Parse(line.AsSpan(5), CultureInfo.InvariantCulture) >= step)
                return true;
        }

        return false;
    }

    /// <summary>Reads what it still says until it ends.</summary>
    /// <returns>Its exit code, and the last line.</returns>
    public async Task<(int ExitCode, string Last)> FinishAsync()
    {
        while (await ReadLineAsync() is not null)
        {
        }

        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(2));
        return (_process.ExitCode, Lines[^1]);
    }

    public Task<(int ExitCode, string Last)> KillAsync()
    {
        _process.Kill();
        return FinishAsync();
    }

    public void Signal(int signal) => Assert.Equal(0, Send(_process.Id, signal));

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private async Task<string?> ReadLineAsync()
    {
        string? line = await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromMinutes(2));
        if (line is not null)
            Lines.Add(line);
        return line;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
