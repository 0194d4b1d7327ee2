using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace MLOps.Server.ApiKeys;

/// <summary>Keeps API keys in a file, without their secrets. The server reads it again when it has changed, so that a key that is made or revoked counts from the next request on.</summary>
/// <remarks>All members may be called from any thread and from several processes of one machine at once. Changes are atomic: who reads meets the file before or after. The file is for its owner only (mode 0600); beside it lies an empty <c>.lock</c>.</remarks>
public sealed class ApiKeyFile
{
    /// <summary>What each secret begins with, by which scanners of source code know it.</summary>
    public const string SecretPrefix = "mlops_";

    private const int SecretBytes = 32, LongestName = 100, LongestSecret = 100, LongestFile = 16 << 20;

    private static readonly TimeSpan s_lockPatience = TimeSpan.FromSeconds(10), s_lockPause = TimeSpan.FromMilliseconds(20);

    // A file that was written a moment ago may be written again without a later time or another length to show for it.
    private static readonly TimeSpan s_settled = TimeSpan.FromSeconds(2);

    private readonly TimeProvider _time;
    private volatile Snapshot? _snapshot;

    /// <summary>Names a file. Nothing is read yet, and it need not be there before the first key.</summary>
    /// <param name="path">The file, absolute or relative to the working directory.</param>
    /// <param name="time">The clock by which keys expire; null for the system's.</param>
    public ApiKeyFile(string path, TimeProvider? time = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        Path = System.IO.Path.GetFullPath(path);
        _time = time ?? TimeProvider.System;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Makes a key.</summary>
    /// <param name="name">Whose it is: 1 to 100 characters without control characters, which no other key has.</param>
    /// <param name="expiresAt">From when on it is refused; null for never.</param>
    /// <param name="cancellationToken">Ends the wait for others who change the file.</param>
    /// <returns>The secret. It is nowhere kept, and cannot be had again.</returns>
    /// <exception cref="ArgumentException">The name is not legal, or the time has passed.</exception>
    /// <exception cref="InvalidOperationException">There is a key of this name.</exception>
    /// <exception cref="InvalidDataException">The file holds no keys; it was left as it is.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public async Task<string> CreateAsync(string name, DateTimeOffset? expiresAt = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (name.Length > LongestName || name.Any(char.IsControl))
            throw new ArgumentException($"The name of a key has at most {LongestName} characters, none of them a control character.", nameof(name));
        DateTimeOffset now = _time.GetUtcNow();
        if (expiresAt <= now)
            throw new ArgumentException($"A key that expires at {expiresAt:u} would never be of use.", nameof(expiresAt));
        string secret = SecretPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        ApiKeyEntry entry = new(name, Convert.ToHexStringLower(HashOf(secret)), now, expiresAt);
        await ChangeAsync(
            keys => keys.Any(key => key.Name == name)
                ? throw new InvalidOperationException($"There is a key of the name '{name}' already. Revoke it first, or choose another name.")
                : [.. keys, entry],
            cancellationToken).ConfigureAwait(false);
        return secret;
    }

    /// <summary>Reads which keys there are, those that have expired included.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>The keys, the oldest first; none where there is no file.</returns>
    /// <exception cref="InvalidDataException">The file holds no keys.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public Task<IReadOnlyList<ApiKey>> ListAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult<IReadOnlyList<ApiKey>>([.. Read().Select(key => new ApiKey(key.Name, key.Created, key.Expires))]);
    }

    /// <summary>Takes a key away: its client is refused from the next request on.</summary>
    /// <param name="name">The key's name.</param>
    /// <param name="cancellationToken">Ends the wait for others who change the file.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="InvalidDataException">The file holds no keys; it was left as it is.</exception>
    /// <exception cref="IOException">The file cannot be read or written.</exception>
    public async Task<bool> RevokeAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!Read().Any(key => key.Name == name))
            return false;
        await ChangeAsync(keys => [.. keys.Where(key => key.Name != name)], cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <summary>Finds the key of a secret, whether or not it has expired.</summary>
    /// <exception cref="InvalidDataException">The file holds no keys.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    internal ApiKey? Find(string secret)
    {
        if (secret.Length > LongestSecret)
            return null;
        byte[] presented = HashOf(secret);
        ApiKeyEntry? found = null;
        // All are compared, each in the same time, so that time tells nothing.
        foreach ((byte[] hash, ApiKeyEntry key) in Current().Keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, presented))
                found = key;
        }

        return found is null ? null : new ApiKey(found.Name, found.Created, found.Expires);
    }

    internal bool HasExpired(ApiKey key) => key.ExpiresAt <= _time.GetUtcNow();

    private static byte[] HashOf(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private Snapshot Current()
    {
        FileInfo file = new(Path);
        (DateTime writtenAt, long length) = file.Exists ? (file.LastWriteTimeUtc, file.Length) : (default, -1);
        Snapshot? known = _snapshot;
        if (known is { IsSettled: true } && known.WrittenAt == writtenAt && known.Length == length)
            return known;
        bool isSettled = _time.GetUtcNow() - new DateTimeOffset(writtenAt, TimeSpan.Zero) > s_settled;
        return _snapshot = new Snapshot(writtenAt, length, isSettled, [.. Read().Select(key => (Convert.FromHexString(key.Sha256), key))]);
    }

    private IReadOnlyList<ApiKeyEntry> Read()
    {
        try
        {
            using FileStream file = new(Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (file.Length > LongestFile)
                throw NoKeys(cause: null);
            return JsonSerializer.Deserialize(file, ApiKeyJson.Default.ApiKeyList)?.Keys is { } keys && keys.All(IsWhole) ? keys : throw NoKeys(cause: null);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
        catch (JsonException e)
        {
            throw NoKeys(e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"'{Path}' may not be read by the user '{Environment.UserName}'. Make and revoke keys as the user that the server runs as.", e);
        }
    }

    private static bool IsWhole(ApiKeyEntry? key) => key?.Sha256.Length == SHA256.HashSizeInBytes * 2 && key.Sha256.All(char.IsAsciiHexDigit);

    private InvalidDataException NoKeys(Exception? cause) => new($"'{Path}' does not hold API keys, or is damaged. Bring it back from a copy, or remove it and make the keys again.", cause);

    private async Task ChangeAsync(Func<IReadOnlyList<ApiKeyEntry>, IReadOnlyList<ApiKeyEntry>> change, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path)!);
            using FileStream turn = await LockAsync(cancellationToken).ConfigureAwait(false);
            Write(new ApiKeyList(change(Read())));
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException($"'{Path}' may not be written by the user '{Environment.UserName}'.", e);
        }
    }

    // The lock ends with the process that has it, however that ends.
    private async Task<FileStream> LockAsync(CancellationToken cancellationToken)
    {
        long start = _time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(Path + ".lock", OwnersOnly(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
            }
            catch (IOException) when (_time.GetElapsedTime(start) < s_lockPatience)
            {
                await Task.Delay(s_lockPause, _time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Write(ApiKeyList keys)
    {
        string fresh = Path + ".new";
        File.Delete(fresh);
        using (FileStream file = new(fresh, OwnersOnly(FileMode.CreateNew, FileAccess.Write, FileShare.None)))
        {
            JsonSerializer.Serialize(file, keys, ApiKeyJson.Default.ApiKeyList);
            file.Flush(flushToDisk: true);
        }

        File.Move(fresh, Path, overwrite: true);
    }

    private static FileStreamOptions OwnersOnly(FileMode mode, FileAccess access, FileShare share)
    {
        FileStreamOptions options = new() { Mode = mode, Access = access, Share = share };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    private sealed record Snapshot(DateTime WrittenAt, long Length, bool IsSettled, (byte[] Hash, ApiKeyEntry Key)[] Keys);
}
