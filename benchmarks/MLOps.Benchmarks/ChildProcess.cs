using System.Diagnostics;

namespace MLOps.Benchmarks;

/// <summary>Starts this program again in another role, or a program that it measures.</summary>
internal static class ChildProcess
{
    public static Process StartSelf(params string[] args) =>
        Start(Environment.ProcessPath ?? throw new InvalidOperationException("The benchmark runs as a program of its own: use dotnet run."), args);

    public static Process Start(string program, params string[] args) =>
        Process.Start(new ProcessStartInfo(program, args) { RedirectStandardInput = true, RedirectStandardOutput = true })
            ?? throw new InvalidOperationException($"{program} did not start.");

    /// <summary>The next line that the child prints.</summary>
    public static async Task<string> ReadLineAsync(this Process child) =>
        await child.StandardOutput.ReadLineAsync()
            ?? throw new InvalidOperationException($"Process {child.Id} ended before it had printed what it was asked for; its errors are above.");
}
