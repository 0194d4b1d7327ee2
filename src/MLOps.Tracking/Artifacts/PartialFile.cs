using Microsoft.Win32.SafeHandles;

namespace MLOps.Tracking.Artifacts;

/// <summary>A file that is being downloaded, beside the one that it becomes. What an earlier download of the same content left is taken up; of several downloads at once each has its own.</summary>
internal sealed class PartialFile : IDisposable
{
    // Windows renames an open file only if that is shared; elsewhere None is the lock that keeps others out.
    private static readonly FileShare s_mine = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;
    private readonly string _path;
    private bool _isGone;

    private PartialFile(string path, SafeFileHandle handle, long length) => (_path, Handle, Length) = (path, handle, length);

    public SafeFileHandle Handle { get; }

    /// <summary>What was there from an earlier download.</summary>
    public long Length { get; private set; }

    /// <summary>Whether it stays when it is disposed before it is complete.</summary>
    public bool IsKept { get; set; }

    /// <summary>Takes up what an earlier download of this content left; null when there is none that nobody uses.</summary>
    public static PartialFile? Find(string folder, string sha256)
    {
        foreach (string path in Directory.EnumerateFiles(folder, Prefix(sha256) + "*.part"))
        {
            SafeFileHandle? handle = null;
            try
            {
                handle = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, s_mine, FileOptions.Asynchronous);
                // Names are never used again: if this one is gone, its owner completed it between our two looks.
                if (File.Exists(path))
                    return new PartialFile(path, handle, RandomAccess.GetLength(handle));
                handle.Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another download has it.
                handle?.Dispose();
            }
        }

        return null;
    }

    /// <summary>Makes a new one, with room for the whole if the file system can promise that.</summary>
    public static PartialFile Create(string folder, string? sha256, long sizeBytes)
    {
        string path = Path.Join(folder, $"{(sha256 is null ? ".mlops-" : Prefix(sha256))}{Guid.NewGuid():N}.part"), unlocked = Path.ChangeExtension(path, ".new");
        SafeFileHandle handle = File.OpenHandle(unlocked, FileMode.CreateNew, FileAccess.ReadWrite, s_mine, FileOptions.Asynchronous, sizeBytes);
        try
        {
            // A file is made first and locked then: under its own name somebody could take it up in between.
            File.Move(unlocked, path);
            return new PartialFile(path, handle, length: 0);
        }
        catch
        {
            File.Delete(unlocked);
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Hands what is there to a stream that hashes the rest.</summary>
    public async ValueTask ReplayAsync(HashedReadStream hashed, CancellationToken cancellationToken)
    {
        byte[] buffer = new byte[Math.Min(Length, 1 << 20)];
        for (long offset = 0; offset < Length;)
        {
            int read = await RandomAccess.ReadAsync(Handle, buffer, offset, cancellationToken).ConfigureAwait(false);
            hashed.TakeEarlier(buffer.AsSpan(0, read));
            offset += read;
        }
    }

    /// <summary>Gives it its final name.</summary>
    public void Complete(string destination)
    {
        File.Move(_path, destination, overwrite: true);
        _isGone = true;
    }

    public void Dispose()
    {
        if (!_isGone && !IsKept)
            File.Delete(_path);
        _isGone = true;
        Handle.Dispose();
    }

    private static string Prefix(string sha256) => $".mlops-{sha256.AsSpan(0, 32)}-";
}
