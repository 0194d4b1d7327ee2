using MLOps.Sqlite.Connections;
using MLOps.Tracking;
using MLOps.Tracking.Search;
using SQLitePCL;
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

    [Fact]
    public void A_statement_ends_in_the_middle_when_it_is_interrupted_and_the_connection_goes_on()
    {
        using Connection connection = _folder.Connect();
        long asked = 0;
        connection.AddFunction("stop", (_, number) =>
        {
            asked++;
            if (number == 1_000)
                connection.Interrupt();
            return true;
        });

        SqliteErrorException ended = Assert.Throws<SqliteErrorException>(
            () => connection.QueryText("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000000) SELECT count(*) FROM n WHERE stop('x', i)"));

        Assert.Equal(raw.SQLITE_INTERRUPT, ended.Code);
        Assert.InRange(asked, 1_000, 10_000);
        Assert.Equal("1", connection.QueryText("SELECT 1"));
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
