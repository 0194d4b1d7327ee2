using Microsoft.Extensions.Logging;

namespace MLOps.Tracking.Journaling;

/// <summary>
/// The one thread that works around the journal so that the threads that log never do: faults pages in ahead of them, keeps a spare segment,
/// syncs behind them, and wakes the applier.
/// </summary>
internal sealed partial class JournalKeeper : IDisposable
{
    private const int BusyTickMs = 5, IdleTickMs = 50;

    // Below this many slots a sync interval, the page being written is synced too: a program that logs rarely keeps the promise as well.
    private const long SlowSlots = 64;

    private readonly Journal _journal;
    private readonly Applier _applier;
    private readonly JournalOptions _options;
    private readonly Action _onSpace;
    private readonly ILogger _logger;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private readonly Thread _thread;
    private volatile bool _stopping;
    private Segment _unsynced;
    private long _lastPosition, _lastSyncPosition, _lastApplyWake, _lastSync;
    private bool _full, _syncFails;

    /// <param name="journal">The journal.</param>
    /// <param name="applier">Its reader.</param>
    /// <param name="options">The intervals.</param>
    /// <param name="onSpace">Called on the keeper's thread whenever a spare segment stands by.</param>
    /// <param name="logger">Told when the disk is full, and when it is not any more.</param>
    public JournalKeeper(Journal journal, Applier applier, JournalOptions options, Action onSpace, ILogger logger)
    {
        _journal = journal;
        _applier = applier;
        _options = options;
        _onSpace = onSpace;
        _logger = logger;
        _unsynced = journal.First;
        _thread = new Thread(Loop) { IsBackground = true, Name = "MLOps journal", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        _thread.Join();
        _wake.Dispose();
    }

    private void Loop()
    {
        int wait = 0;
        while (!_stopping)
        {
            wait = Tick() ? BusyTickMs : Math.Min(IdleTickMs, wait + BusyTickMs);
            _wake.WaitOne(wait);
        }
    }

    // True while something is being logged.
    private bool Tick()
    {
        long position = _journal.Position, now = Environment.TickCount64;
        Segment current = _journal.Current;
        // Four ticks ahead of the present pace. More would be written back by the kernel before it is used, and fault again.
        current.PopulateAhead(Math.Max(Segment.LeastAhead, 4 * (position - _lastPosition) * Slot.Size));
        bool hasSpace = _journal.EnsureSpare();
        if (hasSpace != !_full)
            SpaceChanged(hasSpace);
        if (hasSpace)
            _onSpace();
        if (now - _lastSync >= (long)_options.SyncInterval.TotalMilliseconds)
            Sync(position, now);

        long waiting = position - _applier.Position;
        if (waiting > 0 && (now - _lastApplyWake >= (long)_options.ApplyInterval.TotalMilliseconds || waiting >= 1 << 15 || _applier.HasWaiters))
        {
            _lastApplyWake = now;
            _applier.Wake();
        }

        bool moved = position != _lastPosition;
        _lastPosition = position;
        return moved;
    }

    private void Sync(long position, long now)
    {
        bool slow = position - _lastSyncPosition < SlowSlots;
        bool synced = true;
        while (true)
        {
            Segment? next = _unsynced.Next;
            synced &= _unsynced.Sync(all: slow || next is not null);
            if (next is null || !synced)
                break;
            _unsynced = next;
        }

        if (!synced && !_syncFails)
            LogSyncFails(_logger, _unsynced.Path);
        _syncFails = !synced;
        _lastSync = now;
        _lastSyncPosition = position;
    }

    private void SpaceChanged(bool hasSpace)
    {
        _full = !hasSpace;
        if (hasSpace)
            LogSpace(_logger);
        else
            LogFull(_logger, _journal.FullBecause ?? "no space");
    }

    [LoggerMessage(1030, LogLevel.Warning, "The journal cannot grow: {Reason}. Points are dropped and counted when what is left is used up")]
    private static partial void LogFull(ILogger logger, string reason);

    [LoggerMessage(1031, LogLevel.Information, "The journal can grow again")]
    private static partial void LogSpace(ILogger logger);

    [LoggerMessage(1032, LogLevel.Error, "The disk refuses to sync {Segment}: what is logged survives the end of the process but perhaps not a power loss")]
    private static partial void LogSyncFails(ILogger logger, string segment);
}
