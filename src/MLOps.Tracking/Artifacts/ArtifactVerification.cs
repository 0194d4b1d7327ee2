namespace MLOps.Tracking.Artifacts;

/// <summary>What comparing the artifacts of a location with their manifests gave.</summary>
internal sealed class ArtifactVerification
{
    private long _files;
    private long _bytes;

    /// <summary>Files whose content was read, whatever came of it.</summary>
    public long Files => _files;

    /// <summary>Bytes read.</summary>
    public long Bytes => _bytes;

    /// <summary>Files that no manifest names.</summary>
    public long Unverified { get; set; }

    /// <summary>Paths that a manifest names and that are not there.</summary>
    public List<string> Missing { get; } = [];

    /// <summary>Paths whose content is not what was uploaded, and manifests that cannot be read, each with the words for it.</summary>
    public List<(string Path, string Message)> Corrupt { get; } = [];

    public void Read(long bytes)
    {
        Interlocked.Increment(ref _files);
        Interlocked.Add(ref _bytes, bytes);
    }
}
