using System.Diagnostics;
using Microsoft.Extensions.Logging;
using MLOps.Tracking.Storage;
using MLOps.Tracking.Telemetry;

namespace MLOps.Tracking.Journaling;

/// <summary>Brings a batch into the store: tries again while the store is away, and sets refused records aside so that they never block those behind them.</summary>
internal sealed partial class BatchSender(
    ITrackingStore store, RejectedRecords rejected, TrackingOptions options, TimeProvider clock, TrackingTelemetry telemetry, ILogger logger)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(50), LastRetry = TimeSpan.FromSeconds(10);
    private Exception? _storeError;

    /// <summary>Why the store does not take batches now; null when it does.</summary>
    public Exception? StoreError => Volatile.Read(ref _storeError);

    /// <summary>Sends a batch, however long it takes.</summary>
    /// <param name="batch">The records.</param>
    /// <param name="owner">The journal that they come from.</param>
    /// <param name="cursor">The journal's position after them.</param>
    /// <param name="onApplied">Told of each record and whether it was applied.</param>
    /// <param name="onStoreError">Told of each refusal of the store, before the next try.</param>
    /// <param name="cancellationToken">Gives up; the journal still has the records.</param>
    public async ValueTask SendAsync(BatchBuilder batch, LeaseOwner owner, long cursor, Action<TrackingRecord, bool>? onApplied, Action<Exception>? onStoreError, CancellationToken cancellationToken)
    {
        List<TrackingRecord> records = batch.Build();
        List<int> indexes = [.. Enumerable.Range(0, records.Count)];
        bool atomic = store.Capabilities.HasFlag(StoreCapabilities.AtomicBatch);
        while (true)
        {
            AppendResult result = await AppendAsync(
                new RecordBatch
                {
                    Source = new BatchSource(owner, cursor, options.LeaseDuration),
                    OnReject = atomic ? OnReject.RefuseAll : OnReject.Skip,
                    Records = records,
                },
                onStoreError,
                cancellationToken).ConfigureAwait(false);
            if (result.Rejections.Count == 0)
                break;

            await SetAsideAsync(batch, owner, records, indexes, result.Rejections, onApplied, onStoreError, cancellationToken).ConfigureAwait(false);
            var refused = result.Rejections.Select(r => r.Index).ToHashSet();
            records = [.. records.Where((_, i) => !refused.Contains(i))];
            indexes = [.. indexes.Where((_, i) => !refused.Contains(i))];
            if (!atomic)
                break;
        }

        if (onApplied is not null)
        {
            foreach (TrackingRecord record in records)
                onApplied(record, true);
        }
    }

    private async ValueTask SetAsideAsync(
        BatchBuilder batch,
        LeaseOwner owner,
        List<TrackingRecord> records,
        List<int> indexes,
        IReadOnlyList<Rejection> rejections,
        Action<TrackingRecord, bool>? onApplied,
        Action<Exception>? onStoreError,
        CancellationToken cancellationToken)
    {
        // The copy of a run's start whose first was applied by an earlier batch is no loss.
        List<Rejection> real = [.. rejections.Where(r => !(r.Reason == RejectionReason.RunExists && batch.IsCopy(indexes[r.Index])))];
        if (real.Count == 0)
            return;
        DateTimeOffset now = clock.GetUtcNow();
        while (!TryWriteRejected(owner.Journal, real.Select(r => RejectedRecord.From(records[r.Index], r, now)), onStoreError))
            await Task.Delay(LastRetry, clock, cancellationToken).ConfigureAwait(false);
        foreach (Rejection rejection in real)
        {
            telemetry.Rejected(1);
            onApplied?.Invoke(records[rejection.Index], false);
        }

        LogRejected(logger, real.Count, rejected.PathOf(owner.Journal), real[0].Message);
    }

    // What is refused leaves the journal only when it is written down: a disk that is too full for it makes the batch wait.
    private bool TryWriteRejected(Guid journal, IEnumerable<RejectedRecord> records, Action<Exception>? onStoreError)
    {
        try
        {
            rejected.Write(journal, records);
            Volatile.Write(ref _storeError, null);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var error = new TrackingStoreException($"Refused records could not be written to '{rejected.PathOf(journal)}': {exception.Message} Free space or make the folder writable.", isTransient: true, exception);
            if (StoreError is null)
                LogStoreAway(logger, error);
            Volatile.Write(ref _storeError, error);
            onStoreError?.Invoke(error);
            return false;
        }
    }

    private async ValueTask<AppendResult> AppendAsync(RecordBatch batch, Action<Exception>? onStoreError, CancellationToken cancellationToken)
    {
        TimeSpan delay = FirstRetry;
        while (true)
        {
            try
            {
                using Activity? activity = TrackingTelemetry.StartApply(batch.Records.Count);
                long began = clock.GetTimestamp();
                AppendResult result = await store.AppendAsync(batch, cancellationToken).ConfigureAwait(false);
                if (result.Rejections.Count == 0)
                    telemetry.Applied(batch.Records.Count, batch.Records.Sum(record => record is TrackingRecord.PointsLogged points ? points.Points.Length : 0L), clock.GetElapsedTime(began));
                if (StoreError is not null)
                {
                    LogStoreBack(logger);
                    Volatile.Write(ref _storeError, null);
                }

                return result;
            }
            catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                if (StoreError is null)
                    LogStoreAway(logger, exception);
                Volatile.Write(ref _storeError, exception);
                onStoreError?.Invoke(exception);
            }

            await Task.Delay(delay, clock, cancellationToken).ConfigureAwait(false);
            delay = delay * 2 < LastRetry ? delay * 2 : LastRetry;
        }
    }

    [LoggerMessage(1010, LogLevel.Warning, "The store refused {Count} records; they are kept in {Path}. The first: {Message}")]
    private static partial void LogRejected(ILogger logger, int count, string path, string message);

    [LoggerMessage(1011, LogLevel.Warning, "The store took no batch; the journal keeps what is logged until it does")]
    private static partial void LogStoreAway(ILogger logger, Exception exception);

    [LoggerMessage(1012, LogLevel.Information, "The store takes batches again")]
    private static partial void LogStoreBack(ILogger logger);
}
