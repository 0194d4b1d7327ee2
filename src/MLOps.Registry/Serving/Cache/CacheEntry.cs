using Microsoft.Win32.SafeHandles;

namespace MLOps.Registry.Serving.Cache;

/// <summary>An entry of the download cache that this process holds: nobody evicts it as long as its lock is open.</summary>
internal sealed class CacheEntry(string folder, ModelManifest manifest, long[] modified, SafeFileHandle pin)
{
    public const string LockName = "lock", RecordName = "entry.json", FilesName = "files";
    private readonly string[] _paths = [.. manifest.Files.Select(file => Path.Join(folder, FilesName, file.Path))];

    public string Folder { get; } = folder;

    public string Files { get; } = Path.Join(folder, FilesName);

    public ModelManifest Manifest { get; } = manifest;

    public SafeFileHandle Pin { get; } = pin;

    /// <summary>Who uses it; under the cache's lock.</summary>
    public int Users { get; set; }

    /// <summary>Whether the cache gives it out no more; under the cache's lock.</summary>
    public bool IsGone { get; set; }

    /// <summary>When it was last given out or given back; under the cache's lock.</summary>
    public DateTimeOffset UsedAt { get; set; }

    /// <summary>When other processes were last told that it is in use; under the cache's lock.</summary>
    public DateTimeOffset ToldAt { get; set; }

    /// <summary>Whether each file has the size and the time that it had when it was verified: one look at the file system a file.</summary>
    public bool IsUnchanged()
    {
        for (int i = 0; i < _paths.Length; i++)
        {
            if (!IsUnchanged(i, out _))
                return false;
        }

        return true;
    }

    /// <summary>Reads and hashes the files that have changed since they were verified.</summary>
    /// <returns>Whether they have the content that they should have after all.</returns>
    public async Task<bool> VerifyAsync(CancellationToken cancellationToken)
    {
        for (int i = 0; i < _paths.Length; i++)
        {
            if (IsUnchanged(i, out FileInfo file))
                continue;
            ModelFile expected = Manifest.Files[i];
            if (!file.Exists || file.LinkTarget is not null || file.Length != expected.SizeBytes)
                return false;
            try
            {
                // The time is from before the reading: a change in it is found at the next look.
                long before = file.LastWriteTimeUtc.Ticks;
                if (await FileHash.ComputeAsync(_paths[i], cancellationToken).ConfigureAwait(false) != expected.Sha256)
                    return false;
                Volatile.Write(ref modified[i], before);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return false;
            }
        }

        return true;
    }

    private bool IsUnchanged(int index, out FileInfo file)
    {
        file = new FileInfo(_paths[index]);
        return file.Exists && file.Length == Manifest.Files[index].SizeBytes && file.LastWriteTimeUtc.Ticks == Volatile.Read(ref modified[index]);
    }
}
