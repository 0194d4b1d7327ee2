using Microsoft.Extensions.Logging;

namespace MLOps.Tracking.Journaling;

/// <summary>The one background reader of this process's journal: takes committed records in order, batches them and brings them into the store.</summary>
internal sealed partial class Applier : IAsyncDisposable
{
    /// <summary>A batch of fewer records waits for the next round unless somebody waits for it: many small commits cost more than a short delay.</summary>
    private const long WorthCommitting = 1 << 15;

    private readonly Journal _journal;
    private readonly BatchSender _sender;
    private readonly Func<CancellationToken, ValueTask> _syncStore;
    private readonly Action<Storage.TrackingRecord, bool> _onApplied;
    private readonly ILogger _logger;
    private readonly BatchBuilder _batch = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Waiter> _waiters = [];
    private readonly List<Segment> _finished = [];
    private readonly Task _loop;
    private Storage.TrackingRecord.RunStarted? _lastStart;
    private Segment _segment, _oldest;
    private Exception? _stopped;
    private byte[] _buffer = [];
    private int _index;
    private long _applied;

    public Applier(Journal journal, BatchSender sender, Func<CancellationToken, ValueTask> syncStore, Action<Storage.TrackingRecord, bool> onApplied, ILogger logger)
    {
        _journal = journal;
        _sender = sender;
        _syncStore = syncStore;
        _onApplied = onApplied;
        _logger = logger;
        _segment = _oldest = journal.First;
        _loop = Task.Run(LoopAsync);
    }

    /// <summary>The journal's position up to which all is in the store.</summary>
    public long Position => Volatile.Read(ref _applied);

    /// <summary>The first segment that is still needed: a commit of the store that covers it is perhaps not on the disk yet.</summary>
    public Segment OldestSegment => Volatile.Read(ref _oldest);

    public bool HasWaiters
    {
        get
        {
            lock (_gate)
                return _waiters.Count > 0;
        }
    }

    /// <summary>Begins a round soon.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            if (_wake.CurrentCount == 0)
                _wake.Release();
        }
    }

    /// <summary>Waits until all that was accepted before the call is in the store.</summary>
    /// <exception cref="Storage.TrackingStoreException">The store refuses for good; the journal keeps what was logged.</exception>
    public async ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        long target = _journal.Position;
        if (Position >= target)
            return;
        var waiter = new Waiter(target);
        lock (_gate)
            _waiters.Add(waiter);
        try
        {
            // The applier may have passed the target, or met the store's refusal, before the waiter was in the list.
            CompleteWaiters(Volatile.Read(ref _stopped) ?? _sender.StoreError);
            Wake();
            await waiter.Done.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate)
                _waiters.Remove(waiter);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _loop.ConfigureAwait(false);
        lock (_gate)
        {
            foreach (Waiter waiter in _waiters)
                waiter.Done.TrySetException(new ObjectDisposedException(nameof(Tracker)));
        }

        _stop.Dispose();
        _wake.Dispose();
    }

    private async Task LoopAsync()
    {
        try
        {
            while (true)
            {
                long began = Position;
                if (Fill(out long cursor))
                {
                    await SendAsync(cursor).ConfigureAwait(false);
                    if (cursor - began >= WorthCommitting || HasWaiters)
                        continue;
                }

                await _wake.WaitAsync(_stop.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
        }
        catch (Exception exception)
        {
            // Nothing above lets this happen; if it does, what is logged stays in the journal and whoever waits is told.
            LogStopped(_logger, exception);
            Volatile.Write(ref _stopped, exception);
            CompleteWaiters(exception);
        }
    }

    private async ValueTask SendAsync(long cursor)
    {
        if (_batch.Count > 0)
        {
            await _sender.SendAsync(_batch, _journal.Owner, cursor, _onApplied, CompleteWaiters, _stop.Token).ConfigureAwait(false);
            _batch.Clear();
        }

        Volatile.Write(ref _applied, cursor);
        CompleteWaiters(null);
        if (_finished.Count > 0)
        {
            await ReleaseFinishedAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask ReleaseFinishedAsync()
    {
        try
        {
            // A segment goes only when the commit that covers it is itself on the disk.
            await _syncStore(_stop.Token).ConfigureAwait(false);
        }
        catch (Storage.TrackingStoreException exception)
        {
            LogNotSynced(_logger, _finished.Count, exception);
            return;
        }

        Volatile.Write(ref _oldest, _segment);
        foreach (Segment segment in _finished)
            _journal.Release(segment);
        _finished.Clear();
    }

    private bool Fill(out long cursor)
    {
        long began = _segment.FirstPosition + _index;
        while (true)
        {
            FillFromSegment();
            if (_index < _segment.Capacity || _segment.Next is not { } next || _batch.IsFull)
                break;
            _finished.Add(_segment);
            _segment = next;
            _index = 0;
        }

        cursor = _segment.FirstPosition + _index;
        return cursor > began;
    }

    private void FillFromSegment()
    {
        ReadOnlySpan<byte> slots = _segment.Read(_index, ref _buffer);
        var reader = new SlotReader(slots, _index, _segment.Seed, ownerIsDead: false);
        while (!_batch.IsFull && reader.Read())
        {
            switch (reader.Kind)
            {
                case RecordKind.Point:
                    _batch.Add(_journal.Series(reader.PointSeries), reader.Point);
                    break;
                case RecordKind.SeriesDefined:
                    break;
                default:
                    _lastStart = _batch.Add(reader.Kind, reader.Record, _lastStart);
                    break;
            }
        }

        if (reader.Damaged > 0)
            LogDamaged(_logger, reader.Damaged, _segment.Path);
        _index = reader.Index;
    }

    private void CompleteWaiters(Exception? error)
    {
        lock (_gate)
        {
            foreach (Waiter waiter in _waiters)
            {
                if (Position >= waiter.Target)
                    waiter.Done.TrySetResult();
                else if (error is Storage.TrackingStoreException { IsTransient: false } or not (null or Storage.TrackingStoreException))
                    waiter.Done.TrySetException(error);
            }
        }
    }

    [LoggerMessage(1020, LogLevel.Error, "The applier stopped; what is logged stays in the journal and is applied when the store is next opened")]
    private static partial void LogStopped(ILogger logger, Exception exception);

    [LoggerMessage(1021, LogLevel.Error, "{Slots} slots of {Segment} were damaged while their owner lived; check the machine's memory and disk")]
    private static partial void LogDamaged(ILogger logger, int slots, string segment);

    [LoggerMessage(1022, LogLevel.Warning, "The store could not sync; {Segments} applied segments stay until it can")]
    private static partial void LogNotSynced(ILogger logger, int segments, Exception exception);

    private sealed record Waiter(long Target)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
