using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace MLOps.Runtime.Tests.Processes;

/// <summary>A program of its own that holds notices, to be sent signals.</summary>
internal sealed partial class VictimProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;

    private VictimProcess(Process process) => _process = process;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts the program and waits until it is ready.</summary>
    /// <param name="mode">What it does; see the program.</param>
    /// <param name="launcher">A program, with arguments, that starts it as its own child. None: it is started as it is.</param>
    public static async Task<VictimProcess> StartAsync(string mode, params string[] launcher)
    {
        string[] command = [.. launcher, "dotnet", Path.Combine(AppContext.BaseDirectory, "MLOps.RuntimeVictim.dll"), mode];
        VictimProcess victim = new(Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true })!);
        try
        {
            Assert.Equal("ready", await victim.ReadLineAsync());
            return victim;
        }
        catch
        {
            victim.Dispose();
            throw;
        }
    }

    /// <summary>Whether this process was started with SIGINT ignored, as in the background of a script: its children ignore it, too.</summary>
    public static bool IgnoresInterrupts =>
        OperatingSystem.IsLinux() && ulong.Parse(File.ReadLines("/proc/self/status").Single(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))[7..].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture) is var ignored && (ignored & 2) != 0;

    /// <summary>Waits for the next line that the program writes; null when it has ended.</summary>
    public async Task<string?> ReadLineAsync() => await _process.StandardOutput.ReadLineAsync(Cancellation).AsTask().WaitAsync(Patience, Cancellation);

    public void Send(int signal) => Assert.Equal(0, Kill(_process.Id, signal));

    /// <summary>Sends a signal to the program that the launcher has started.</summary>
    public void SendToChild(int signal)
    {
        string id = _process.Id.ToString(CultureInfo.InvariantCulture);
        Assert.Equal(0, Kill(int.Parse(File.ReadAllText($"/proc/{id}/task/{id}/children").Trim(), CultureInfo.InvariantCulture), signal));
    }

    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync(Cancellation).WaitAsync(Patience, Cancellation);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
