namespace MLOps.Runtime;

/// <summary>Asks one metadata service again and again, and outlives whatever it answers.</summary>
internal sealed class SpotPoll(ISpotMetadata metadata, TimeSpan interval, TimeSpan timeout, TimeProvider clock, Action<InterruptionNotice> report)
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private SpotMetadataStatus _status = new() { Name = metadata.Name };

    public SpotMetadataStatus Status => Volatile.Read(ref _status);

    public async Task RunAsync(CancellationToken stop)
    {
        TimeSpan longest = interval > LongestWait ? interval : LongestWait;
        TimeSpan wait = interval;
        while (!stop.IsCancellationRequested)
        {
            await AskAsync(stop).ConfigureAwait(false);

            // One that has answered is there: however it fails later, its notice would come too late for a slow asker.
            bool isThere = Status.LastAnswerAt is not null;
            await Task.Delay(isThere ? interval : wait, clock, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            wait = wait < longest / 2 ? wait * 2 : longest;
        }
    }

    internal async Task AskAsync(CancellationToken stop)
    {
        using CancellationTokenSource late = new(timeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        DateTimeOffset now = clock.GetUtcNow();
        InterruptionNotice? notice;
        try
        {
            notice = await metadata.FindNoticeAsync(now, either.Token).ConfigureAwait(false);
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            return;
        }
        catch (Exception error)
        {
            Exception cause = error is OperationCanceledException && late.IsCancellationRequested ? new TimeoutException($"The metadata service '{metadata.Name}' did not answer within {timeout}.", error) : error;
            Volatile.Write(ref _status, Status with { Polls = Status.Polls + 1, FailedPolls = Status.FailedPolls + 1, LastError = cause });
            return;
        }

        Volatile.Write(ref _status, Status with { Polls = Status.Polls + 1, LastAnswerAt = now });
        if (notice is not null)
            report(notice);
    }
}
