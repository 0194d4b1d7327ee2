using System.Diagnostics;
using System.Runtime.InteropServices;

namespace MLOps.Benchmarks;

/// <summary>A project of the checkout, published as a native program.</summary>
internal static class NativeProgram
{
    /// <summary>Publishes a project.</summary>
    /// <param name="project">Its folder, from the root of the repository.</param>
    /// <param name="folder">Where the program goes.</param>
    /// <returns>The program.</returns>
    public static async Task<string> PublishAsync(string project, string folder)
    {
        string path = Path.Combine(Repository(), project);
        string rid = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        using Process publish = ChildProcess.Start("dotnet", "publish", path, "-c", "Release", "-r", rid, "--no-restore", "-o", folder, "--disable-build-servers");
        string log = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        return publish.ExitCode == 0
            ? Path.Combine(folder, Path.GetFileName(project))
            : throw new InvalidOperationException($"Publishing {project} to native code failed; it needs clang or gcc, and zlib's headers.\n{log}");
    }

    /// <summary>The root of the repository.</summary>
    public static string Repository()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MLOps.Sdk.sln")))
                return folder.FullName;
        }

        throw new InvalidOperationException("The scenario builds a program from the checkout: run it from there.");
    }
}
