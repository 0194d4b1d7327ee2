using MLOps.Runtime;

namespace MLOps.Training.Tests;

/// <summary>A notice that a test gives when it wants.</summary>
internal sealed class Notice : IDisposable
{
    private readonly CancellationTokenSource _noticed = new();
    private volatile InterruptionNotice? _current;

    public InterruptionNotice? Current => _current;

    public static InterruptionNotice Sigterm { get; } = new() { Cause = new("SIGTERM"), NoticedAt = DateTimeOffset.UnixEpoch, Deadline = DateTimeOffset.MaxValue, Signal = 15 };

    public void Give()
    {
        _current = Sigterm;
        _noticed.Cancel();
    }

    public Task<TrainingOutcome> RunAsync<TBatch>(Trainer<TBatch> trainer, TrainingLength length) =>
        trainer.RunWithNoticesAsync(length, () => Current, _noticed.Token, TestContext.Current.CancellationToken);

    public void Dispose() => _noticed.Dispose();
}
