namespace MLOps.Training.Checkpoints;

/// <summary>Writes a file so that its name never stands for half of it: beside it, to the disk, then renamed.</summary>
internal static class AtomicFile
{
    private const int BufferSize = 128 * 1024;

    /// <summary>Writes a file; one that is there is replaced when the new one is whole, and stays when writing fails.</summary>
    public static async ValueTask WriteAsync(string path, Func<Stream, ValueTask> write)
    {
        string full = Path.GetFullPath(path), folder = Path.GetDirectoryName(full) ?? throw new ArgumentException($"'{path}' names no file.", nameof(path));
        string temporary = Path.Join(folder, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            FileStream file = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize);
            await using (file.ConfigureAwait(false))
            {
                await write(file).ConfigureAwait(false);
                // Before the rename: else a power loss could leave the name with nothing behind it.
                file.Flush(flushToDisk: true);
            }

            File.Move(temporary, full, overwrite: true);
        }
        catch (ArgumentOutOfRangeException error)
        {
            File.Delete(temporary);
            throw TooLarge(full, error);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        FolderSync.Sync(folder);
    }

    /// <summary>What .NET calls an argument: a file of more bytes than its file system, FAT for one, or a limit of the process allows.</summary>
    public static IOException TooLarge(string path, ArgumentOutOfRangeException error) =>
        new($"'{path}' is larger than its file system, or the limit of this process (ulimit -f), takes. Choose another folder.", error);
}
