namespace MLOps.RealServers;

/// <summary>The npm packages that <c>eng/servers.sh</c> installs.</summary>
public static class NpmPackage
{
    /// <summary>Finds a file of a package: in <c>$MLOPS_SERVERS/name</c>, then in <c>artifacts/servers/name</c> of the repository.</summary>
    /// <param name="name">The package.</param>
    /// <param name="file">The file's path inside the package.</param>
    /// <exception cref="ServerUnavailableException">The package isn't there.</exception>
    public static string Find(string name, string file)
    {
        List<string> packages = [];
        if (Environment.GetEnvironmentVariable("MLOPS_SERVERS") is { Length: > 0 } servers)
            packages.Add(Path.Combine(servers, name));
        if (FindRepository() is { } repository)
            packages.Add(Path.Combine(repository, "artifacts/servers", name, "node_modules", name));
        return packages.Select(package => Path.Combine(package, file)).FirstOrDefault(File.Exists) ?? throw new ServerUnavailableException(
            $"The npm package {name} isn't installed: run eng/servers.sh, or set MLOPS_SERVERS to a folder where {name}/ is that package.");
    }

    /// <summary>Finds Node.js.</summary>
    /// <exception cref="ServerUnavailableException">It isn't there.</exception>
    public static string FindNode() => Executable.Find("node") ?? throw new ServerUnavailableException("There is no node on PATH: install Node.js 20 or later.");

    private static string? FindRepository()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "MLOps.Sdk.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder;
    }
}
