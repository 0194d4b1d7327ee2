using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace MLOps.Tracking.Journaling;

/// <summary>The calls that the journal needs and the BCL does not have. Linux, 64 bit.</summary>
[SupportedOSPlatform("linux")]
internal static unsafe partial class Posix
{
    public const int NoSpace = 28;
    private const int ProtReadWrite = 3, MapShared = 1, MsSync = 4, MadvPopulateWrite = 23, OpenDirectory = 0x10000, OpenCloseOnExec = 0x80000;

    /// <summary>Allocates real space, so that a full disk is an error here and not a SIGBUS later.</summary>
    /// <returns>0 or the error number.</returns>
    public static int Allocate(SafeFileHandle file, long bytes) => posix_fallocate(file, 0, bytes);

    public static byte* Map(SafeFileHandle file, long bytes)
    {
        void* address = mmap(null, (nuint)bytes, ProtReadWrite, MapShared, file, 0);
        return (nint)address == -1 ? null : (byte*)address;
    }

    public static void Unmap(byte* address, long bytes) => _ = munmap(address, (nuint)bytes);

    /// <summary>Takes the write faults of a range now, on the calling thread, so that the threads that log do not.</summary>
    public static void Populate(byte* start, long bytes)
    {
        if (madvise(start, (nuint)bytes, MadvPopulateWrite) == 0)
            return;
        // Kernels before 5.14: an atomic add of nothing faults a page in without disturbing a thread that writes there.
        for (long offset = 0; offset < bytes; offset += Environment.SystemPageSize)
            Interlocked.Add(ref *(int*)(start + offset), 0);
    }

    public static bool Sync(byte* start, long bytes) => msync(start, (nuint)bytes, MsSync) == 0;

    /// <summary>Makes names made in a folder survive a power loss.</summary>
    public static void SyncFolder(string path)
    {
        int folder = open(path, OpenDirectory | OpenCloseOnExec);
        if (folder < 0)
            return;
        _ = fsync(folder);
        _ = close(folder);
    }

    /// <summary>The magic number of the file system that a path is on (linux/magic.h), or 0.</summary>
    public static long FileSystem(string path)
    {
        byte* statistics = stackalloc byte[512];
        return statfs(path, statistics) == 0 ? *(long*)statistics : 0;
    }

    [LibraryImport("libc")]
    private static partial int posix_fallocate(SafeFileHandle file, long offset, long length);

    [LibraryImport("libc")]
    private static partial void* mmap(void* address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc")]
    private static partial int munmap(void* address, nuint length);

    [LibraryImport("libc")]
    private static partial int madvise(void* address, nuint length, int advice);

    [LibraryImport("libc")]
    private static partial int msync(void* address, nuint length, int flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int fsync(int file);

    [LibraryImport("libc")]
    private static partial int close(int file);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statfs(string path, byte* buffer);
}
