using System.Diagnostics;

namespace MLOps.RealServers;

/// <summary>The system's clock with single timers that ring some tenths of a millisecond late, where the runtime's may be late by several: they follow a clock that ticks every 4 ms on many Linux kernels.</summary>
internal sealed class FineClock : TimeProvider
{
    private readonly object _lock = new();
    private readonly PriorityQueue<Timer, long> _timers = new();

    private FineClock() => new Thread(Ring) { IsBackground = true, Name = "FineClock" }.Start();

    /// <summary>The clock, which has one thread for all its timers.</summary>
    public static FineClock Instance { get; } = new();

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The timer is to ring more than once.</exception>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan)
            throw new NotSupportedException("A fine timer rings once.");
        var timer = new Timer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    private void Add(Timer timer, TimeSpan dueTime)
    {
        lock (_lock)
        {
            timer.Due = dueTime < TimeSpan.Zero ? long.MaxValue : Stopwatch.GetTimestamp() + (long)(dueTime.TotalSeconds * Stopwatch.Frequency);
            if (timer.Due == long.MaxValue)
                return;
            _timers.Enqueue(timer, timer.Due);
            if (_timers.Peek() == timer)
                Monitor.Pulse(_lock);
        }
    }

    private void Ring()
    {
        lock (_lock)
        {
            while (true)
            {
                if (!_timers.TryPeek(out Timer? timer, out long due))
                {
                    Monitor.Wait(_lock);
                    continue;
                }
                double left = (due - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency;
                if (left > 0)
                {
                    Monitor.Wait(_lock, (int)Math.Min(Math.Ceiling(left), int.MaxValue));
                    continue;
                }
                _timers.Dequeue();
                // A timer that was changed or disposed is still in the queue at its old time.
                if (timer.Due == due)
                    ThreadPool.UnsafeQueueUserWorkItem(static rung => rung.Callback(rung.State), timer, preferLocal: false);
            }
        }
    }

    private sealed class Timer(FineClock clock, TimerCallback callback, object? state) : ITimer
    {
        public TimerCallback Callback => callback;

        public object? State => state;

        /// <summary>When it rings, by the stopwatch; the greatest value for never. Guarded by the clock's lock.</summary>
        public long Due { get; set; }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            clock.Add(this, dueTime);
            return true;
        }

        public void Dispose() => clock.Add(this, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
