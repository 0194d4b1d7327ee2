using System.ComponentModel;
using System.Diagnostics;

namespace MLOps.Tracking.Capture;

/// <summary>Whether a checkout differs from its commit, asked of the git program where there is one.</summary>
internal static class GitStatus
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// True when a tracked file was changed, or a source file lies there that git does not know: it may be compiled in.
    /// Other unknown files (data, results, our own store) do not count, or every second run would be dirty.
    /// </summary>
    /// <returns>Null when there is no git program, when it refuses, or when it takes longer than 5 s.</returns>
    public static async Task<bool?> IsDirtyAsync(string root, TimeProvider time, CancellationToken cancellationToken)
    {
        if (FindOnPath(OperatingSystem.IsWindows() ? "git.exe" : "git", Environment.GetEnvironmentVariable("PATH")) is not { } git)
            return null;
        ProcessStartInfo start = new(git)
        {
            // Takes no lock that a user's own git would trip over, and runs no program that the checkout's config names.
            ArgumentList = { "--no-optional-locks", "-c", "core.fsmonitor=false", "-C", root, "status", "--porcelain", "-z", "--untracked-files=all" },
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            CreateNoWindow = true,
        };
        foreach (string variable in start.Environment.Keys.Where(key => key.StartsWith("GIT_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(variable);
        using CancellationTokenSource patience = new(s_patience, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        using Process process = new() { StartInfo = start };
        try
        {
            process.Start();
            process.StandardInput.Close();
            process.ErrorDataReceived += static (_, _) => { };
            process.BeginErrorReadLine();
            string output = await process.StandardOutput.ReadToEndAsync(either.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(either.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? IsDirty(output) : null;
        }
        catch (Exception e) when (e is Win32Exception or IOException or InvalidOperationException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            Kill(process);
        }
    }

    /// <summary>Reads what <c>git status --porcelain -z</c> wrote.</summary>
    public static bool IsDirty(string porcelain)
    {
        foreach (Range range in porcelain.AsSpan().Split('\0'))
        {
            ReadOnlySpan<char> entry = porcelain.AsSpan()[range];
            if (entry.Length > 0 && (!entry.StartsWith("?? ", StringComparison.Ordinal) || IsSource(entry)))
                return true;
        }

        return false;
    }

    /// <summary>Finds a program in the absolute folders of a search path; the working directory, where anybody may have put one, is none of them.</summary>
    public static string? FindOnPath(string program, string? searchPath) =>
        (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Where(Path.IsPathFullyQualified)
            .Select(folder => Path.Join(folder, program))
            .FirstOrDefault(File.Exists);

    private static bool IsSource(ReadOnlySpan<char> path) => Path.GetExtension(path) is
        ".cs" or ".fs" or ".vb" or ".csproj" or ".fsproj" or ".vbproj" or ".props" or ".targets" or ".razor" or ".cshtml" or ".xaml" or ".resx" or ".proto" or ".py" or ".ipynb";

    private static void Kill(Process process)
    {
        try
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or NotSupportedException)
        {
            // Never started, or gone in this moment.
        }
    }
}
