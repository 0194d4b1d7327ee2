using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace MLOps.Runtime.Tests.Spot;

/// <summary>A clock that stands still and tells when somebody begins to wait, so that a test moves it on not before.</summary>
internal sealed class TimerWatch : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>Whoever waits exactly so long is not told of: the limit of each question.</summary>
    public TimeSpan Silent { get; init; }

    /// <summary>The next wait that has begun.</summary>
    public async Task<TimeSpan> NextWaitAsync() => await _waits.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime != Silent)
            _waits.Writer.TryWrite(dueTime);
        return timer;
    }
}
