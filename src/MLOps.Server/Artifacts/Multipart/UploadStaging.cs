using System.Globalization;
using System.Security.Cryptography;
using MLOps.Server.Wire;

namespace MLOps.Server.Artifacts.Multipart;

/// <summary>Keeps the parts of uploads on the server's disk until they are complete: any store can then take the artifact as one. What nobody has touched for a day is removed.</summary>
/// <remarks>
/// An upload is a folder that bears its id, and a part is a file named after its number and hash: of two that send one part at the same time each keeps its own, and the ETag chooses.
/// Of a completed upload a note stays for as long, so that a client which asks again, because the answer was lost, hears that it is done.
/// </remarks>
internal sealed class UploadStaging : IDisposable
{
    /// <summary>The largest number of parts.</summary>
    public const int MostParts = 10_000;

    /// <summary>The largest part: 5 GiB.</summary>
    public const long LargestPart = 5L << 30;

    private const int MostUploads = 1_000, IdBytes = 32, BufferSize = 256 * 1024;
    private const string TargetFile = "target", DoneSuffix = ".done", Incoming = "incoming-";

    private static readonly TimeSpan s_abandoned = TimeSpan.FromDays(1), s_sweep = TimeSpan.FromHours(1);

    private readonly Dictionary<string, (SemaphoreSlim Turn, int Waiting)> _turns = new(StringComparer.Ordinal);
    private readonly string? _given;
    private readonly Lazy<string> _folder;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    /// <param name="folder">Where uploads are kept; null for a temporary folder, which the first of them makes.</param>
    /// <param name="time">The clock.</param>
    public UploadStaging(string? folder, TimeProvider time)
    {
        _given = folder;
        _folder = new Lazy<string>(() => folder ?? Directory.CreateTempSubdirectory("mlops-uploads-").FullName);
        _time = time;
        _timer = time.CreateTimer(_ => Sweep(), state: null, s_sweep, s_sweep);
    }

    /// <summary>Where the uploads of a server lie: beside its artifacts if these are on its own disk, where it has room for them and finds them after a restart.</summary>
    /// <returns>The folder; null for a temporary one.</returns>
    public static string? FolderFor(ArtifactProxy? proxy) =>
        proxy is { Destination.IsFile: true } ? Path.Join(proxy.Destination.LocalPath, ProxiedPlace.ReservedFolder, "uploads") : null;

    public void Dispose() => _timer.Dispose();

    /// <summary>Begins an upload.</summary>
    public StagedUpload Create(string target, int parts)
    {
        Sweep();
        DirectoryInfo folder = Directory.CreateDirectory(_folder.Value);
        if (folder.EnumerateDirectories().Skip(MostUploads - 1).Any())
            throw new MlflowException(ErrorCode.TooManyRequests, $"{MostUploads} uploads in parts have begun here and not ended. Complete or abort some; those that nobody touches end after a day.");
        string id = RandomNumberGenerator.GetHexString(2 * IdBytes, lowercase: true);
        DirectoryInfo made = folder.CreateSubdirectory(id);
        File.WriteAllText(Path.Join(made.FullName, TargetFile), string.Create(CultureInfo.InvariantCulture, $"{parts}\n{target}"));
        Touch(made.FullName);
        return new StagedUpload(id, target, parts);
    }

    /// <summary>The upload of an id.</summary>
    /// <exception cref="MlflowException">There is none.</exception>
    public StagedUpload Get(string id)
    {
        try
        {
            string[] lines = File.ReadAllText(Path.Join(FolderOf(id), TargetFile)).Split('\n', 2);
            return new StagedUpload(id, lines[1], int.Parse(lines[0], CultureInfo.InvariantCulture));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Unknown();
        }
    }

    /// <summary>How many bytes of an upload have arrived.</summary>
    public long SizeOf(StagedUpload upload) => new DirectoryInfo(FolderOf(upload.Id)) is { Exists: true } folder ? folder.EnumerateFiles().Where(file => file.Name != TargetFile).Sum(file => file.Length) : 0;

    /// <summary>Keeps a part; another one of that number stays as well, until the client says which it means.</summary>
    /// <returns>Its ETag.</returns>
    public async Task<string> PutAsync(StagedUpload upload, int number, Stream content, CancellationToken cancellationToken)
    {
        string folder = FolderOf(upload.Id), incoming = Path.Join(folder, Incoming + Guid.NewGuid().ToString("N"));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        try
        {
            await WriteAsync(incoming, content, hash, cancellationToken).ConfigureAwait(false);
            string etag = Convert.ToHexStringLower(hash.GetHashAndReset());
            File.Move(incoming, PathOf(folder, number, etag), overwrite: true);
            Touch(folder);
            return etag;
        }
        catch (Exception gone) when (gone is DirectoryNotFoundException or FileNotFoundException)
        {
            // It ended while this part arrived.
            throw Unknown();
        }
        catch
        {
            if (Directory.Exists(folder))
                File.Delete(incoming);
            throw;
        }
    }

    /// <summary>Ends an upload: its parts become one artifact and go. One that is ended already is left as it is.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="target">The artifact's path, as it was begun with.</param>
    /// <param name="parts">The number and ETag of each part.</param>
    /// <param name="put">Given their content as one stream, uploads it.</param>
    /// <param name="maxBytes">The largest artifact; null for no limit.</param>
    /// <param name="cancellationToken">Ends the wait; the parts stay.</param>
    public Task CompleteAsync(string id, string target, IReadOnlyList<(int Number, string ETag)> parts, Func<Stream, Task> put, long? maxBytes, CancellationToken cancellationToken) => InTurnAsync(
        id,
        async () =>
        {
            string folder = FolderOf(id), done = folder + DoneSuffix, what = $"{target}\n{string.Join('\n', parts.Select(part => part.ETag))}";
            if (File.Exists(done) && await File.ReadAllTextAsync(done, cancellationToken).ConfigureAwait(false) == what)
                return;
            StagedUpload upload = Get(id);
            if (upload.Target != target)
                throw Unknown();
            string[] files = FilesOf(upload, parts);
            if (files.Sum(file => new FileInfo(file).Length) > maxBytes)
                throw new MlflowException(ErrorCode.TooLarge, $"An artifact has at most {maxBytes} bytes here. Abort the upload, and split the artifact or raise MaxArtifactBytes on the server.");
            ConcatenatedStream content = new(files);
            await using (content.ConfigureAwait(false))
                await put(content).ConfigureAwait(false);
            await File.WriteAllTextAsync(done, what, CancellationToken.None).ConfigureAwait(false);
            File.SetLastWriteTimeUtc(done, _time.GetUtcNow().UtcDateTime);
            Delete(folder);
        },
        cancellationToken);

    /// <summary>Ends an upload without an artifact. One that is not there has ended.</summary>
    public Task AbortAsync(string id, string target, CancellationToken cancellationToken) => InTurnAsync(
        id,
        () =>
        {
            if (Directory.Exists(FolderOf(id)))
            {
                if (Get(id).Target != target)
                    throw Unknown();
                Delete(FolderOf(id));
            }

            return Task.CompletedTask;
        },
        cancellationToken);

    private static string PathOf(string folder, int number, string etag) => Path.Join(folder, string.Create(CultureInfo.InvariantCulture, $"{number:D5}-{etag}"));

    private static MlflowException Unknown() => MlflowException.NotFound("No such upload: it was completed or aborted, nobody has touched it for a day, or it is of another path. Begin it anew.");

    private static bool IsHex(string text) => text.Length == 2 * IdBytes && text.All(char.IsAsciiHexDigitLower);

    private static async Task WriteAsync(string path, Stream content, IncrementalHash hash, CancellationToken cancellationToken)
    {
        FileStream file = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        await using (file.ConfigureAwait(false))
        {
            byte[] buffer = System.Buffers.ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                while (await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is > 0 and int read)
                {
                    hash.AppendData(buffer, 0, read);
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                System.Buffers.ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }

    private static void Delete(string folder)
    {
        try
        {
            // First out of the way: a part that is just arriving must not bring back what is being deleted.
            string gone = $"{folder}.gone";
            Directory.Move(folder, gone);
            Directory.Delete(gone, recursive: true);
        }
        catch (DirectoryNotFoundException)
        {
            // Another process that shares this folder was faster.
        }
    }

    private string[] FilesOf(StagedUpload upload, IReadOnlyList<(int Number, string ETag)> parts)
    {
        (int Number, string ETag)[] ordered = [.. parts.OrderBy(part => part.Number)];
        if (!ordered.Select(part => part.Number).SequenceEqual(Enumerable.Range(1, upload.Parts)))
            throw MlflowException.Invalid($"The upload has parts 1 to {upload.Parts}; name each of them once.");
        string folder = FolderOf(upload.Id);
        return [.. ordered.Select(part => IsHex(part.ETag) && PathOf(folder, part.Number, part.ETag) is var path && File.Exists(path)
            ? path
            : throw MlflowException.Invalid($"Part {part.Number} with that ETag has not arrived. Send the part again and take the ETag of its answer."))];
    }

    private string FolderOf(string id) => IsHex(id) ? Path.Join(_folder.Value, id) : throw Unknown();

    private void Touch(string folder) => Directory.SetLastWriteTimeUtc(folder, _time.GetUtcNow().UtcDateTime);

    /// <summary>Lets those that end one upload do so one after another.</summary>
    private async Task InTurnAsync(string id, Func<Task> act, CancellationToken cancellationToken)
    {
        SemaphoreSlim turn;
        lock (_turns)
        {
            (turn, int waiting) = _turns.TryGetValue(id, out var known) ? known : (new SemaphoreSlim(1, 1), 0);
            _turns[id] = (turn, waiting + 1);
        }

        try
        {
            await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await act().ConfigureAwait(false);
            }
            finally
            {
                turn.Release();
            }
        }
        finally
        {
            lock (_turns)
            {
                int waiting = _turns[id].Waiting - 1;
                if (waiting > 0)
                {
                    _turns[id] = (turn, waiting);
                }
                else
                {
                    _turns.Remove(id);
                    turn.Dispose();
                }
            }
        }
    }

    private void Sweep()
    {
        // Before the first upload of this process there is what an earlier one left, in a folder that outlives it.
        DateTime abandoned = _time.GetUtcNow().UtcDateTime - s_abandoned;
        if ((_given ?? (_folder.IsValueCreated ? _folder.Value : null)) is not { } place || new DirectoryInfo(place) is not { Exists: true } folder)
            return;
        foreach (FileSystemInfo entry in folder.EnumerateFileSystemInfos())
        {
            if (entry.LastWriteTimeUtc >= abandoned)
                continue;
            try
            {
                if (entry is DirectoryInfo upload)
                    upload.Delete(recursive: true);
                else
                    entry.Delete();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next sweep tries again.
            }
        }
    }
}
