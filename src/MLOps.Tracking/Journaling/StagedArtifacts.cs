using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Logging;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.RunLogs;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Journaling;

/// <summary>
/// Artifacts that wait beside the journal to be uploaded by this process or by the adopter of its journal: hashed copies of those whose store is away, and the logs of runs,
/// which grow here until the run ends. What belongs to a run that was purged since is dropped and counts as rejected.
/// </summary>
internal sealed partial class StagedArtifacts(
    string journalFolder, Guid journal, ITrackingStore store, RejectedRecords rejected, Func<Uri, ArtifactFolder> open, TimeProvider clock, ILogger logger)
{
    /// <summary>The endings of an artifact's content, and of its description while the content still grows.</summary>
    public const string Content = ".bin", Growing = ".open";
    private const string Described = ".json";
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _uploading = new(StringComparer.Ordinal);

    /// <summary>The folder; made when it is needed.</summary>
    public string Folder { get; } = Path.Combine(journalFolder, "staged");

    /// <summary>Says that an artifact does not grow any more and waits to be uploaded.</summary>
    /// <param name="growing">Its description.</param>
    /// <returns>Its description from now on.</returns>
    public static string Complete(string growing)
    {
        string description = Path.ChangeExtension(growing, Described);
        File.Move(growing, description);
        return description;
    }

    /// <summary>Says that of all artifacts, when nobody writes them any more.</summary>
    public void CompleteAll()
    {
        foreach (string growing in Files("*" + Growing))
            Complete(growing);
    }

    /// <summary>Copies content beside the journal. When it returns, the copy is whole and on the disk.</summary>
    /// <exception cref="ArtifactStoreException">The copy could not be written.</exception>
    public async ValueTask<StagedArtifact> StageAsync(RunId run, Uri location, ArtifactPath path, Stream content, CancellationToken cancellationToken)
    {
        string name = Path.Combine(Folder, Guid.CreateVersion7().ToString("N"));
        try
        {
            Directory.CreateDirectory(Folder);
            StagedArtifact staged;
            using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
            {
                var file = new FileStream(name + Content, FileMode.CreateNew, FileAccess.Write, FileShare.Read, 1 << 16, useAsync: true);
                await using (file.ConfigureAwait(false))
                {
                    byte[] buffer = new byte[1 << 16];
                    for (int read; (read = await content.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0;)
                    {
                        hash.AppendData(buffer, 0, read);
                        await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                    }

                    file.Flush(flushToDisk: true);
                    staged = new StagedArtifact(run.Value, location, path.Value, file.Length, Convert.ToHexStringLower(hash.GetHashAndReset()));
                }
            }

            byte[] description = JsonSerializer.SerializeToUtf8Bytes(staged, StagedJson.Default.StagedArtifact);
            await File.WriteAllBytesAsync(name + ".tmp", description, cancellationToken).ConfigureAwait(false);
            File.Move(name + ".tmp", name + Described);
            return staged;
        }
        catch (Exception exception)
        {
            File.Delete(name + Content);
            if (exception is IOException or UnauthorizedAccessException)
                throw new ArtifactStoreException($"The artifact store is away and '{path}' could not be staged in '{Folder}': {exception.Message} Free space or make the folder writable.", isTransient: true, exception);
            throw;
        }
    }

    /// <summary>Uploads what waits.</summary>
    /// <param name="left">Told of each artifact that waits no more, and whether it was uploaded.</param>
    /// <param name="cancellationToken">Stops; what is left waits on.</param>
    /// <returns>Whether nothing waits any more.</returns>
    public async ValueTask<bool> UploadAsync(Action<RunId, bool>? left, CancellationToken cancellationToken)
    {
        bool all = true;
        foreach (string description in Files("*" + Described))
        {
            try
            {
                if (!await UploadAsync(description, left, cancellationToken).ConfigureAwait(false))
                    return false;
            }
            catch (JournalException exception)
            {
                LogUnreadable(logger, exception);
                all = false;
            }
        }

        return all;
    }

    /// <summary>Uploads one artifact, unless somebody else has done so before.</summary>
    /// <returns>Whether it does not wait any more.</returns>
    public async ValueTask<bool> UploadAsync(string description, Action<RunId, bool>? left, CancellationToken cancellationToken)
    {
        SemaphoreSlim turn = _uploading.GetOrAdd(description, static _ => new SemaphoreSlim(1, 1));
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (File.Exists(description))
            {
                StagedArtifact staged = Read(description);
                string name = Path.ChangeExtension(description, null);
                if (await UploadOrDropAsync(staged, name, cancellationToken).ConfigureAwait(false) is not { } uploaded)
                    return false;
                File.Delete(description);
                foreach (string file in RunLogContent.FilesOf(name))
                    File.Delete(file);
                left?.Invoke(new RunId(staged.Run), uploaded);
            }

            _uploading.TryRemove(description, out _);
            return true;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Makes the logs survive a power loss; copies do so from the beginning.</summary>
    /// <exception cref="JournalException">The disk refused.</exception>
    public void SyncLogs()
    {
        foreach (string description in Files("*" + Growing).Concat(Files("*" + Described)))
        {
            try
            {
                if (Read(description).IsLog)
                    RunLogContent.Sync(Path.ChangeExtension(description, null));
            }
            catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
            {
                // Uploaded in the meantime, or not growing any more and then uploaded.
            }
            catch (IOException exception)
            {
                throw new JournalException($"The disk refused to sync the log of a run in '{Folder}'. What was logged survives the end of the process but perhaps not a power loss; check the disk.", exception);
            }
        }

        if (OperatingSystem.IsLinux())
            Posix.SyncFolder(Folder);
    }

    /// <summary>Uploads an artifact, or drops it because its run was purged.</summary>
    /// <returns>Whether it was uploaded; null when it waits on.</returns>
    private async ValueTask<bool?> UploadOrDropAsync(StagedArtifact staged, string name, CancellationToken cancellationToken)
    {
        try
        {
            if (await UploadUnlessPurgedAsync(staged, name, cancellationToken).ConfigureAwait(false))
                return true;
            Reject(staged);
            return false;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Anybody may write a store: what it raises must stop neither the upkeep nor the closing of the tracker.
            LogStillAway(logger, staged.Path, staged.Location, exception);
            return null;
        }
    }

    private async ValueTask<bool> UploadUnlessPurgedAsync(StagedArtifact staged, string name, CancellationToken cancellationToken)
    {
        var run = new RunId(staged.Run);
        if (await store.IsPurgedAsync(run, cancellationToken).ConfigureAwait(false))
            return false;
        ArtifactFolder folder = open(staged.Location);
        Stream content = staged.IsLog ? RunLogContent.Open(name) : new FileStream(name + Content, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, useAsync: true);
        await using (content.ConfigureAwait(false))
        {
            if (content is not RunLogContent { IsEmpty: true })
                await folder.UploadAsync(staged.Path, content, options: null, cancellationToken).ConfigureAwait(false);
        }

        // A purge that came during the upload has not seen it.
        if (!await store.IsPurgedAsync(run, cancellationToken).ConfigureAwait(false))
            return true;
        await folder.DeleteAllAsync(run.Value, cancellationToken).ConfigureAwait(false);
        return false;
    }

    private void Reject(StagedArtifact staged)
    {
        string message = $"Run '{staged.Run}' was purged for good; its artifact '{staged.Path}' was dropped.";
        rejected.Write(journal, [new RejectedRecord { At = clock.GetUtcNow(), Reason = nameof(RejectionReason.RunPurged), Message = message, Run = staged.Run, Kind = "Artifact", Key = staged.Path, Value = staged.Sha256 }]);
        LogDropped(logger, staged.Path, staged.Run);
    }

    private IEnumerable<string> Files(string pattern) =>
        Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder, pattern).Order(StringComparer.Ordinal) : [];

    private static StagedArtifact Read(string description)
    {
        string advice = $"'{description}' does not describe a staged artifact. Move it and the files of the same name beside it away; the artifact can be uploaded by hand.";
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(description), StagedJson.Default.StagedArtifact) ?? throw new JournalException(advice);
        }
        catch (JsonException exception)
        {
            throw new JournalException(advice, exception);
        }
    }

    [LoggerMessage(1040, LogLevel.Warning, "Staged artifact {Path} still waits for {Location}")]
    private static partial void LogStillAway(ILogger logger, string path, Uri location, Exception exception);

    [LoggerMessage(1041, LogLevel.Error, "An artifact that waits beside the journal cannot be uploaded")]
    private static partial void LogUnreadable(ILogger logger, Exception exception);

    [LoggerMessage(1042, LogLevel.Warning, "Staged artifact {Path} was dropped: run {Run} was purged")]
    private static partial void LogDropped(ILogger logger, string path, string run);
}

/// <summary>What a staged copy is and where it belongs.</summary>
/// <param name="Run">The run that it is of.</param>
/// <param name="Location">The run's artifact location.</param>
/// <param name="Path">Where it goes there.</param>
/// <param name="SizeBytes">Its size; not known of a log.</param>
/// <param name="Sha256">Its hash in lower-case hex; not known of a log.</param>
/// <param name="IsLog">Whether it is the log of a run, which may lie in several files.</param>
internal sealed record StagedArtifact(string Run, Uri Location, string Path, long SizeBytes, string Sha256, bool IsLog = false);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(StagedArtifact))]
internal sealed partial class StagedJson : JsonSerializerContext;
