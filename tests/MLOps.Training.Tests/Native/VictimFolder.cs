using System.Diagnostics;

namespace MLOps.Training.Tests.Native;

/// <summary>A folder with the managed half of the program MLOps.TrainingVictim, and those native libraries that a test puts there. It has no list of dependencies, so the runtime looks beside the program alone.</summary>
internal sealed class VictimFolder : IDisposable
{
    private const string Program = "MLOps.TrainingVictim";
    private static readonly string[] Managed = [Program, "MLOps.Training", "MLOps.Tracking", "MLOps.Runtime", "MLOps.Registry", "TorchSharp", "Microsoft.Extensions.Logging.Abstractions", "Microsoft.Extensions.DependencyInjection.Abstractions"];

    public VictimFolder()
    {
        Path = Directory.CreateTempSubdirectory("mlops-victim-").FullName;
        // Copies: where a link leads is the program's folder.
        foreach (string file in Managed.Select(assembly => $"{assembly}.dll").Append($"{Program}.runtimeconfig.json"))
            File.Copy(System.IO.Path.Combine(AppContext.BaseDirectory, file), System.IO.Path.Combine(Path, file));
    }

    public string Path { get; }

    /// <summary>Where the tests' own native libraries are.</summary>
    public static string Natives { get; } = System.IO.Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");

    /// <summary>All native libraries of the tests, but those whose names begin so.</summary>
    public void LinkNatives(params string[] without)
    {
        foreach (string file in Directory.EnumerateFiles(Natives).Select(file => System.IO.Path.GetFileName(file)).Where(file => !without.Any(start => file.StartsWith(start, StringComparison.Ordinal))))
            File.CreateSymbolicLink(System.IO.Path.Combine(Path, file), System.IO.Path.Combine(Natives, file));
    }

    public void Write(string file, byte[] content) => File.WriteAllBytes(System.IO.Path.Combine(Path, file), content);

    /// <summary>Runs the program to its end.</summary>
    public async Task<(int ExitCode, string[] Lines)> RunAsync(params string[] arguments)
    {
        ProcessStartInfo start = new("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(System.IO.Path.Combine(Path, $"{Program}.dll"));
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        using CancellationTokenSource patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(patience.Token);
            string output = await process.StandardOutput.ReadToEndAsync(patience.Token);
            Assert.Equal("", await errors);
            await process.WaitForExitAsync(patience.Token);
            return (process.ExitCode, output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }
        finally
        {
            if (!process.HasExited)
                process.Kill();
        }
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
