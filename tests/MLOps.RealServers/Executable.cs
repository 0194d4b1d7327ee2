namespace MLOps.RealServers;

/// <summary>A program found by its name.</summary>
internal static class Executable
{
    /// <returns>The full path of the first file of that name on PATH; <see langword="null"/> where there is none.</returns>
    public static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
