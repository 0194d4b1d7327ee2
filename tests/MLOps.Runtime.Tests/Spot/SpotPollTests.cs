namespace MLOps.Runtime.Tests.Spot;

public sealed class SpotPollTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(2);

    private readonly TimerWatch _clock = new() { Silent = Timeout };
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly List<InterruptionNotice> _reported = [];

    public void Dispose() => _stop.Dispose();

    [Fact]
    public async Task A_service_that_has_never_answered_is_asked_ever_more_rarely_up_to_a_minute()
    {
        double[] waits = await WaitsAsync(6, _ => throw new SpotMetadataException(new Uri("http://127.0.0.1/"), "nobody"));
        Assert.Equal([5, 10, 20, 40, 60, 60], waits);
    }

    [Fact]
    public async Task A_service_that_has_answered_is_asked_at_the_same_pace_however_it_fails_later()
    {
        int asked = 0;
        double[] waits = await WaitsAsync(6, _ => ++asked == 3 ? null : throw new IOException("away"));
        Assert.Equal([5, 10, 5, 5, 5, 5], waits);
    }

    [Fact]
    public async Task An_interval_of_more_than_a_minute_stays_what_it_is()
    {
        double[] waits = await WaitsAsync(3, _ => throw new IOException("away"), interval: 90);
        Assert.Equal([90, 90, 90], waits);
    }

    [Fact]
    public async Task What_it_answers_and_how_it_fails_is_counted()
    {
        int asked = 0;
        SpotPoll poll = Poll(now => ++asked switch { 1 => throw new InvalidOperationException("a bug"), 2 => null, _ => Notice(now) });
        Assert.Equal(new SpotMetadataStatus { Name = "scripted" }, poll.Status);

        await poll.AskAsync(_stop.Token);
        Assert.Equal((1, 1, null, "a bug"), (poll.Status.Polls, poll.Status.FailedPolls, poll.Status.LastAnswerAt, poll.Status.LastError!.Message));
        await poll.AskAsync(_stop.Token);
        Assert.Equal((2, 1, _clock.GetUtcNow(), "a bug"), (poll.Status.Polls, poll.Status.FailedPolls, poll.Status.LastAnswerAt, poll.Status.LastError!.Message));
        Assert.Empty(_reported);
        await poll.AskAsync(_stop.Token);
        Assert.Equal(Notice(_clock.GetUtcNow()), Assert.Single(_reported));
    }

    [Fact]
    public async Task It_goes_on_asking_after_a_notice()
    {
        await WaitsAsync(3, Notice);
        Assert.Equal(3, _reported.Count);
    }

    [Fact]
    public async Task A_question_that_is_broken_off_by_the_end_counts_for_nothing()
    {
        TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
        SpotPoll poll = new(new ScriptedMetadata(async (_, cancellation) =>
        {
            asked.SetResult();
            await Task.Delay(System.Threading.Timeout.Infinite, cancellation);
            return null;
        }), TimeSpan.FromSeconds(5), Timeout, _clock, _reported.Add);
        Task running = poll.RunAsync(_stop.Token);
        await asked.Task.WaitAsync(TimeSpan.FromSeconds(60), _stop.Token);
        await _stop.CancelAsync();
        await running;
        Assert.Equal(0, poll.Status.Polls);
    }

    private static InterruptionNotice Notice(DateTimeOffset now) => new() { Cause = new InterruptionCause("Test"), NoticedAt = now, Deadline = now.AddMinutes(1) };

    private SpotPoll Poll(Func<DateTimeOffset, InterruptionNotice?> answer, double interval = 5) =>
        new(new ScriptedMetadata(answer), TimeSpan.FromSeconds(interval), Timeout, _clock, _reported.Add);

    /// <summary>How long it waited, in seconds, after each of its first questions.</summary>
    private async Task<double[]> WaitsAsync(int count, Func<DateTimeOffset, InterruptionNotice?> answer, double interval = 5)
    {
        Task running = Poll(answer, interval).RunAsync(_stop.Token);
        List<double> waits = [];
        while (true)
        {
            TimeSpan wait = await _clock.NextWaitAsync();
            waits.Add(wait.TotalSeconds);
            if (waits.Count == count)
                break;
            _clock.Advance(wait);
        }

        await _stop.CancelAsync();
        await running;
        return [.. waits];
    }
}
