namespace MLOps.Registry;

/// <summary>The verified local files of a model. As long as it is not disposed, the download cache of this machine keeps them.</summary>
public sealed class ModelFiles : IDisposable
{
    private readonly Action? _release;
    private int _disposed;

    internal ModelFiles(ModelUri uri, ModelVersion? version, string folder, ModelManifest manifest, bool isOffline, Action? release) =>
        (Uri, Version, Folder, Manifest, IsOffline, _release) = (uri, version, folder, manifest, isOffline, release);

    /// <summary>What was resolved.</summary>
    public ModelUri Uri { get; }

    /// <summary>The version; null for a run's files.</summary>
    public ModelVersion? Version { get; }

    /// <summary>The local folder. Its files are read-only.</summary>
    public string Folder { get; }

    /// <summary>The files.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>Whether the registry was away, so that the version is the one that the alias was last known to point to.</summary>
    public bool IsOffline { get; }

    /// <summary>The local path of a file.</summary>
    /// <param name="path">Its path in <see cref="Manifest"/>.</param>
    /// <returns>The local path.</returns>
    /// <exception cref="FileNotFoundException">The model has no such file; the message names those that it has.</exception>
    public string GetPath(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return Manifest.Files.Any(file => file.Path == path)
            ? Path.Join(Folder, path)
            : throw new FileNotFoundException($"{Uri} has no file '{path}'. It has {string.Join(", ", Manifest.Files.Take(10).Select(file => $"'{file.Path}'"))}{(Manifest.Files.Count > 10 ? " and others" : "")}.", path);
    }

    /// <summary>Lets the cache remove the files when it needs the room.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            _release?.Invoke();
    }
}
