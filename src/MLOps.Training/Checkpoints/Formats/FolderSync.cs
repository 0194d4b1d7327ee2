using System.Runtime.InteropServices;

namespace MLOps.Training.Checkpoints;

/// <summary>Makes the names in a folder survive a power loss.</summary>
internal static partial class FolderSync
{
    private const int ReadOnly = 0, NotSupported = 22;

    /// <exception cref="IOException">The disk refuses.</exception>
    public static void Sync(string folder)
    {
        // Windows keeps its folders in a journal of its own and has no such call.
        if (OperatingSystem.IsWindows())
            return;
        int handle = open(folder, ReadOnly);
        if (handle < 0)
            throw Failure(folder);
        try
        {
            // Some network file systems take no fsync of a folder: there is nothing more to do there.
            if (fsync(handle) != 0 && Marshal.GetLastPInvokeError() != NotSupported)
                throw Failure(folder);
        }
        finally
        {
            _ = close(handle);
        }
    }

    private static IOException Failure(string folder)
    {
        int error = Marshal.GetLastPInvokeError();
        return new IOException($"The folder '{folder}' could not be written to the disk: {Marshal.GetPInvokeErrorMessage(error)}.", error);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int fsync(int file);

    [LibraryImport("libc")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int close(int file);
}
