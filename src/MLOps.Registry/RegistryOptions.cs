namespace MLOps.Registry;

/// <summary>How a registry works.</summary>
public sealed class RegistryOptions
{
    /// <summary>The folder or URI under which files that are registered from this machine are kept, each version in a folder of its own. Null, the default, takes <c>models</c> below the artifact root of the store, or of the tracker that the registry works with.</summary>
    public string? ArtifactRoot { get; set; }

    /// <summary>The folder of the download cache, shared by all processes of this user. Null, the default: <c>$XDG_CACHE_HOME/mlops/models</c>, else <c>~/.cache/mlops/models</c> (<c>%LOCALAPPDATA%\mlops\models</c> on Windows).</summary>
    public string? CacheFolder { get; set; }

    /// <summary>How much the download cache may hold before what was used longest ago is removed; what is in use stays. Default: 20 GiB; at least 1 MiB.</summary>
    public long CacheBytes { get; set; } = 20L << 30;

    /// <summary>How often those who watch look whether another process has changed something. Changes of this process are seen at once. Default: 2 s; 50 ms to 1 day.</summary>
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// What the registry calls itself to others: the first line of its checkpoints and the source of its events. Null, the default:
    /// <c>mlops-registry/</c> and 16 hex digits that are made of the store's address, so that a store that moves has another. Recommended: a URL without scheme that
    /// you own, such as <c>example.com/models</c>. 1 to 250 characters of URLs; no white space, no <c>+</c>.
    /// </summary>
    public string? Origin { get; set; }
}
