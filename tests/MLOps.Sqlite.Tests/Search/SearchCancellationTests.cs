using MLOps.Tracking;
using MLOps.Tracking.Search;
using Xunit;

namespace MLOps.Sqlite.Tests.Search;

public sealed class SearchCancellationTests : IDisposable
{
    private readonly StoreFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_search_that_has_begun_ends_when_it_is_cancelled_and_the_store_goes_on()
    {
        using CancellationTokenSource cancellation = new();
        CancellingClock clock = new(cancellation);
        await using SqliteTrackingStore store = _folder.Open(time: clock);
        RunId run = await StoreFolder.StartAsync(store);
        clock.IsArmed = true;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await store.FindRunsAsync(new RunQuery(), new PageRequest(), cancellation.Token));

        clock.IsArmed = false;
        Assert.Equal(run, Assert.Single((await store.FindRunsAsync(new RunQuery(), new PageRequest(), TestContext.Current.CancellationToken)).Items).Info.Id);
    }

    /// <summary>A clock that cancels when it is read, which a search does after it has begun.</summary>
    private sealed class CancellingClock(CancellationTokenSource cancellation) : TimeProvider
    {
        public bool IsArmed { get; set; }

        public override DateTimeOffset GetUtcNow()
        {
            if (IsArmed)
                cancellation.Cancel();
            return DateTimeOffset.UnixEpoch;
        }
    }
}
