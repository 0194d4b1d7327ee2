using System.Runtime.ExceptionServices;
using System.Security.Cryptography;

namespace MLOps.Tracking.Artifacts;

/// <content>Uploads.</content>
public sealed partial class ArtifactFolder
{
    /// <summary>Uploads what a stream holds.</summary>
    /// <param name="path">Where it will lie; what lies there is replaced, unless the options say otherwise.</param>
    /// <param name="content">Read once from where it stands to its end; not disposed. An exception of its reading reaches the caller as it is.</param>
    /// <param name="options">How to upload it; null takes the defaults. A stream is always sent: it can be read only once.</param>
    /// <param name="cancellationToken">Ends the upload; nothing is left of it.</param>
    /// <returns>The artifact with its hash, when it is under its name and in a manifest.</returns>
    /// <exception cref="ArtifactExistsException">It was to be created only, and there is one.</exception>
    public async Task<ArtifactFile> UploadAsync(ArtifactPath path, Stream content, ArtifactUploadOptions? options = null, CancellationToken cancellationToken = default)
    {
        path.ThrowIfDefault(nameof(path));
        ArgumentNullException.ThrowIfNull(content);
        long? size = content.CanSeek ? content.Length - content.Position : null;
        bool createOnly = options?.CreateOnly ?? false;
        if (!createOnly && await _store.FindAsync(Location, path.Value, cancellationToken).ConfigureAwait(false) is not null)
            await ReleaseAsync(path).ConfigureAwait(false);
        using HashedReadStream hashed = new(content, leaveOpen: true);
        ArtifactManifest.Entry entry = await PutAsync(path, hashed, new() { CreateOnly = createOnly, Resume = true, SizeBytes = size }, cancellationToken).ConfigureAwait(false);
        await WriteManifestAsync([entry]).ConfigureAwait(false);
        return FileOf(new ArtifactObject(path.Value, entry.Bytes), entry);
    }

    /// <summary>Says that a path is to have new content: who is killed before that is in a manifest leaves it unverified, and not failing against the hash of the content before, which the ETag still finds while it is there.</summary>
    private ValueTask ReleaseAsync(ArtifactPath path) => WriteManifestAsync([new ArtifactManifest.Entry { Path = path.Value, Bytes = 0, Sha256 = null }]);

    /// <summary>Uploads local files, up to 16 at a time, and writes one manifest for all that were sent. An upload that was cut off or killed is taken up by the next call, file by file and part by part.</summary>
    /// <param name="files">The files; their paths differ. <see cref="ArtifactUpload.FromFolder"/> lists those of a folder.</param>
    /// <param name="options">How to upload them; null takes the defaults: a file that lies there already with the same hash is not sent.</param>
    /// <param name="progress">Told after each piece, one report at a time; null when nobody asks.</param>
    /// <param name="cancellationToken">Ends the upload; files that are complete by then stay and are in a manifest.</param>
    /// <returns>The artifacts with their hashes in the order of <paramref name="files"/>; an empty list for an empty one, and then nothing is written.</returns>
    /// <exception cref="ArgumentException">Two files have one path.</exception>
    /// <exception cref="FileNotFoundException">A file is missing; looked up before anything is uploaded.</exception>
    /// <exception cref="ArtifactChangedException">A file changed while it was read. The other files that are complete by then stay and are in a manifest.</exception>
    /// <exception cref="ArtifactExistsException">Files were to be created only, and there is one.</exception>
    public async Task<IReadOnlyList<ArtifactFile>> UploadFilesAsync(
        IReadOnlyList<ArtifactUpload> files, ArtifactUploadOptions? options = null, IProgress<ArtifactProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        (ArtifactFile?[] uploaded, ExceptionDispatchInfo? failure) = await TryUploadFilesAsync(files, options ?? new(), progress, cancellationToken).ConfigureAwait(false);
        failure?.Throw();
        return uploaded!;
    }

    /// <summary>Uploads local files as far as it goes.</summary>
    /// <returns>For each file the artifact, if it is complete and in a manifest, and why not all are.</returns>
    internal async Task<(ArtifactFile?[] Uploaded, ExceptionDispatchInfo? Failure)> TryUploadFilesAsync(
        IReadOnlyList<ArtifactUpload> files, ArtifactUploadOptions options, IProgress<ArtifactProgress>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.Count == 0)
            return ([], null);
        long[] sizes = Check(files);
        TransferMeter meter = new(progress, files.Count, sizes.Sum());
        (ArtifactManifest.Entry Entry, bool IsSent)?[] done = new (ArtifactManifest.Entry, bool)?[files.Count];
        ExceptionDispatchInfo? failure = null;
        try
        {
            ManifestIndex known = options is { SkipUnchanged: true, CreateOnly: false } ? await ReadManifestsAsync(cancellationToken).ConfigureAwait(false) : new();
            await TransferBudget.ForEachAsync(files.Count, i => sizes[i], async (i, token) => done[i] = await UploadAsync(files[i], known, options, meter, token).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            failure = ExceptionDispatchInfo.Capture(exception);
        }

        try
        {
            // Also after a failure: what is complete may have replaced earlier files, whose hashes in earlier manifests no longer hold.
            await WriteManifestAsync([.. done.Where(file => file is { IsSent: true }).Select(file => file!.Value.Entry)]).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // After an earlier failure that one is to be told: a store that is away refuses this, too.
            return ([.. done.Select(file => file is { IsSent: false } ? FileOf(file.Value.Entry) : null)], failure ?? ExceptionDispatchInfo.Capture(exception));
        }

        return ([.. done.Select(file => file is { } complete ? FileOf(complete.Entry) : null)], failure);

        static ArtifactFile FileOf(ArtifactManifest.Entry entry) => ArtifactFolder.FileOf(new ArtifactObject(entry.Path, entry.Bytes), entry);
    }

    private static long[] Check(IReadOnlyList<ArtifactUpload> files)
    {
        HashSet<ArtifactPath> paths = [];
        long[] sizes = new long[files.Count];
        foreach ((int i, ArtifactUpload file) in files.Index())
        {
            file.Path.ThrowIfDefault(nameof(files));
            if (!paths.Add(file.Path))
                throw new ArgumentException($"Two files of this upload are to become artifact '{file.Path}'. Give each its own path.", nameof(files));
            sizes[i] = new FileInfo(file.SourceFile).Length;
        }

        return sizes;
    }

    private async ValueTask<(ArtifactManifest.Entry Entry, bool IsSent)> UploadAsync(ArtifactUpload file, ManifestIndex known, ArtifactUploadOptions options, TransferMeter meter, CancellationToken cancellationToken)
    {
        using FileStream source = new(file.SourceFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        (long Length, DateTime Written) State() => (RandomAccess.GetLength(source.SafeFileHandle), File.GetLastWriteTimeUtc(source.SafeFileHandle));
        (long Length, DateTime Written) before = State();
        if (await FindUnchangedAsync(file.Path.Value, source, before.Length, known, cancellationToken).ConfigureAwait(false) is { } unchanged)
        {
            if (State() != before)
                throw new ArtifactChangedException(file.Path.Value, file.SourceFile);
            meter.Add(files: 1, before.Length);
            return (unchanged, IsSent: false);
        }

        // Judged while the store still reads, so that a store never gives its final name to a file that changed.
        source.Position = 0;
        using HashedReadStream content = new(
            source,
            leaveOpen: true,
            read: (read, bytes) =>
            {
                if (read.SizeBytes > before.Length)
                    throw new ArtifactChangedException(file.Path.Value, file.SourceFile);
                meter.Add(files: 0, bytes);
            },
            ended: read =>
            {
                if (read.SizeBytes != before.Length || State() != before)
                    throw new ArtifactChangedException(file.Path.Value, file.SourceFile);
            });
        ArtifactManifest.Entry entry = await PutAsync(file.Path, content, new() { CreateOnly = options.CreateOnly, Resume = true, SizeBytes = before.Length }, cancellationToken).ConfigureAwait(false);
        meter.Add(files: 1, bytes: 0);
        return (entry, IsSent: true);
    }

    /// <summary>The entry of a file that lies in the store already as it is here.</summary>
    private async ValueTask<ArtifactManifest.Entry?> FindUnchangedAsync(string path, FileStream source, long length, ManifestIndex known, CancellationToken cancellationToken)
    {
        if (known.FindNewest(path)?.Bytes != length || await _store.FindAsync(Location, path, cancellationToken).ConfigureAwait(false) is not { } there || there.SizeBytes != length)
            return null;
        return known.Find(there) is { } entry && (entry.ETag == there.ETag || entry.ETag is null)
            && entry.Sha256 == Convert.ToHexStringLower(await SHA256.HashDataAsync(source, cancellationToken).ConfigureAwait(false))
            ? entry
            : null;
    }

    private async ValueTask<ArtifactManifest.Entry> PutAsync(ArtifactPath path, HashedReadStream content, ArtifactPutOptions options, CancellationToken cancellationToken)
    {
        ArtifactObject put = await _store.PutAsync(Location, path.Value, content, options, cancellationToken).ConfigureAwait(false);
        return content.Sha256 is { } sha256
            ? new() { Path = path.Value, Bytes = content.SizeBytes, Sha256 = sha256, KeyId = put.KeyId, ETag = put.ETag }
            : throw new ArtifactStoreException($"{_store.GetType().Name} did not read artifact '{path}' to its end. Report it to the maker of that store: IArtifactStore.PutAsync reads until a read gives 0.", isTransient: false);
    }
}
