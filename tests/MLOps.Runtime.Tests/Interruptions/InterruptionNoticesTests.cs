using MLOps.Runtime.Tests.Spot;

namespace MLOps.Runtime.Tests.Interruptions;

/// <summary>What becomes of notices, whatever brought them. Signals are sent to processes of their own: see <see cref="Processes.SignalTests"/>.</summary>
public sealed class InterruptionNoticesTests
{
    private static readonly DateTimeOffset Now = new(2026, 9, 18, 8, 20, 0, TimeSpan.Zero);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_is_noticed_at_first()
    {
        await using InterruptionNotices notices = Silent();
        Assert.Null(notices.Current);
        Assert.False(notices.Token.IsCancellationRequested);
        Assert.Null(notices.HandlerError);
        Assert.Empty(notices.Metadata);
    }

    [Fact]
    public async Task The_first_notice_cancels_the_token_and_then_tells_the_program()
    {
        List<string> told = [];
        await using InterruptionNotices notices = Silent(notice => told.Add($"told {notice.Cause}"));
        notices.Token.Register(() => told.Add($"token {notices.Current!.Cause}"));
        notices.Report(Notice("a", 30));
        Assert.Equal(["token a", "told a"], told);
    }

    [Fact]
    public async Task A_lesser_notice_is_followed_by_one_with_an_earlier_deadline_and_by_no_other()
    {
        List<string> told = [];
        await using InterruptionNotices notices = Silent(notice => told.Add(notice.Cause.Name));
        notices.Report(Notice("rebalance", 120));
        notices.Report(Notice("rebalance again", 120));
        notices.Report(Notice("later", 121));
        notices.Report(Notice("spot", 90));
        notices.Report(Notice("later than spot", 100));
        Assert.Equal(["rebalance", "spot"], told);
        Assert.Equal("spot", notices.Current!.Cause.Name);
    }

    [Fact]
    public async Task Of_notices_that_come_at_once_the_earliest_is_kept()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        Random random = new(seed);
        for (int trial = 0; trial < 200; trial++)
        {
            int[] seconds = [.. Enumerable.Range(0, 8).Select(_ => random.Next(1, 1000))];
            int told = 0;
            await using InterruptionNotices notices = Silent(_ => Interlocked.Increment(ref told));
            Parallel.ForEach(seconds, second => notices.Report(Notice("x", second)));
            Assert.Equal(Now.AddSeconds(seconds.Min()), notices.Current!.Deadline);
            Assert.InRange(told, 1, seconds.Length);
            Assert.True(notices.Token.IsCancellationRequested);
        }
    }

    [Fact]
    public async Task What_a_program_throws_when_it_is_told_is_kept_and_the_next_notice_taken()
    {
        await using InterruptionNotices notices = Silent(notice => throw new InvalidOperationException($"told {notice.Cause}"));
        notices.Report(Notice("a", 30));
        Assert.Equal("told a", notices.HandlerError!.Message);
        notices.Report(Notice("b", 20));
        Assert.Equal("told b", notices.HandlerError!.Message);
        Assert.Equal("b", notices.Current!.Cause.Name);
    }

    [Fact]
    public async Task A_registration_with_the_token_that_throws_does_not_keep_the_program_from_being_told()
    {
        int told = 0;
        await using InterruptionNotices notices = Silent(_ => told++);
        notices.Token.Register(() => throw new InvalidOperationException("a registration"));
        notices.Report(Notice("a", 30));
        Assert.Equal(1, told);
        Assert.Equal("a registration", Assert.IsType<AggregateException>(notices.HandlerError).InnerException!.Message);
    }

    [Fact]
    public async Task Services_are_asked_and_what_they_announce_is_a_notice()
    {
        await using MetadataStub stub = new(request => request.Method == "PUT" ? StubAnswer.Ok("token") : StubAnswer.Ok("""{"action": "terminate", "time": "2026-09-18T08:22:00Z"}"""));
        TaskCompletionSource<InterruptionNotice> noticed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        await using InterruptionNotices notices = InterruptionNotices.Start(new InterruptionOptions
        {
            Signals = [],
            OnNotice = noticed.SetResult,
            Metadata = [new ScriptedMetadata(_ => throw new InvalidOperationException("a bug")), new AwsSpotMetadata { Address = stub.Address }],
        });
        InterruptionNotice notice = await noticed.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        Assert.Equal((InterruptionCause.AwsSpot, Now.AddMinutes(2)), (notice.Cause, notice.Deadline));
        Assert.Equal(["scripted", "AWS"], notices.Metadata.Select(metadata => metadata.Name));
        Assert.Equal(0, notices.Metadata[1].FailedPolls);
    }

    [Fact]
    public async Task After_the_end_nobody_is_asked_and_what_was_noticed_stays()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        int open = 0;
        InterruptionNotices notices = InterruptionNotices.Start(new InterruptionOptions
        {
            Signals = [],
            Metadata =
            [
                new ScriptedMetadata(async (_, cancellation) =>
                {
                    Interlocked.Increment(ref open);
                    asked.TrySetResult();
                    try
                    {
                        await Task.Delay(Timeout.Infinite, cancellation);
                        return null;
                    }
                    finally
                    {
                        Interlocked.Decrement(ref open);
                    }
                }),
            ],
        });
        CancellationToken token = notices.Token;
        notices.Report(Notice("a", 30));
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        await notices.DisposeAsync();
        await notices.DisposeAsync();
        Assert.Equal(0, open);
        Assert.Equal("a", notices.Current!.Cause.Name);
        Assert.True(token.IsCancellationRequested && notices.Token.IsCancellationRequested);
        Assert.Single(notices.Metadata);
    }

    private static InterruptionNotices Silent(Action<InterruptionNotice>? onNotice = null) => InterruptionNotices.Start(new InterruptionOptions { Signals = [], OnNotice = onNotice });

    private static InterruptionNotice Notice(string cause, double seconds) => new() { Cause = new InterruptionCause(cause), NoticedAt = Now, Deadline = Now.AddSeconds(seconds) };
}
