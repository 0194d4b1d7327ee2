using System.Diagnostics;
using System.Runtime.InteropServices;
using MLOps.Tracking;

namespace MLOps.Sqlite.Tests.Processes;

/// <summary>A program of its own that logs into a database, to be killed.</summary>
internal sealed partial class VictimProcess : IDisposable
{
    private readonly Process _process;

    private VictimProcess(Process process, RunId run) => (_process, Run) = (process, run);

    public RunId Run { get; }

    public int Id => _process.Id;

    /// <summary>Starts the program and waits until its run has started.</summary>
    public static async Task<VictimProcess> StartAsync(string mode, string database, string? argument = null)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "MLOps.Victim.dll"));
        start.ArgumentList.Add(mode);
        start.ArgumentList.Add(database);
        if (argument is not null)
            start.ArgumentList.Add(argument);
        Process process = Process.Start(start)!;
        string? id = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        return new VictimProcess(process, new RunId(id ?? throw new InvalidOperationException($"The program ended with {process.ExitCode} before its run started.")));
    }

    /// <summary>Waits for the next line that the program writes.</summary>
    public async Task<string> ReadLineAsync()
    {
        string? line = await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.NotNull(line);
        return line;
    }

    /// <summary>All that it has written and nobody has read, once it has ended.</summary>
    public async Task<string[]> ReadRestAsync() => (await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public async Task KillAsync()
    {
        _process.Kill();
        await WaitAsync();
    }

    public async Task<int> InterruptAsync()
    {
        Assert.Equal(0, Signal(_process.Id, 15));
        return await WaitAsync();
    }

    public async Task<int> WaitAsync()
    {
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Signal(int process, int signal);
}
