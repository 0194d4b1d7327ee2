using System.Diagnostics;

namespace MLOps.RealServers.Tests.Proxies;

public sealed class FineClockTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_timer_never_rings_early()
    {
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(1, 20).Reverse().Select(async milliseconds =>
        {
            await Task.Delay(TimeSpan.FromMilliseconds(milliseconds), FineClock.Instance, Token);
            Assert.True(Stopwatch.GetElapsedTime(start).TotalMilliseconds >= milliseconds);
        }));
    }

    [Fact]
    public async Task A_timer_that_was_disposed_or_moved_does_not_ring_at_its_old_time()
    {
        int rung = 0;
        ITimer disposed = FineClock.Instance.CreateTimer(_ => Interlocked.Increment(ref rung), null, TimeSpan.FromMilliseconds(5), Timeout.InfiniteTimeSpan);
        await disposed.DisposeAsync();
        await using ITimer moved = FineClock.Instance.CreateTimer(_ => Interlocked.Increment(ref rung), null, TimeSpan.FromMilliseconds(5), Timeout.InfiniteTimeSpan);
        moved.Change(TimeSpan.FromDays(100), Timeout.InfiniteTimeSpan);
        await Task.Delay(TimeSpan.FromMilliseconds(10), FineClock.Instance, Token);
        Assert.Equal(0, Volatile.Read(ref rung));
        Assert.Throws<NotSupportedException>(() => FineClock.Instance.CreateTimer(_ => { }, null, TimeSpan.Zero, TimeSpan.FromSeconds(1)));
    }
}
