using System.Buffers;
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
    private const int BufferSize = 128 * 1024;
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
    public async ValueTask PutAsync(Uri location, string path, Stream content, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(content);
        (string root, string target) = Resolve(location, path);
        string? temp = null;
        bool reading = false;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            temp = Path.Join(MakeTempFolder(root), Guid.NewGuid().ToString("N"));
            using (SafeFileHandle file = File.OpenHandle(temp, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.Asynchronous))
            {
                long length = 0;
                while (true)
                {
                    reading = true;
                    int read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                    reading = false;
                    if (read == 0)
                        break;
                    await RandomAccess.WriteAsync(file, buffer.AsMemory(0, read), length, cancellationToken).ConfigureAwait(false);
                    length += read;
                }

                // Before the rename: else a power loss could leave the final name with no content behind it.
                RandomAccess.FlushToDisk(file);
            }

            cancellationToken.ThrowIfCancellationRequested();
            File.Move(temp, target, overwrite: true);
            temp = null;
        }
        catch (Exception e) when (!reading && e is (IOException or UnauthorizedAccessException))
        {
            throw Failure(e, "write", location, path, root);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
            if (temp is not null)
                DeleteQuietly(temp);
        }
    }

    /// <inheritdoc/>
    public ValueTask<Stream> OpenReadAsync(Uri location, string path, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (string root, string target) = Resolve(location, path);
        try
        {
            if (!File.Exists(target))
                throw new ArtifactNotFoundException(location, path);
            return new(new FileStream(target, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 4096, FileOptions.Asynchronous | FileOptions.SequentialScan));
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

    /// <summary>Deletes all that lies at a location, and the location itself. Links go, what they point to stays; a location that is itself a link is emptied.</summary>
    /// <param name="location">The location; one that does not exist is deleted already.</param>
    /// <param name="owner">The run whose location it is. The folder around it goes, too, if it bears the run's name and nothing else is in it.</param>
    /// <exception cref="ArtifactStoreException">The system refuses.</exception>
    internal void DeleteLocation(Uri location, RunId owner)
    {
        const int Attempts = 5;
        DirectoryInfo folder = new(RootOf(location));
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                DeleteFolder(folder, owner);
                return;
            }
            catch (Exception e) when (attempt < Attempts && e is (FileNotFoundException or DirectoryNotFoundException))
            {
                // Somebody else deletes it as well and was faster with this one.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw Failure(e, "delete", location, "*", folder.FullName);
            }
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
        (string why, bool transient) = cause switch
        {
            { HResult: NoSpace or QuotaOnLinux or QuotaOnMac or DiskFullOnWindows } => ($"the disk or quota of '{root}' is full. Free space and try again, or choose another artifact location.", true),
            { HResult: ReadOnly } => ($"'{root}' is on a read-only file system. Mount it writable, or choose another artifact location.", false),
            UnauthorizedAccessException => ($"access was refused ({cause.Message}). Give the user of this process the right to {act} in '{root}'.", false),
            PathTooLongException => ("the name is too long for this file system. Choose a shorter one.", false),
            _ when ClashingFile(root, path) is { } file => ($"'{file}' is a file where the path needs a folder. Choose another name, or delete it.", false),
            _ when Directory.Exists(Path.Join(root, path)) => ("there is a folder of that name. Choose another name.", false),
            _ => (cause.Message, true),
        };
        return new($"Could not {act} artifact '{path}' at {location}: {why}", transient, cause);
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
        return new(folder, (ref FileSystemEntry entry) => new(RelativePath(root, entry.ToFullPath()), entry.Length), EveryFile)
        {
            ShouldIncludePredicate = (ref FileSystemEntry entry) => !entry.IsDirectory,
            ShouldRecursePredicate = (ref FileSystemEntry entry) => entry.ToFullPath() != temp,
        };
    }

    private static void DeleteFolder(DirectoryInfo folder, RunId owner)
    {
        folder.Refresh();
        if (folder.Exists)
        {
            foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
            {
                if (entry is DirectoryInfo { LinkTarget: null } inner)
                    inner.Delete(recursive: true);
                else
                    entry.Delete();
            }
        }

        DeleteIfEmpty(folder);
        if (folder.Parent is { } around && around.Name == owner.Value)
            DeleteIfEmpty(around);
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
                throw new ArtifactStoreException($"'{current}' is a symbolic link; artifacts are not read or written through links. Replace it by what it points to.", isTransient: false);
        }

        return current;
    }
}
