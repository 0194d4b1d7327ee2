using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using MLOps.Tracking.Artifacts;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.RunLogs;

namespace MLOps.Tracking;

// Artifacts: to their store, or beside the journal while it is away.
public sealed partial class Tracker
{
    /// <summary>Opens the artifacts of a run: list, read, download, verified.</summary>
    /// <param name="run">The run, as read from the store.</param>
    /// <returns>The folder of its artifacts.</returns>
    /// <exception cref="ArtifactStoreException">No artifact store here serves the location.</exception>
    public ArtifactFolder OpenArtifacts(RunInfo run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return OpenArtifacts(new Uri(run.ArtifactLocation));
    }

    internal ArtifactFolder OpenArtifacts(Uri location) => ArtifactStores.Open(location);

    internal async ValueTask<ArtifactFile> UploadAsync(Run run, ArtifactPath path, Stream content, CancellationToken cancellationToken)
    {
        var location = new Uri(run.ArtifactLocation);
        if (content.CanSeek)
        {
            ArtifactFolder folder = OpenArtifacts(location);
            long start = content.Position;
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    content.Position = start;
                    return await folder.UploadAsync(path, content, options: null, cancellationToken).ConfigureAwait(false);
                }
                catch (ArtifactStoreException exception) when (exception.IsTransient)
                {
                    if (attempt == _options.ArtifactAttempts)
                    {
                        LogStaged(_logger, path.Value, 0, run.Id, exception);
                        content.Position = start;
                        return await StageAsync(run, location, path, content, cancellationToken).ConfigureAwait(false);
                    }
                }

                await BackOffAsync(attempt, cancellationToken).ConfigureAwait(false);
            }
        }

        // It can be read only once: a failed upload could not be tried again or staged.
        if (location.IsFile)
            return await OpenArtifacts(location).UploadAsync(path, content, options: null, cancellationToken).ConfigureAwait(false);
        ArtifactFile staged = await StageAsync(run, location, path, content, cancellationToken).ConfigureAwait(false);
        await _staged.UploadAsync(OnUnstaged, cancellationToken).ConfigureAwait(false);
        return staged;
    }

    internal async ValueTask<ArtifactFile> UploadAsync(Run run, ArtifactUpload upload, CancellationToken cancellationToken) =>
        (await UploadAsync(run, [upload], progress: null, cancellationToken).ConfigureAwait(false))[0];

    /// <summary>Uploads files; those that the store does not take within the attempts are staged.</summary>
    internal async ValueTask<IReadOnlyList<ArtifactFile>> UploadAsync(
        Run run, IReadOnlyList<ArtifactUpload> uploads, IProgress<ArtifactProgress>? progress, CancellationToken cancellationToken)
    {
        var location = new Uri(run.ArtifactLocation);
        ArtifactFolder folder = OpenArtifacts(location);
        ArtifactFile?[] files = new ArtifactFile?[uploads.Count];
        for (int attempt = 1; ; attempt++)
        {
            (ArtifactFile?[] uploaded, ExceptionDispatchInfo? failure) = await folder.TryUploadFilesAsync(uploads, new(), progress, cancellationToken).ConfigureAwait(false);
            for (int i = 0; i < uploaded.Length; i++)
                files[i] = uploaded[i] ?? files[i];
            if (failure is null)
                return files!;
            if (failure.SourceException is not ArtifactStoreException { IsTransient: true })
                failure.Throw();
            if (attempt == _options.ArtifactAttempts)
            {
                LogStaged(_logger, uploads[Array.FindIndex(files, file => file is null)].Path.Value, files.Count(file => file is null) - 1, run.Id, failure.SourceException);
                break;
            }

            await BackOffAsync(attempt, cancellationToken).ConfigureAwait(false);
        }

        for (int i = 0; i < files.Length; i++)
        {
            if (files[i] is not null)
                continue;
            var content = new FileStream(uploads[i].SourceFile, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, useAsync: true);
            await using (content.ConfigureAwait(false))
                files[i] = await StageAsync(run, location, uploads[i].Path, content, cancellationToken).ConfigureAwait(false);
        }

        return files!;
    }

    internal RunLog CreateLog(Run run) => new(
        _staged.Folder,
        id => new StagedArtifact(run.Id.Value, new Uri(run.ArtifactLocation), run.LogPath(id), SizeBytes: 0, Sha256: "", IsLog: true),
        Clock,
        run.Counters);

    /// <summary>Uploads the log of a run that has ended. While its store is away, or refuses, it stays staged: a run does not end badly because of its log.</summary>
    internal async ValueTask UploadLogAsync(Run run, string description, CancellationToken cancellationToken)
    {
        try
        {
            await _staged.UploadAsync(description, OnUnstaged, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogLogNotUploaded(_logger, run.Id, exception);
        }
    }

    private Task BackOffAsync(int attempt, CancellationToken cancellationToken) => Task.Delay(TimeSpan.FromMilliseconds(100 << Math.Min(attempt, 6)), Clock, cancellationToken);

    private async ValueTask DisposeArtifactStoresAsync()
    {
        foreach (object store in Enumerable.Reverse(_ownedArtifactStores))
        {
            if (store is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync().ConfigureAwait(false);
            else
                (store as IDisposable)?.Dispose();
        }
    }

    private async ValueTask<ArtifactFile> StageAsync(Run run, Uri location, ArtifactPath path, Stream content, CancellationToken cancellationToken)
    {
        StagedArtifact staged = await _staged.StageAsync(run.Id, location, path, content, cancellationToken).ConfigureAwait(false);
        Interlocked.Increment(ref run.Counters.Staged);
        return new ArtifactFile { Path = path, SizeBytes = staged.SizeBytes, Sha256 = staged.Sha256 };
    }

    private void OnUnstaged(RunId run, bool uploaded)
    {
        if (!_counters.TryGetValue(run.Value, out RunCounters? counters))
            return;
        Interlocked.Decrement(ref counters.Staged);
        if (!uploaded)
            Interlocked.Increment(ref counters.Rejected);
        Retire(run, counters);
    }

    [LoggerMessage(1008, LogLevel.Warning, "The log of run {Run} is staged beside the journal: it could not be uploaded")]
    private static partial void LogLogNotUploaded(ILogger logger, RunId run, Exception exception);

    [LoggerMessage(1006, LogLevel.Warning, "Artifact {Path} and {Others} others of run {Run} are staged beside the journal: their store is away")]
    private static partial void LogStaged(ILogger logger, string path, int others, RunId run, Exception exception);
}
