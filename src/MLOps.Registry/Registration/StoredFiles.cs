using System.Security.Cryptography;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Registration;

/// <summary>Files where they lie: all below a folder of an artifact store, or one file.</summary>
internal sealed class StoredFiles
{
    private const string OwnFolder = ".mlops", OwnPrefix = OwnFolder + "/";
    private const int BufferSize = 128 * 1024, ReadsAtOnce = 4;
    private readonly IArtifactStore _store;
    private readonly Uri _location;
    private readonly string _prefix;

    private StoredFiles(IArtifactStore store, Uri location, string prefix, IReadOnlyList<ModelFile> files) =>
        (_store, _location, _prefix, Files) = (store, location, prefix, files);

    /// <summary>The files in ordinal order of their paths, which are relative to the folder; no hashes yet.</summary>
    public IReadOnlyList<ModelFile> Files { get; }

    /// <summary>Finds the files at the location of a version.</summary>
    /// <param name="store">The store that serves the location.</param>
    /// <param name="location">A folder or a file.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The files; none when nothing lies there.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or a file has a name that no artifact has.</exception>
    public static async ValueTask<StoredFiles> FindAsync(IArtifactStore store, Uri location, CancellationToken cancellationToken)
    {
        StoredFiles below = await FindBelowAsync(store, location, "", cancellationToken).ConfigureAwait(false);
        if (below.Files.Count > 0)
            return below;
        string last = location.AbsolutePath.TrimEnd('/');
        last = last[(last.LastIndexOf('/') + 1)..];
        return ArtifactPath.TryParse(Uri.UnescapeDataString(last), out ArtifactPath name)
            ? await FindAsync(store, new Uri(location.AbsoluteUri.TrimEnd('/')[..^last.Length].TrimEnd('/')), name, cancellationToken).ConfigureAwait(false)
            : below;
    }

    /// <summary>Finds the files at a path below an artifact location.</summary>
    /// <param name="store">The store that serves the location.</param>
    /// <param name="location">The artifact location.</param>
    /// <param name="path">A folder or a file below it; null for all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The files; none when nothing lies there.</returns>
    /// <exception cref="ArtifactStoreException">The store cannot be read, or a file has a name that no artifact has.</exception>
    public static async ValueTask<StoredFiles> FindAsync(IArtifactStore store, Uri location, ArtifactPath? path, CancellationToken cancellationToken)
    {
        string under = path?.Value ?? "";
        StoredFiles below = await FindBelowAsync(store, location, under, cancellationToken).ConfigureAwait(false);
        if (below.Files.Count > 0 || under.Length == 0 || await store.FindAsync(location, under, cancellationToken).ConfigureAwait(false) is not { } file)
            return below;
        int name = under.LastIndexOf('/') + 1;
        return new StoredFiles(store, location, under[..name], [new ModelFile(under[name..], file.SizeBytes, "")]);
    }

    /// <summary>The path of a file below the location that the store is asked with.</summary>
    public string ObjectPath(string path) => _prefix + path;

    /// <summary>Reads a piece of a file.</summary>
    /// <param name="file">One of <see cref="Files"/>.</param>
    /// <param name="offset">Where it begins; not past the end.</param>
    /// <param name="length">How long it is, at least 1; it ends with the file.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The piece.</returns>
    public async ValueTask<byte[]> ReadAsync(ModelFile file, long offset, int length, CancellationToken cancellationToken)
    {
        ArtifactContent content = await _store.OpenReadAsync(_location, ObjectPath(file.Path), new ByteRange(offset, length), cancellationToken).ConfigureAwait(false);
        await using (content.ConfigureAwait(false))
        {
            byte[] piece = new byte[Math.Min(length, Math.Max(0, content.Artifact.SizeBytes - offset))];
            int read = await content.Stream.ReadAtLeastAsync(piece, piece.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            return piece[..read];
        }
    }

    /// <summary>Opens a file.</summary>
    public async ValueTask<Stream> OpenAsync(ModelFile file, CancellationToken cancellationToken) =>
        (await _store.OpenReadAsync(_location, ObjectPath(file.Path), default, cancellationToken).ConfigureAwait(false)).Stream;

    /// <summary>Reads all files.</summary>
    /// <param name="expected">The hash that a file must have; null where nobody knows.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The files as they were read.</returns>
    /// <exception cref="ArtifactCorruptException">A file has another hash, or has gone.</exception>
    /// <exception cref="ArtifactStoreException">A file cannot be read.</exception>
    public async Task<ModelManifest> HashAsync(Func<ModelFile, string?> expected, CancellationToken cancellationToken)
    {
        ModelFile[] read = new ModelFile[Files.Count];
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancellationToken };
        await Parallel.ForAsync(
            0,
            Files.Count,
            parallel,
            async (i, token) =>
            {
                read[i] = await HashAsync(Files[i], token).ConfigureAwait(false);
                if (expected(Files[i]) is { } hash && hash != read[i].Sha256)
                    throw new ArtifactCorruptException(Files[i].Path, hash, read[i].Sha256);
            }).ConfigureAwait(false);
        return new ModelManifest { Files = read };
    }

    /// <summary>Reads the files of a manifest and compares them with it. Other files are nobody's business.</summary>
    /// <exception cref="ArtifactCorruptException">A file is missing or is another one.</exception>
    /// <exception cref="ArtifactStoreException">A file cannot be read.</exception>
    public async Task VerifyAsync(ModelManifest manifest, CancellationToken cancellationToken)
    {
        Dictionary<string, ModelFile> written = manifest.Files.ToDictionary(file => file.Path, StringComparer.Ordinal);
        Dictionary<string, ModelFile> there = Files.Where(file => written.ContainsKey(file.Path)).ToDictionary(file => file.Path, StringComparer.Ordinal);
        if (manifest.Files.FirstOrDefault(file => !there.ContainsKey(file.Path)) is { } missing)
            throw new ArtifactCorruptException(_location, ObjectPath(missing.Path), "it is missing.", innerException: null);
        if (manifest.Files.FirstOrDefault(file => there[file.Path].SizeBytes != file.SizeBytes) is { } other)
            throw new ArtifactCorruptException(_location, ObjectPath(other.Path), $"it has {there[other.Path].SizeBytes} bytes and had {other.SizeBytes}.", innerException: null);
        await new StoredFiles(_store, _location, _prefix, [.. there.Values]).HashAsync(file => written[file.Path].Sha256, cancellationToken).ConfigureAwait(false);
    }

    private static async ValueTask<StoredFiles> FindBelowAsync(IArtifactStore store, Uri location, string folder, CancellationToken cancellationToken)
    {
        string prefix = folder.Length == 0 ? "" : folder + "/";
        List<ModelFile> files = [];
        await foreach (ArtifactObject item in store.ListAsync(location, folder, cancellationToken).ConfigureAwait(false))
        {
            if (item.Path.StartsWith(OwnPrefix, StringComparison.OrdinalIgnoreCase))
                continue;
            if (!ArtifactPath.TryParse(item.Path, out _))
                throw new ArtifactStoreException($"'{item.Path}' at {location} has a name that no artifact has, so that it cannot be part of a model. Rename it, or name a folder without it.", isTransient: false);
            files.Add(new ModelFile(item.Path[prefix.Length..], item.SizeBytes, ""));
        }

        files.Sort(static (a, b) => string.CompareOrdinal(a.Path, b.Path));
        return new StoredFiles(store, location, prefix, files);
    }

    private async ValueTask<ModelFile> HashAsync(ModelFile file, CancellationToken cancellationToken)
    {
        ArtifactContent content;
        try
        {
            content = await _store.OpenReadAsync(_location, ObjectPath(file.Path), default, cancellationToken).ConfigureAwait(false);
        }
        catch (ArtifactNotFoundException gone)
        {
            throw new ArtifactCorruptException(_location, ObjectPath(file.Path), "it has gone.", gone);
        }

        await using (content.ConfigureAwait(false))
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = new byte[BufferSize];
            long size = 0;
            for (int count; (count = await content.Stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0; size += count)
                hash.AppendData(buffer.AsSpan(0, count));
            return new ModelFile(file.Path, size, Convert.ToHexStringLower(hash.GetHashAndReset()));
        }
    }
}
