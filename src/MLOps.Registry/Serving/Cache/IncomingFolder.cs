using Microsoft.Win32.SafeHandles;

namespace MLOps.Registry.Serving.Cache;

/// <summary>A folder on the way into the download cache, or out of it. Beside it lies a lock that ends with this process, so that what a dead one left is found and removed.</summary>
internal sealed class IncomingFolder : IDisposable
{
    private const string Suffix = ".lock";
    private readonly SafeFileHandle _lock;

    private IncomingFolder(string path, SafeFileHandle handle) => (Path, _lock) = (path, handle);

    /// <summary>The folder; not made yet.</summary>
    public string Path { get; }

    public static IncomingFolder Create(string root)
    {
        for (int attempt = 1; ; attempt++)
        {
            string path = System.IO.Path.Join(root, Guid.NewGuid().ToString("N"));
            try
            {
                if (Lock(path + Suffix, FileMode.CreateNew) is { } handle)
                    return new IncomingFolder(path, handle);
            }
            catch (IOException) when (attempt < 10 && Directory.Exists(root))
            {
                // One who removes leftovers took the new file for one. If it is a full disk, the last attempt says so.
            }
        }
    }

    /// <summary>Removes what processes that are gone have left.</summary>
    public static void RemoveLeftovers(string root)
    {
        foreach (string path in Directory.EnumerateFiles(root, "*" + Suffix))
        {
            try
            {
                if (Lock(path, FileMode.Open) is { } handle)
                    new IncomingFolder(path[..^Suffix.Length], handle).Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Its owner lives, or has just removed it.
            }
        }
    }

    /// <summary>Removes the folder, if it is still there, and the lock.</summary>
    public void Dispose()
    {
        try
        {
            if (Directory.Exists(Path))
                Delete(Path);
            if (!OperatingSystem.IsWindows())
                File.Delete(Path + Suffix);
            _lock.Dispose();
            if (OperatingSystem.IsWindows())
                File.Delete(Path + Suffix);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another program reads a file in it: the next one that fills the cache finds it as a leftover.
            _lock.Dispose();
        }
    }

    private static void Delete(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            foreach (string file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
                File.SetAttributes(file, FileAttributes.Normal);
        }

        Directory.Delete(folder, recursive: true);
    }

    /// <returns>Null when the file was removed before it was locked.</returns>
    private static SafeFileHandle? Lock(string path, FileMode mode)
    {
        SafeFileHandle handle = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.None);
        if (File.Exists(path))
            return handle;
        handle.Dispose();
        return null;
    }
}
