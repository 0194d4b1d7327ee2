using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using MLOps.Registry.Telemetry;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Serving.Cache;

/// <summary>Verified model files on this machine, by their content; shared by all processes of a user.</summary>
/// <remarks>
/// <para>An entry is <c>content/&lt;ab&gt;/&lt;digest&gt;/</c> with <c>files/**</c>, <c>entry.json</c> and <c>lock</c>. It is filled in <c>incoming/</c> and renamed into place, and renamed out of it before it is deleted: nobody ever sees half of one.</para>
/// <para>Who uses an entry has its <c>lock</c> open, shared; who evicts it needs it alone. The operating system lets go of it when a process ends. Its text is the size of the entry; an empty one says that the entry is on its way out, so that
/// a lock on it is worth nothing. Its time is the last use. Entries leave their place only under <c>removal.lock</c>.</para>
/// </remarks>
internal sealed partial class ModelCache : IDisposable
{
    /// <summary>How long an entry that nobody here uses any more stays pinned and known, so that the next use is a cheap one.</summary>
    internal static readonly TimeSpan IdlePin = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan s_tellEvery = TimeSpan.FromMinutes(1);
    private readonly long _capacity;
    private readonly TimeProvider _clock;
    private readonly RegistryTelemetry _telemetry;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, CacheEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, (SemaphoreSlim Turn, int Waiting)> _fills = new(StringComparer.Ordinal);
    private readonly string _content, _incoming;
    private ITimer? _sweeper;
    private bool _disposed;

    public ModelCache(RegistryOptions options, TimeProvider clock, RegistryTelemetry telemetry, ILogger logger)
    {
        Folder = Path.GetFullPath(options.CacheFolder ?? DefaultFolder());
        (_capacity, _clock, _telemetry, _logger) = (options.CacheBytes, clock, telemetry, logger);
        (_content, _incoming) = (Path.Join(Folder, "content"), Path.Join(Folder, "incoming"));
    }

    /// <summary>Fills a folder with a model's files.</summary>
    /// <param name="folder">The folder, there and empty.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The files that belong to the model, with paths below the folder and hashes that were found in reading them.</returns>
    public delegate Task<ModelManifest> Fill(string folder, CancellationToken cancellationToken);

    public string Folder { get; }

    /// <summary>Takes an entry that is here and whole; the fast way.</summary>
    /// <returns>Null when it is not here, or is damaged; then it is not here any more.</returns>
    public async ValueTask<CacheEntry?> FindAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        string digest = manifest.Digest;
        while (Take(digest) is { } entry)
        {
            bool isWhole = false;
            try
            {
                isWhole = entry.IsUnchanged() || await entry.VerifyAsync(cancellationToken).ConfigureAwait(false);
                if (!isWhole)
                {
                    LogDamaged(_logger, entry.Folder);
                    await DiscardAsync(digest, entry, cancellationToken).ConfigureAwait(false);
                }
            }
            finally
            {
                if (!isWhole)
                    Release(entry);
            }

            if (!isWhole)
                continue;
            _telemetry.Hit();
            return entry;
        }

        return null;
    }

    /// <summary>Takes an entry, and fills it first if it is not here. Of several callers at once one does, the others wait for it.</summary>
    /// <param name="key">What callers that want the same have in common.</param>
    /// <param name="expect">Says, when it is this caller's turn, what the files are; null when only the download can tell.</param>
    /// <param name="fill">Downloads.</param>
    /// <param name="cancellationToken">Ends the wait, or this caller's download; then the next one downloads.</param>
    public async Task<CacheEntry> GetAsync(string key, Func<CancellationToken, ValueTask<ModelManifest?>> expect, Fill fill, CancellationToken cancellationToken)
    {
        SemaphoreSlim turn = Enter(key);
        try
        {
            await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (await expect(cancellationToken).ConfigureAwait(false) is { } manifest && await FindAsync(manifest, cancellationToken).ConfigureAwait(false) is { } found)
                    return found;
                _telemetry.Missed();
                CacheEntry filled = await FillAsync(fill, cancellationToken).ConfigureAwait(false);
                TryMakeRoom();
                return filled;
            }
            finally
            {
                turn.Release();
            }
        }
        finally
        {
            Leave(key);
        }
    }

    /// <summary>Gives an entry back.</summary>
    public void Release(CacheEntry entry)
    {
        lock (_gate)
        {
            entry.Users--;
            Tell(entry, _clock.GetUtcNow());
            if (entry.Users == 0 && (entry.IsGone || _disposed))
                entry.Pin.Dispose();
        }
    }

    /// <summary>Lets go of entries that nobody uses; those in use are let go of by their last user.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _sweeper?.Dispose();
            foreach (CacheEntry entry in _entries.Values.Where(entry => entry.Users == 0))
                entry.Pin.Dispose();
            _entries.Clear();
        }
    }

    internal static string DefaultFolder() => Path.Join(
        OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
        : Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache) ? cache
        : Path.Join(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache"),
        "mlops",
        "models");

    /// <summary>Makes a folder that only this user may look into.</summary>
    internal static void CreateFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private string FolderOf(string digest) => Path.Join(_content, digest[..2], digest);

    private CacheEntry? Take(string digest)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(ModelRegistry));
            if (_entries.TryGetValue(digest, out CacheEntry? known))
                return Use(known);
        }

        if (TryOpen(digest) is not { } opened)
            return null;
        lock (_gate)
        {
            if (_disposed || _entries.ContainsKey(digest))
                opened.Pin.Dispose();
            ObjectDisposedException.ThrowIf(_disposed, typeof(ModelRegistry));
            _entries.TryAdd(digest, opened);
            _sweeper ??= _clock.CreateTimer(static cache => ((ModelCache)cache!).Sweep(), this, IdlePin, IdlePin);
            return Use(_entries[digest]);
        }
    }

    private CacheEntry Use(CacheEntry entry)
    {
        entry.Users++;
        Tell(entry, _clock.GetUtcNow());
        return entry;
    }

    private static void Tell(CacheEntry entry, DateTimeOffset now)
    {
        entry.UsedAt = now;
        if (now - entry.ToldAt < s_tellEvery || entry.IsGone)
            return;
        entry.ToldAt = now;
        try
        {
            File.SetLastWriteTimeUtc(entry.Pin, now.UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Only the order of eviction suffers.
        }
    }

    private void Sweep()
    {
        lock (_gate)
        {
            foreach ((string digest, CacheEntry entry) in _entries.Where(pair => pair.Value.Users == 0 && _clock.GetUtcNow() - pair.Value.UsedAt >= IdlePin).ToArray())
                Forget(digest, entry);
        }
    }

    private void Forget(string digest, CacheEntry entry)
    {
        if (_entries.TryGetValue(digest, out CacheEntry? known) && ReferenceEquals(known, entry))
            _entries.Remove(digest);
        entry.IsGone = true;
        if (entry.Users == 0)
            entry.Pin.Dispose();
    }

    private CacheEntry? TryOpen(string digest)
    {
        string folder = FolderOf(digest);
        SafeFileHandle? pin = null;
        try
        {
            // Shared, though opened for writing: whoever finds damage marks the very lock that it holds.
            pin = File.OpenHandle(Path.Join(folder, CacheEntry.LockName), FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            if (RandomAccess.GetLength(pin) > 0
                && JsonSerializer.Deserialize(File.ReadAllBytes(Path.Join(folder, CacheEntry.RecordName)), CacheJsonContext.Default.CacheRecord) is { Manifest: { } manifest, Modified: { } modified }
                && modified.Count == manifest.Files.Count
                && manifest.Files.All(file => ArtifactPath.TryParse(file.Path, out _))
                && manifest.Digest == digest)
            {
                return new CacheEntry(folder, manifest, [.. modified], pin);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or FormatException)
        {
            // Not here, on its way out, or damaged: in each case it is downloaded.
        }

        pin?.Dispose();
        return null;
    }

    private SemaphoreSlim Enter(string key)
    {
        lock (_gate)
        {
            (SemaphoreSlim turn, int waiting) = _fills.TryGetValue(key, out (SemaphoreSlim Turn, int Waiting) fill) ? fill : (new SemaphoreSlim(1, 1), 0);
            _fills[key] = (turn, waiting + 1);
            return turn;
        }
    }

    private void Leave(string key)
    {
        lock (_gate)
        {
            (SemaphoreSlim turn, int waiting) = _fills[key];
            if (waiting == 1)
                _fills.Remove(key);
            else
                _fills[key] = (turn, waiting - 1);
        }
    }

    private async Task<CacheEntry> FillAsync(Fill fill, CancellationToken cancellationToken)
    {
        try
        {
            CreateFolder(Folder);
            CreateFolder(_content);
            CreateFolder(_incoming);
            IncomingFolder.RemoveLeftovers(_incoming);
            using var incoming = IncomingFolder.Create(_incoming);
            string files = Path.Join(incoming.Path, CacheEntry.FilesName);
            CreateFolder(incoming.Path);
            CreateFolder(files);
            ModelManifest manifest = await fill(files, cancellationToken).ConfigureAwait(false);
            Seal(incoming.Path, manifest);
            return await PublishAsync(incoming.Path, manifest.Digest, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The model cache '{Folder}' could not be filled: {e.Message} Nothing half is left there. Free space, or name another folder in RegistryOptions.CacheFolder.", e);
        }
    }

    private static void Seal(string folder, ModelManifest manifest)
    {
        long[] modified = new long[manifest.Files.Count];
        for (int i = 0; i < modified.Length; i++)
        {
            string path = Path.Join(folder, CacheEntry.FilesName, manifest.Files[i].Path);
            using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
                RandomAccess.FlushToDisk(file);
            modified[i] = File.GetLastWriteTimeUtc(path).Ticks;
            if (OperatingSystem.IsWindows())
                File.SetAttributes(path, FileAttributes.ReadOnly);
            else
                File.SetUnixFileMode(path, UnixFileMode.UserRead);
        }

        Write(CacheEntry.RecordName, JsonSerializer.SerializeToUtf8Bytes(new CacheRecord(manifest, modified), CacheJsonContext.Default.CacheRecord));
        Write(CacheEntry.LockName, Encoding.ASCII.GetBytes(manifest.SizeBytes.ToString(CultureInfo.InvariantCulture)));

        void Write(string name, byte[] content)
        {
            using SafeFileHandle file = File.OpenHandle(Path.Join(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.None);
            RandomAccess.Write(file, content, 0);
            RandomAccess.FlushToDisk(file);
        }
    }

    private async Task<CacheEntry> PublishAsync(string incoming, string digest, CancellationToken cancellationToken)
    {
        string folder = FolderOf(digest);
        CreateFolder(Path.GetDirectoryName(folder)!);
        File.SetLastWriteTimeUtc(Path.Join(incoming, CacheEntry.LockName), _clock.GetUtcNow().UtcDateTime);
        while (true)
        {
            if (Take(digest) is { } entry)
                return entry;
            try
            {
                Directory.Move(incoming, folder);
                continue;
            }
            catch (IOException) when (Directory.Exists(folder) && Directory.Exists(incoming))
            {
                // Another process was quicker, or what lies there is damaged or on its way out.
            }

            if (Take(digest) is { } theirs)
                return theirs;
            await DiscardAsync(digest, entry: null, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Moves a damaged entry out of its place; null for one that cannot even be opened.</summary>
    private async Task DiscardAsync(string digest, CacheEntry? entry, CancellationToken cancellationToken)
    {
        IncomingFolder? removed = null;
        using (await LockRemovalAsync(cancellationToken).ConfigureAwait(false))
        {
            if (entry is not null)
            {
                lock (_gate)
                    Forget(digest, entry);

                // Empty already: another process has found the damage too, and what lies there now is a new one.
                if (RandomAccess.GetLength(entry.Pin) > 0)
                {
                    RandomAccess.SetLength(entry.Pin, 0);
                    removed = MoveOut(digest);
                }
            }
            else if (TryOpen(digest) is { } whole)
            {
                whole.Pin.Dispose();
            }
            else
            {
                removed = MoveOut(digest);
            }
        }

        removed?.Dispose();
    }

    private IncomingFolder? MoveOut(string digest)
    {
        if (!Directory.Exists(FolderOf(digest)))
            return null;
        IncomingFolder outgoing = IncomingFolder.Create(_incoming);
        try
        {
            Directory.Move(FolderOf(digest), outgoing.Path);
            return outgoing;
        }
        catch
        {
            outgoing.Dispose();
            throw;
        }
    }

    private async ValueTask<SafeFileHandle> LockRemovalAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (TryLockRemoval() is { } held)
                return held;
            await Task.Delay(TimeSpan.FromMilliseconds(10), cancellationToken).ConfigureAwait(false);
        }
    }

    private SafeFileHandle? TryLockRemoval()
    {
        string path = Path.Join(Folder, "removal.lock");
        try
        {
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(path))
        {
            return null;
        }
    }

    private void TryMakeRoom()
    {
        try
        {
            MakeRoom();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The model that was asked for is here; the next one that is downloaded makes room.
            LogNoRoomMade(_logger, Folder, e);
        }
    }

    /// <summary>Removes what was used longest ago and is not in use, until the cache holds no more than it may.</summary>
    private void MakeRoom()
    {
        // Another process is at it: then it makes room for this one as well.
        using SafeFileHandle? alone = TryLockRemoval();
        if (alone is null)
            return;
        List<(string Digest, long Bytes, DateTime UsedAt)> entries = [];
        foreach (string folder in Directory.EnumerateDirectories(_content).SelectMany(Directory.EnumerateDirectories).ToArray())
        {
            (string digest, string path) = (Path.GetFileName(folder), Path.Join(folder, CacheEntry.LockName));
            if (File.Exists(path) && long.TryParse(File.ReadAllText(path), NumberStyles.None, CultureInfo.InvariantCulture, out long bytes))
                entries.Add((digest, bytes, File.GetLastWriteTimeUtc(path)));
            else
                MoveOut(digest)?.Dispose(); // A process died while it removed this one.
        }

        long total = entries.Sum(entry => entry.Bytes);
        foreach ((string digest, long bytes, _) in entries.OrderBy(entry => entry.UsedAt))
        {
            if (total <= _capacity)
                break;
            if (TryEvict(digest))
                total -= bytes;
        }

        _telemetry.CacheHolds(total);
    }

    private bool TryEvict(string digest)
    {
        lock (_gate)
        {
            if (_entries.TryGetValue(digest, out CacheEntry? entry))
            {
                if (entry.Users > 0)
                    return false;
                Forget(digest, entry);
            }
        }

        try
        {
            SafeFileHandle held = File.OpenHandle(Path.Join(FolderOf(digest), CacheEntry.LockName), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            using (OperatingSystem.IsWindows() ? null : held)
            {
                RandomAccess.SetLength(held, 0);
                // Windows moves no folder with an open file in it. The empty lock keeps others out meanwhile.
                if (OperatingSystem.IsWindows())
                    held.Dispose();
                MoveOut(digest)?.Dispose();
            }

            _telemetry.Evicted();
            LogEvicted(_logger, digest);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process uses it.
            return false;
        }
    }

    [LoggerMessage(2400, LogLevel.Warning, "The cached model in {Folder} is not what was verified: it was changed behind the cache's back. It is removed and downloaded again")]
    private static partial void LogDamaged(ILogger logger, string folder);

    [LoggerMessage(2401, LogLevel.Warning, "No room could be made in the model cache {Folder}")]
    private static partial void LogNoRoomMade(ILogger logger, string folder, Exception exception);

    [LoggerMessage(2402, LogLevel.Debug, "Model content {Digest} left the cache, to make room")]
    private static partial void LogEvicted(ILogger logger, string digest);
}
