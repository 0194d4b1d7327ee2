using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace MLOps.Registry.Tests.Events;

/// <summary>A clock that a test moves, and that tells when somebody begins to wait by it.</summary>
internal sealed class TimerClock() : FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
{
    private readonly Channel<TimeSpan> _timers = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        _timers.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Waits until somebody waits for a time in a range, and lets that time pass.</summary>
    public async Task<TimeSpan> PassAsync(TimeSpan least, TimeSpan most, CancellationToken cancellationToken)
    {
        while (true)
        {
            TimeSpan wait = await _timers.Reader.ReadAsync(cancellationToken);
            if (wait < least || wait > most)
                continue;
            Advance(wait);
            return wait;
        }
    }
}
