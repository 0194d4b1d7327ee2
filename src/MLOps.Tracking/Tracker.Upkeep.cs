using Microsoft.Extensions.Logging;
using MLOps.Tracking.Capture;
using MLOps.Tracking.Journaling;
using MLOps.Tracking.Processes;
using MLOps.Tracking.Storage;
using MLOps.Tracking.SystemMetrics;

namespace MLOps.Tracking;

// What goes on beside the runs: leases, adoption, capture, samples; and the end.
public sealed partial class Tracker
{
    internal void NoteInterruption(string signal)
    {
        foreach (Run run in _openRuns.Values)
        {
            try
            {
                if (!run.HasEnded)
                    run.Append(new TrackingRecord.TagSet(run.Id, WellKnownTags.Interrupted, signal));
            }
            catch (ObjectDisposedException)
            {
                // The tracker closed at the same time; its runs have their status.
                return;
            }
        }
    }

    /// <summary>The process exits and nobody has closed the tracker: the journal keeps what is not applied within two seconds.</summary>
    internal void CloseAtExit() => Task.Run(() => CloseAsync(TimeSpan.FromSeconds(2)).AsTask()).Wait(TimeSpan.FromSeconds(5));

    private async Task CaptureAsync(Run run)
    {
        // A program is busiest when it starts; what is captured here is the same a moment later.
        await Task.Delay(CaptureDelay, Clock, run.Ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        try
        {
            RunCapture capture = await _capture.Value.ConfigureAwait(false);
            foreach ((string key, string value) in capture.Tags)
                run.SetTag(key, value);
            if (capture.EnvironmentJson is { } json)
            {
                using var content = new MemoryStream(json, writable: false);
                await run.LogArtifactAsync(RunCapture.EnvironmentFile, content).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is MLOpsException or InvalidOperationException or OperationCanceledException)
        {
            LogNotCaptured(_logger, run.Id, exception);
        }
    }

    private async Task SampleSystemAsync(Run run, TimeSpan interval)
    {
        using var sampler = new SystemMetricsSampler(Clock, ArtifactRoot.IsFile ? ArtifactRoot.LocalPath : _root.Folder);
        using var timer = new PeriodicTimer(interval, Clock);
        long sample = 0;
        try
        {
            while (await timer.WaitForNextTickAsync(run.Ending).ConfigureAwait(false))
            {
                sampler.Sample((key, value) => run.LogMetric(key, value, sample));
                sample++;
            }
        }
        catch (OperationCanceledException) when (run.HasEnded || run.Ending.IsCancellationRequested)
        {
        }
        catch (InvalidOperationException) when (run.HasEnded)
        {
            // The process is about to exit.
        }
    }

    private void WriteGaps()
    {
        foreach (Run run in _handles.Keys)
            run.WriteGap();
    }

    private async Task UpkeepAsync()
    {
        await AdoptAsync().ConfigureAwait(false);
        _firstAdoption.TrySetResult();
        using var leases = new PeriodicTimer(_options.LeaseDuration / 4, Clock);
        long adopted = Clock.GetTimestamp();
        try
        {
            while (await leases.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
            {
                await RenewLeasesAsync().ConfigureAwait(false);
                if (Clock.GetElapsedTime(adopted) < _options.AdoptionInterval)
                    continue;
                adopted = Clock.GetTimestamp();
                await AdoptAsync().ConfigureAwait(false);
                await _staged.UploadAsync(OnUnstaged, _closing.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
        }
    }

    private async ValueTask AdoptAsync()
    {
        // A store that is away makes the adoption wait; it must not make every query wait with it.
        void OnStoreError(Exception error) => _firstAdoption.TrySetResult();
        try
        {
            await _adopter.AdoptAsync(OnStoreError, _closing.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
        }
        catch (Exception exception) when (exception is MLOpsException or IOException or UnauthorizedAccessException)
        {
            LogNotAdopted(_logger, exception);
        }
    }

    private async ValueTask RenewLeasesAsync()
    {
        if (_openRuns.IsEmpty || !Store.Capabilities.HasFlag(StoreCapabilities.Leases))
            return;
        try
        {
            await Store.RenewLeasesAsync(Journal.Owner, _options.LeaseDuration, _closing.Token).ConfigureAwait(false);
        }
        catch (TrackingStoreException exception)
        {
            LogNotRenewed(_logger, exception);
        }
    }

    private async Task RetainAsync(RetentionPolicy policy, TimeSpan every)
    {
        using var timer = new PeriodicTimer(every, Clock);
        try
        {
            while (await timer.WaitForNextTickAsync(_closing.Token).ConfigureAwait(false))
            {
                try
                {
                    RetentionReport report = await ApplyRetentionAsync(policy, cancellationToken: _closing.Token).ConfigureAwait(false);
                    LogRetained(_logger, report.Deleted.Count, report.Purge?.Runs ?? 0, report.Purge?.Skipped.Count ?? 0);
                }
                catch (Exception exception) when (exception is not OperationCanceledException || !_closing.IsCancellationRequested)
                {
                    // Next time, perhaps; nothing that this tracker records waits for it.
                    LogNotRetained(_logger, exception);
                }
            }
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
        }
    }

    private async ValueTask CloseAsync(TimeSpan timeout)
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        ProcessEnd.Forget(this);
        await CountGpusAsync(timeout).ConfigureAwait(false);
        foreach (Run run in _handles.Keys)
        {
            LogLeftOpen(_logger, run.Id);
            run.WriteEnd(RunStatus.Killed);
        }

        Journal.Close();
        bool drained = await DrainAsync(timeout).ConfigureAwait(false);
        await _closing.CancelAsync().ConfigureAwait(false);
        await _upkeep.ConfigureAwait(false);
        await _retaining.ConfigureAwait(false);
        _keeper.Dispose();
        await _applier.DisposeAsync().ConfigureAwait(false);
        try
        {
            if (drained)
            {
                // In this order, as in adoption: a crash between the steps leaves nothing to apply twice.
                Journal.DeleteSegments();
                await Store.CloseJournalAsync(Journal.Owner.Journal, CancellationToken.None).ConfigureAwait(false);
                Journal.DeleteFolder();
            }
            else
            {
                LogLeft(_logger, Journal.Folder);
            }
        }
        catch (TrackingStoreException exception)
        {
            LogNotAdopted(_logger, exception);
        }

        Journal.Dispose();
        _telemetry.Dispose();
        await Store.DisposeAsync().ConfigureAwait(false);
        await DisposeArtifactStoresAsync().ConfigureAwait(false);
    }

    private async ValueTask<bool> DrainAsync(TimeSpan timeout)
    {
        using var limit = new CancellationTokenSource(timeout, Clock);
        try
        {
            await _applier.WaitAsync(limit.Token).ConfigureAwait(false);
            await Store.SyncAsync(limit.Token).ConfigureAwait(false);
            _staged.CompleteAll();
            return await _staged.UploadAsync(OnUnstaged, limit.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is OperationCanceledException or TrackingStoreException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    [LoggerMessage(1007, LogLevel.Warning, "The source or environment of run {Run} was not captured whole")]
    private static partial void LogNotCaptured(ILogger logger, RunId run, Exception exception);

    [LoggerMessage(1002, LogLevel.Warning, "Run {Run} was open when its tracker closed and was marked killed")]
    private static partial void LogLeftOpen(ILogger logger, RunId run);

    [LoggerMessage(1003, LogLevel.Warning, "The store did not take everything before the tracker closed; {Folder} keeps the rest for whoever opens the store next")]
    private static partial void LogLeft(ILogger logger, string folder);

    [LoggerMessage(1004, LogLevel.Warning, "Journals of ended processes could not be adopted; they are tried again later")]
    private static partial void LogNotAdopted(ILogger logger, Exception exception);

    [LoggerMessage(1005, LogLevel.Warning, "The leases of the open runs could not be renewed")]
    private static partial void LogNotRenewed(ILogger logger, Exception exception);

    [LoggerMessage(1008, LogLevel.Information, "Retention deleted {Deleted} runs and purged {Purged}; {Skipped} could not be purged yet")]
    private static partial void LogRetained(ILogger logger, int deleted, int purged, int skipped);

    [LoggerMessage(1009, LogLevel.Warning, "The retention policy could not be applied; it is tried again later")]
    private static partial void LogNotRetained(ILogger logger, Exception exception);
}
