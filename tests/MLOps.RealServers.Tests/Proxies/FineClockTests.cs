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
    public async Task A_timer_that_was_moved_rings_at_its_new_time_before_those_in_between()
    {
        var rung = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        await using ITimer moved = FineClock.Instance.CreateTimer(_ => rung.TrySetResult("moved"), null, TimeSpan.FromDays(100), Timeout.InfiniteTimeSpan);
        await using ITimer between = FineClock.Instance.CreateTimer(_ => rung.TrySetResult("between"), null, TimeSpan.FromDays(50), Timeout.InfiniteTimeSpan);
        moved.Change(TimeSpan.FromMilliseconds(1), Timeout.InfiniteTimeSpan);
        Assert.Equal("moved", await rung.Task.WaitAsync(Token));
    }

    [Fact]
    public void A_timer_that_rings_again_and_again_is_not_offered() =>
        Assert.Throws<NotSupportedException>(() => FineClock.Instance.CreateTimer(_ => { }, null, TimeSpan.Zero, TimeSpan.FromSeconds(1)));
}
