namespace MLOps.Sqlite.Connections;

/// <summary>Where SQLite puts its temporary files, and how much room a disk has.</summary>
internal static class TemporaryFiles
{
    /// <summary>The folder, chosen as SQLite chooses it.</summary>
    public static string Folder
    {
        get
        {
            string?[] candidates = OperatingSystem.IsWindows()
                ? []
                : [Environment.GetEnvironmentVariable("SQLITE_TMPDIR"), Environment.GetEnvironmentVariable("TMPDIR"), "/var/tmp", "/usr/tmp", "/tmp"];
            return candidates.FirstOrDefault(Directory.Exists) ?? Path.GetTempPath();
        }
    }

    /// <summary>The bytes that are free on the disk of a folder; without end where the system does not say.</summary>
    public static long FreeBytes(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return long.MaxValue;
        }
    }

    /// <summary>Whether two folders share a disk. The system does not say so plainly; two disks of one size to the byte are taken for one.</summary>
    public static bool LieOnOneDisk(string one, string other)
    {
        try
        {
            return new DriveInfo(one).TotalSize == new DriveInfo(other).TotalSize;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return true;
        }
    }
}
