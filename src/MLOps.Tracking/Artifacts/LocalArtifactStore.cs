using System.Globalization;
using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace MLOps.Tracking.Artifacts;

/// <summary>Keeps artifacts as plain files in a folder, which any other tool can read: locations are <c>file</c> URIs.</summary>
/// <remarks>
/// Safe for use from any thread and from several processes at once. An object is written to <c>.mlops/tmp/</c> of its location, synced to disk and renamed, so that no reader sees half of it;
/// what a killed process left there is removed a day later by the next write. Symbolic links below the location are neither followed nor listed
/// (the location itself may be one, or lie behind one). The folder must not be writable for those who are not trusted: the check and the use of a path are two steps.
/// </remarks>
/// <param name="time">The clock; the system's when null.</param>
public sealed class LocalArtifactStore(TimeProvider? time = null) : IArtifactStore
{
    private const string TempFolder = ArtifactPath.ReservedFolder + "/tmp";
    private static readonly TimeSpan s_abandoned = TimeSpan.FromDays(1);
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    internal static EnumerationOptions EveryFile { get; } = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = false };

    /// <summary>The location that stands for a folder, whatever characters its name has.</summary>
    /// <param name="folder">A folder, which need not exist; a relative one is taken from the working directory.</param>
    /// <returns>A <c>file</c> URI.</returns>
    public static Uri LocationOf(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string full = Path.GetFullPath(folder);
        // Uri would take '%', '#' and '?' of a plain path for syntax.
        return OperatingSystem.IsWindows()
            ? new Uri(full.Replace("%", "%25", StringComparison.Ordinal).Replace("#", "%23", StringComparison.Ordinal))
            : new Uri("file://" + string.Join('/', full.Split('/').Select(Uri.EscapeDataString)));
    }

    /// <inheritdoc/>
    public bool Serves(Uri location)
    {
        ArgumentNullException.ThrowIfNull(location);
        return location.IsAbsoluteUri && location.IsFile && location is { Query: "", Fragment: "" } && (OperatingSystem.IsWindows() || !location.IsUnc);
    }

    /// <inheritdoc/>
    public ArtifactStoreCapabilities Capabilities => ArtifactStoreCapabilities.CreateOnly | ArtifactStoreCapabilities.Copy;

    /// <inheritdoc/>
    public ValueTask<ArtifactObject> PutAsync(Uri location, string path, Stream content, ArtifactPutOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        return WriteAsync(
            location,
            path,
            options.CreateOnly,
            async temp =>
            {
                using SafeFileHandle file = File.OpenHandle(temp, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous, options.SizeBytes ?? 0);
                await new SequentialWriter(file, 0).CopyAsync(content, options.SizeBytes, cancellationToken).ConfigureAwait(false);
                // Before the rename: else a power loss could leave the final name with no content behind it.
                RandomAccess.FlushToDisk(file);
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<ArtifactContent> OpenReadAsync(Uri location, string path, ByteRange range, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (string root, string target) = Resolve(location, path);
        try
        {
            if (!File.Exists(target))
                throw new ArtifactNotFoundException(location, path);
            FileStream file = new(target, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
            try
            {
                ArtifactObject found = new(path, file.Length) { ETag = ETagOf(File.GetLastWriteTimeUtc(file.SafeFileHandle), file.Length) };
                (file.Position, long end) = range.Within(found.SizeBytes);
                return new(new ArtifactContent(found, end == found.SizeBytes ? file : new BoundedReadStream(file, end - file.Position)));
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ArtifactNotFoundException(location, path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(e, "read", location, path, root);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ArtifactObject?> FindAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (string root, string target) = Resolve(location, path);
        try
        {
            return new(Find(target, path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(e, "find", location, path, root);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ArtifactObject> CopyAsync(Uri location, string path, Uri toLocation, string toPath, CancellationToken cancellationToken)
    {
        (string root, string source) = Resolve(location, path);
        return WriteAsync(
            toLocation,
            toPath,
            createOnly: false,
            temp =>
            {
                try
                {
                    if (!File.Exists(source))
                        throw new ArtifactNotFoundException(location, path);
                    File.Copy(source, temp);
                }
                catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException && !File.Exists(source))
                {
                    throw new ArtifactNotFoundException(location, path, e);
                }

                // A copy has the times of its source; as an object it is a new one.
                File.SetLastWriteTimeUtc(temp, _time.GetUtcNow().UtcDateTime);
                using SafeFileHandle file = File.OpenHandle(temp, FileMode.Open, FileAccess.ReadWrite);
                RandomAccess.FlushToDisk(file);
                return Task.CompletedTask;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ArtifactObject> ListAsync(Uri location, string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        string root = RootOf(location);
        string folder = prefix.Length == 0 ? root : Resolve(location, prefix).Target;
        await Task.CompletedTask.ConfigureAwait(false);
        if (!Directory.Exists(folder))
            yield break;
        using IEnumerator<ArtifactObject> objects = Guarded(() => Enumerate(root, folder).GetEnumerator());
        while (Guarded(objects.MoveNext))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return objects.Current;
        }

        T Guarded<T>(Func<T> act)
        {
            try
            {
                return act();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Failure(e, "list", location, prefix, root);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> DeleteAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (string root, string target) = Resolve(location, path);
        try
        {
            bool existed = File.Exists(target);
            if (existed)
                File.Delete(target);
            return new(existed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(e, "delete", location, path, root);
        }
    }

    /// <inheritdoc/>
    public ValueTask<(long Objects, long Bytes)> DeletePrefixAsync(Uri location, string prefix, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        cancellationToken.ThrowIfCancellationRequested();
        string root = RootOf(location);
        DirectoryInfo folder = new(prefix.Length == 0 ? root : Resolve(location, prefix).Target);
        return new(DeleteFolder(folder, location, prefix, root));
    }

    /// <summary>Deletes all that lies at a location, and the location itself. Links go, what they point to stays; a location that is itself a link is emptied.</summary>
    /// <param name="location">The location; one that does not exist is deleted already.</param>
    /// <param name="owner">The run whose location it is. The folder around it goes, too, if it bears the run's name and nothing else is in it.</param>
    /// <exception cref="ArtifactStoreException">The system refuses.</exception>
    internal void DeleteLocation(Uri location, string owner)
    {
        DirectoryInfo folder = new(RootOf(location));
        DeleteFolder(folder, location, "*", folder.FullName);
        try
        {
            if (folder.Parent is { } around && around.Name == owner)
                DeleteIfEmpty(around);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(e, "delete", location, "*", folder.FullName);
        }
    }

    /// <summary>Deletes a folder in which nothing is, unless it is a link.</summary>
    internal static void DeleteIfEmpty(DirectoryInfo folder)
    {
        if (folder is { Exists: true, LinkTarget: null } && !folder.EnumerateFileSystemInfos().Any())
            folder.Delete();
    }

    internal static string RelativePath(string root, string file) =>
        Path.GetRelativePath(root, file).Replace(Path.DirectorySeparatorChar, '/');

    internal static ArtifactStoreException Failure(Exception cause, string act, Uri location, string path, string root)
    {
        const int NoSpace = 28, ReadOnly = 30, QuotaOnLinux = 122, QuotaOnMac = 69, DiskFullOnWindows = unchecked((int)0x80070070);
        (string why, bool transient, bool isPathAtFault) = cause switch
        {
            { HResult: NoSpace or QuotaOnLinux or QuotaOnMac or DiskFullOnWindows } => ($"the disk or quota of '{root}' is full. Free space and try again, or choose another artifact location.", true, false),
            { HResult: ReadOnly } => ($"'{root}' is on a read-only file system. Mount it writable, or choose another artifact location.", false, false),
            UnauthorizedAccessException => ($"access was refused ({cause.Message}). Give the user of this process the right to {act} in '{root}'.", false, false),
            PathTooLongException => ("the name is too long for this file system. Choose a shorter one.", false, true),
            _ when ClashingFile(root, path) is { } file => ($"'{file}' is a file where the path needs a folder. Choose another name, or delete it.", false, true),
            _ when Directory.Exists(Path.Join(root, path)) => ("there is a folder of that name. Choose another name.", false, true),
            _ => (cause.Message, true, false),
        };
        return new($"Could not {act} artifact '{path}' at {location}: {why}", transient, cause) { IsPathAtFault = isPathAtFault };
    }

    private static string? ClashingFile(string root, string path)
    {
        for (string? folder = Path.GetDirectoryName(Path.Join(root, path)); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(folder))
                return folder;
        }

        return null;
    }

    private static FileSystemEnumerable<ArtifactObject> Enumerate(string root, string folder)
    {
        string temp = Path.Join(root, TempFolder);
        return new(folder, (ref FileSystemEntry entry) => new(RelativePath(root, entry.ToFullPath()), entry.Length) { ETag = ETagOf(entry.LastWriteTimeUtc.UtcDateTime, entry.Length) }, EveryFile)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => entry.ToFullPath() != temp,
        };
    }

    private static (long Objects, long Bytes) DeleteFolder(DirectoryInfo folder, Uri location, string path, string root)
    {
        const int Attempts = 5;
        (long Objects, long Bytes) deleted = (0, 0);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                folder.Refresh();
                if (folder.Exists)
                    Empty(folder, ref deleted);
                DeleteIfEmpty(folder);
                return deleted;
            }
            catch (Exception e) when (attempt < Attempts && e is (FileNotFoundException or DirectoryNotFoundException))
            {
                // Somebody else deletes it as well and was faster with this one.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Failure(e, "delete", location, path, root);
            }
        }
    }

    private static void Empty(DirectoryInfo folder, ref (long Objects, long Bytes) deleted)
    {
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo { LinkTarget: null } inner)
            {
                Empty(inner, ref deleted);
                inner.Delete();
            }
            else
            {
                long bytes = entry is FileInfo { LinkTarget: null } file ? file.Length : 0;
                entry.Delete();
                deleted = (deleted.Objects + 1, deleted.Bytes + bytes);
            }
        }
    }

    private static ArtifactObject? Find(string target, string path) =>
        new FileInfo(target) is { Exists: true } file ? new ArtifactObject(path, file.Length) { ETag = ETagOf(file.LastWriteTimeUtc, file.Length) } : null;

    private static string ETagOf(DateTime written, long length) => string.Create(CultureInfo.InvariantCulture, $"{written.Ticks:x}-{length:x}");

    /// <summary>Writes a temporary file by <paramref name="write"/> and renames it.</summary>
    private async ValueTask<ArtifactObject> WriteAsync(Uri location, string path, bool createOnly, Func<string, Task> write, CancellationToken cancellationToken)
    {
        (string root, string target) = Resolve(location, path);
        string? temp = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            if (createOnly && File.Exists(target))
                throw new ArtifactExistsException(location, path);
            temp = Path.Join(MakeTempFolder(root), Guid.NewGuid().ToString("N"));
            await write(temp).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            ArtifactObject written = Find(temp, path)!.Value;
            if (!createOnly)
                File.Move(temp, target, overwrite: true);
            else if (!ExclusiveRename.Try(temp, target))
                throw new ArtifactExistsException(location, path);
            temp = null;
            return written;
        }
        catch (ContentFailedException e)
        {
            e.Cause.Throw();
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Failure(e, "write", location, path, root);
        }
        finally
        {
            if (temp is not null)
                DeleteQuietly(temp);
        }
    }

    private static void DeleteQuietly(string temp)
    {
        try
        {
            File.Delete(temp);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The fault that led here is on its way to the caller and says more; the next write a day later tries again.
        }
    }

    private string MakeTempFolder(string root)
    {
        string folder = ResolveBelow(root, TempFolder);
        Directory.CreateDirectory(folder);
        DateTime abandoned = _time.GetUtcNow().UtcDateTime - s_abandoned;
        foreach (FileInfo file in new DirectoryInfo(folder).EnumerateFiles())
        {
            if (file.LastWriteTimeUtc < abandoned)
                file.Delete();
        }

        return folder;
    }

    private (string Root, string Target) Resolve(Uri location, string path)
    {
        string root = RootOf(location);
        ArtifactPath.CheckObjectPath(path);
        return (root, ResolveBelow(root, path));
    }

    private string RootOf(Uri location) => Serves(location)
        ? Path.GetFullPath(location.LocalPath)
        : throw new ArgumentException($"'{location}' is not a local folder. Give a file URI without query and fragment; LocalArtifactStore.LocationOf makes one.", nameof(location));

    private static string ResolveBelow(string root, string path)
    {
        string current = root;
        foreach (string part in path.Split('/'))
        {
            if (OperatingSystem.IsWindows() && part.AsSpan().ContainsAny(Path.GetInvalidFileNameChars()))
                throw new ArgumentException($"Artifact path '{path}' has a character that Windows does not allow in file names. Choose another name.", nameof(path));
            current = Path.Join(current, part);
            if (new FileInfo(current).LinkTarget is not null)
                throw new ArtifactStoreException($"'{current}' is a symbolic link; artifacts are not read or written through links. Replace it by what it points to.", isTransient: false) { IsPathAtFault = true };
        }

        return current;
    }
}
