using MLOps.Runtime;

namespace MLOps.Training.Tests.Runs;

/// <summary>A platform that announces the end of the machine when a test says so.</summary>
internal sealed class AnnouncedEnd : ISpotMetadata, IDisposable
{
    private readonly TaskCompletionSource _announced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _noticed = new();

    public string Name => "test";

    /// <summary>Listens to this and to nothing else.</summary>
    public InterruptionNotices Listen() => InterruptionNotices.Start(new InterruptionOptions { Signals = [], Metadata = [this], PollTimeout = TimeSpan.FromMinutes(1), OnNotice = _ => _noticed.Set() });

    /// <summary>Announces it, and waits until the notice has arrived.</summary>
    public void Announce()
    {
        _announced.TrySetResult();
        Assert.True(_noticed.Wait(TimeSpan.FromMinutes(1)));
    }

    /// <summary>The notice gives no time at all.</summary>
    public async ValueTask<InterruptionNotice?> FindNoticeAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        await _announced.Task.WaitAsync(cancellationToken);
        return new InterruptionNotice { Cause = InterruptionCause.GcpPreemption, NoticedAt = now, Deadline = now };
    }

    public void Dispose() => _noticed.Dispose();
}
