using System.Collections.Concurrent;
using System.Threading.Channels;

namespace MLOps.RealServers.Tests.Proxies;

/// <summary>A clock whose timers ring at once, or when a test lets them; it keeps what was asked of it.</summary>
internal sealed class RecordingClock(bool isHeld = false) : TimeProvider
{
    private readonly Channel<Action> _held = Channel.CreateUnbounded<Action>();

    public ConcurrentQueue<TimeSpan> Asked { get; } = new();

    /// <summary>Waits for the next timer that was started and not yet taken, and gives its bell.</summary>
    public ValueTask<Action> NextAsync(CancellationToken cancellationToken) => _held.Reader.ReadAsync(cancellationToken);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Asked.Enqueue(dueTime);
        if (isHeld)
            _held.Writer.TryWrite(() => callback(state));
        else
            ThreadPool.QueueUserWorkItem(_ => callback(state));
        return new Timer();
    }

    private sealed class Timer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
