namespace MLOps.Sqlite.Connections;

/// <summary>A write that waits for its turn. Until it is taken its caller can cancel it; then it is done whole or not at all.</summary>
internal abstract class PendingWrite
{
    private const int Waiting = 0, Taken = 1, Cancelled = 2;
    private int _state;

    /// <summary>Why it came to nothing; null while it has not.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Takes it, unless it was cancelled.</summary>
    public bool TryTake() => Interlocked.CompareExchange(ref _state, Taken, Waiting) == Waiting;

    /// <summary>Does it inside a transaction.</summary>
    public abstract void Run(Session session);

    /// <summary>Tells the caller what became of it.</summary>
    public abstract void Complete();

    protected bool TryCancel() => Interlocked.CompareExchange(ref _state, Cancelled, Waiting) == Waiting;
}

/// <summary>A write that gives a <typeparamref name="T"/>.</summary>
internal sealed class PendingWrite<T> : PendingWrite
{
    private readonly TaskCompletionSource<T> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Func<Session, T> _work;
    private readonly CancellationTokenRegistration _cancellation;
    private T _result = default!;

    public PendingWrite(Func<Session, T> work, CancellationToken cancellationToken)
    {
        _work = work;
        _cancellation = cancellationToken.UnsafeRegister(
            static (state, token) =>
            {
                var write = (PendingWrite<T>)state!;
                if (write.TryCancel())
                    write._done.TrySetCanceled(token);
            },
            this);
    }

    public Task<T> Task => _done.Task;

    public override void Run(Session session) => _result = _work(session);

    public override void Complete()
    {
        _cancellation.Dispose();
        if (Failure is { } failure)
            _done.TrySetException(failure);
        else
            _done.TrySetResult(_result);
    }
}
