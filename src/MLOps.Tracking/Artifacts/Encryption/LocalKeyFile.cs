using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace MLOps.Tracking.Artifacts.Encryption;

/// <summary>Keys in a local file: text, one key a line, <c>id base64</c>, 256 bits each. The last one is used for new objects, the others for reading what was written with them.</summary>
/// <remarks>
/// Safe for use from any thread. Without the file nothing that was written with it can be read again: keep a copy elsewhere, and not beside the artifacts. Empty lines, and those that begin with <c>#</c>, say nothing.
/// A data key is wrapped with AES-256-GCM under a random nonce; one key is good for 2^32 objects, so add another before. A key that is unknown is looked for in the file once more, so that readers need no restart after a rotation.
/// </remarks>
public sealed class LocalKeyFile : IArtifactKeyProvider, IDisposable
{
    private const int KeySize = 32, NonceSize = 12, TagSize = 16, MaxIdLength = 100, MaxFileSize = 1 << 20;
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
    private readonly Lock _gate = new();
    private Dictionary<string, AesGcm> _keys = new(StringComparer.Ordinal);
    private string _activeKeyId = "";
    private bool _isDisposed;

    private LocalKeyFile(string path) => FilePath = path;

    /// <summary>The file.</summary>
    public string FilePath { get; }

    /// <summary>The key that new objects are written with.</summary>
    public string ActiveKeyId
    {
        get
        {
            lock (_gate)
                return _activeKeyId;
        }
    }

    /// <summary>Makes a file with one random key, on Unix readable and writable by its owner alone (0600).</summary>
    /// <param name="path">The file, which must not exist; its folder must.</param>
    /// <returns>The keys. The caller disposes it.</returns>
    /// <exception cref="IOException">There is a file already, or it cannot be written.</exception>
    public static LocalKeyFile Create(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        path = Path.GetFullPath(path);
        if (Path.Exists(path))
            throw new IOException($"There is a file '{path}' already; it may be all that opens encrypted artifacts. Open it, add a key to it with AddKey, or choose another name.");
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = Own;
        using (FileStream file = new(path, options))
            Append(file, NewId());
        return Open(path);
    }

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The keys. The caller disposes it.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="ArtifactStoreException">On Unix, others than its owner can read or write it; or it has no key, a damaged line, or one id twice.</exception>
    public static LocalKeyFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        LocalKeyFile keys = new(Path.GetFullPath(path));
        try
        {
            lock (keys._gate)
                keys.Load();
            return keys;
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    /// <summary>Adds a random key to the file, which new objects are written with from now on. Other programs that have the file open go on with the key they know until they meet the new one in an object, or are restarted.</summary>
    /// <returns>The id of the key.</returns>
    /// <exception cref="IOException">The file cannot be written, or another program is adding a key.</exception>
    /// <exception cref="ArtifactStoreException">The file is no longer as <see cref="Open"/> demands.</exception>
    public string AddKey()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Load();
            string id = NewId();
            // Locked and appended in place: of two programs at once one is refused, and no key that was used is ever lost.
            using (FileStream file = new(FilePath, FileMode.Open, FileAccess.ReadWrite, FileShare.None, bufferSize: 0))
                Append(file, id);
            Load();
            return id;
        }
    }

    /// <inheritdoc/>
    public ValueTask<ArtifactDataKey> CreateDataKeyAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        byte[] key = RandomNumberGenerator.GetBytes(ArtifactDataKey.SizeBytes), wrapped = new byte[NonceSize + ArtifactDataKey.SizeBytes + TagSize];
        Span<byte> nonce = wrapped.AsSpan(0, NonceSize), cipher = wrapped.AsSpan(NonceSize, ArtifactDataKey.SizeBytes), tag = wrapped.AsSpan(NonceSize + ArtifactDataKey.SizeBytes);
        RandomNumberGenerator.Fill(nonce);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            _keys[_activeKeyId].Encrypt(nonce, key, cipher, tag, Encoding.UTF8.GetBytes(_activeKeyId));
            return new(new ArtifactDataKey(_activeKeyId, key, wrapped));
        }
    }

    /// <inheritdoc/>
    public ValueTask<byte[]> UnwrapAsync(string keyId, ReadOnlyMemory<byte> wrapped, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(keyId);
        cancellationToken.ThrowIfCancellationRequested();
        if (wrapped.Length != NonceSize + ArtifactDataKey.SizeBytes + TagSize)
            throw new CryptographicException($"A key that a key file wrapped has {NonceSize + ArtifactDataKey.SizeBytes + TagSize} bytes, this one {wrapped.Length}.");
        byte[] key = new byte[ArtifactDataKey.SizeBytes];
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            Find(keyId).Decrypt(wrapped.Span[..NonceSize], wrapped.Span[NonceSize..^TagSize], wrapped.Span[^TagSize..], key, Encoding.UTF8.GetBytes(keyId));
        }

        return new(key);
    }

    /// <summary>Forgets the keys.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            Forget(_keys);
        }
    }

    private static string NewId() => "key-" + RandomNumberGenerator.GetHexString(16, lowercase: true);

    private static void Append(FileStream file, string id)
    {
        Span<byte> key = stackalloc byte[KeySize], line = stackalloc byte[MaxIdLength + 64];
        RandomNumberGenerator.Fill(key);
        int length = 0;
        if (file.Length == 0)
            file.Write("# Keys that encrypt artifacts. What was written with one of them can never be read without it.\n"u8);
        else if (!EndsLine(file))
            line[length++] = (byte)'\n';
        length += Encoding.UTF8.GetBytes(id, line[length..]);
        line[length++] = (byte)' ';
        Base64.EncodeToUtf8(key, line[length..], out _, out int written);
        length += written;
        line[length++] = (byte)'\n';
        file.Position = file.Length;
        file.Write(line[..length]);
        file.Flush(flushToDisk: true);
        CryptographicOperations.ZeroMemory(key);
        CryptographicOperations.ZeroMemory(line);
    }

    private static bool EndsLine(FileStream file)
    {
        file.Position = file.Length - 1;
        return file.ReadByte() == '\n';
    }

    private static void Forget(Dictionary<string, AesGcm> keys)
    {
        foreach (AesGcm key in keys.Values)
            key.Dispose();
        keys.Clear();
    }

    private AesGcm Find(string keyId)
    {
        if (!_keys.ContainsKey(keyId))
            LoadAgain(keyId);
        return _keys.TryGetValue(keyId, out AesGcm? key)
            ? key
            : throw new ArtifactStoreException($"Key '{keyId}' is not in the key file '{FilePath}'. Bring back the file, or the line, that has it; without that key what it encrypts cannot be read.", isTransient: false);
    }

    private void LoadAgain(string keyId)
    {
        try
        {
            Load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactStoreException($"Key '{keyId}' was not in the key file '{FilePath}' when that was opened, and looking there again failed: {e.Message}", isTransient: false, e);
        }
    }

    private void Load()
    {
        byte[] text = Read();
        Dictionary<string, AesGcm> keys = new(StringComparer.Ordinal);
        try
        {
            string active = Parse(text, keys);
            (keys, _keys, _activeKeyId) = (_keys, keys, active);
        }
        finally
        {
            Forget(keys);
            CryptographicOperations.ZeroMemory(text);
        }
    }

    private byte[] Read()
    {
        const int Attempts = 100;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                using FileStream file = new(FilePath, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 0);
                UnixFileMode others = OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(file.SafeFileHandle) & Others;
                if (others != UnixFileMode.None)
                    throw new ArtifactStoreException($"The key file '{FilePath}' can be read or written by others than its owner ({others}). Take that from them (chmod 600), and if they may have read it, add a new key (AddKey) and upload again what the old ones encrypt.", isTransient: false);
                if (file.Length > MaxFileSize)
                    throw new ArtifactStoreException($"'{FilePath}' has {file.Length} bytes, which no key file has. Name the right file.", isTransient: false);
                byte[] text = new byte[file.Length];
                file.ReadExactly(text);
                return text;
            }
            catch (IOException e) when (attempt < Attempts && e is not (FileNotFoundException or DirectoryNotFoundException))
            {
                // Another program is adding a key, which takes a moment.
                Thread.Sleep(10);
            }
        }
    }

    /// <returns>The id of the last key.</returns>
    private string Parse(ReadOnlySpan<byte> text, Dictionary<string, AesGcm> keys)
    {
        string active = "";
        int number = 0;
        Span<byte> key = stackalloc byte[KeySize];
        foreach (Range lineRange in text.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> line = text[lineRange].TrimEnd((byte)'\r');
            if (line.IsEmpty || line[0] == '#')
                continue;
            if (!TryParse(line, key, out string id))
                throw new ArtifactStoreException($"Line {number} of the key file '{FilePath}' is damaged: a line has an id of 1 to {MaxIdLength} letters, digits, '.', '_', '-', a space, and {KeySize} bytes in base64. Bring back the line from a copy; a last line that a killed program left half written can be deleted.", isTransient: false);
            bool isNew = !keys.ContainsKey(id);
            if (isNew)
                keys[id] = new AesGcm(key, TagSize);
            CryptographicOperations.ZeroMemory(key);
            if (!isNew)
                throw new ArtifactStoreException($"The key file '{FilePath}' has two keys '{id}', the second in line {number}. Keep the one that is in use, or give the other an id of its own.", isTransient: false);
            active = id;
        }

        return active.Length > 0 ? active : throw new ArtifactStoreException($"The key file '{FilePath}' has no key. Bring it back from a copy, or delete it and create another one.", isTransient: false);
    }

    private static bool TryParse(ReadOnlySpan<byte> line, Span<byte> key, out string id)
    {
        id = "";
        int space = line.IndexOf((byte)' ');
        if (space is < 1 or > MaxIdLength)
            return false;
        foreach (byte letter in line[..space])
        {
            if (!char.IsAsciiLetterOrDigit((char)letter) && letter is not ((byte)'.' or (byte)'_' or (byte)'-'))
                return false;
        }

        id = Encoding.ASCII.GetString(line[..space]);
        ReadOnlySpan<byte> base64 = line[(space + 1)..];
        return base64.Length == Base64.GetMaxEncodedToUtf8Length(KeySize)
            && Base64.DecodeFromUtf8(base64, key, out int read, out int written) == System.Buffers.OperationStatus.Done
            && (read, written) == (base64.Length, KeySize);
    }
}
