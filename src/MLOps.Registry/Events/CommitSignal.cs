namespace MLOps.Registry.Events;

/// <summary>Wakes loops that follow the audit log when this process has committed, and otherwise lets them look now and then.</summary>
internal sealed class CommitSignal(TimeProvider clock, TimeSpan interval)
{
    private TaskCompletionSource _next = New();

    /// <summary>Ends at the next commit. Take it before reading, so that no commit between reading and waiting is slept through.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Set() => Interlocked.Exchange(ref _next, New()).TrySetResult();

    /// <summary>Waits for a commit or until it is time to look.</summary>
    public async Task WaitAsync(Task next, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(next, Task.Delay(interval, clock, waiting.Token)).ConfigureAwait(false);
        await waiting.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
