using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace MLOps.Training.Checkpoints;

/// <summary>Checkpoints in a local folder.</summary>
internal sealed class FolderCheckpoints(string root) : CheckpointStore(root)
{
    private const string Writing = ".writing-", Deleting = ".deleting-", Lock = ".lock";
    // Small enough to lie in the cache between the hash and the write.
    private const int Piece = 1 << 20;

    private string Root => Location;

    internal override ValueTask<IDisposable> BeginWritingAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Root);
        FileStream held;
        try
        {
            // The kernel lets go of it when this process ends, however it does.
            held = new(Path.Join(Root, Lock), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new CheckpointException($"Another training writes checkpoints into '{Root}', or the folder can't be written ({error.Message}). Let it end, or give this one another folder.", null, error);
        }

        try
        {
            foreach (string left in Directory.EnumerateDirectories(Root))
            {
                if (Path.GetFileName(left) is { } name && (name.StartsWith(Writing, StringComparison.Ordinal) || name.StartsWith(Deleting, StringComparison.Ordinal)))
                    Directory.Delete(left, recursive: true);
            }
        }
        catch
        {
            held.Dispose();
            throw;
        }

        return new(held);
    }

    internal override async ValueTask<CheckpointManifest> WriteAsync(string name, CheckpointImage image, CheckpointManifest manifest, CancellationToken cancellationToken)
    {
        // Files are written in one go, on the thread that asks: it is there for nothing else.
        await Task.CompletedTask.ConfigureAwait(false);
        string target = Path.Join(Root, name), temporary = Path.Join(Root, $"{Writing}{name}-{Guid.NewGuid():N}");
        if (Directory.Exists(target))
            throw new IOException($"There is a checkpoint '{name}' in '{Root}' already: it is left as it is.");
        try
        {
            Directory.CreateDirectory(temporary);
            List<CheckpointManifest.FileEntry> files = [];
            foreach (CheckpointImage.ImageFile file in image.Files)
                files.Add(Write(Path.Join(temporary, file.Name), file, cancellationToken));
            manifest = manifest with { Files = files };
            using (SafeFileHandle handle = File.OpenHandle(Path.Join(temporary, CheckpointManifest.FileName), FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(handle, manifest.ToBytes(), 0);
                RandomAccess.FlushToDisk(handle);
            }

            FolderSync.Sync(temporary);
            cancellationToken.ThrowIfCancellationRequested();
            Directory.Move(temporary, target);
        }
        catch
        {
            if (Directory.Exists(temporary))
                Directory.Delete(temporary, recursive: true);
            throw;
        }

        FolderSync.Sync(Root);
        return manifest;
    }

    internal override ValueTask<(Stream Content, long Bytes)?> OpenAsync(string name, string file, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            FileStream content = new(Path.Join(Root, name, file), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
            return new((content, content.Length));
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return new(((Stream, long)?)null);
        }
    }

    internal override ValueTask<IReadOnlyList<string>> FindNamesAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new(Directory.Exists(Root)
            ? [.. Directory.EnumerateDirectories(Root).Select(folder => Path.GetFileName(folder)!).Where(name => CheckpointName.StepOf(name) is not null)]
            : []);
    }

    internal override string? FolderOf(string name) => Path.Join(Root, name);

    private protected override ValueTask<bool> RemoveAsync(string name, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string folder = Path.Join(Root, name), gone = Path.Join(Root, $"{Deleting}{name}-{Guid.NewGuid():N}");
        if (!Directory.Exists(folder))
            return new(false);
        try
        {
            // By one rename, so that nobody ever sees half of it.
            Directory.Move(folder, gone);
        }
        catch (DirectoryNotFoundException)
        {
            return new(false);
        }

        Directory.Delete(gone, recursive: true);
        return new(true);
    }

    private static CheckpointManifest.FileEntry Write(string path, CheckpointImage.ImageFile file, CancellationToken cancellationToken)
    {
        try
        {
            return WriteBytes(path, file, cancellationToken);
        }
        catch (ArgumentOutOfRangeException error)
        {
            throw AtomicFile.TooLarge(path, error);
        }
    }

    private static unsafe CheckpointManifest.FileEntry WriteBytes(string path, CheckpointImage.ImageFile file, CancellationToken cancellationToken)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // With its size, so that a full disk is found before the first byte where the file system can tell.
        using SafeFileHandle handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, file.Bytes);
        for (long at = 0; at < file.Bytes; at += Piece)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ReadOnlySpan<byte> piece = new((void*)(file.Address + (nint)at), (int)Math.Min(Piece, file.Bytes - at));
            hash.AppendData(piece);
            RandomAccess.Write(handle, piece, at);
        }

        RandomAccess.FlushToDisk(handle);
        return new() { Name = file.Name, Bytes = file.Bytes, Sha256 = Convert.ToHexStringLower(hash.GetCurrentHash()) };
    }
}
