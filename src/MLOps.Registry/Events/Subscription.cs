namespace MLOps.Registry.Events;

/// <summary>A handler and how far it has come.</summary>
internal sealed class Subscription(Func<CloudEvent, CancellationToken, ValueTask> handler, long last, Action<Subscription> remove) : IDisposable
{
    private readonly CancellationTokenSource _disposed = new();

    public long Last { get; set; } = last;

    public bool IsDisposed => _disposed.IsCancellationRequested;

    public async Task HandleAsync(CloudEvent told, CancellationToken cancellationToken)
    {
        if (IsDisposed)
            return;
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token);

        // User code: it runs in the context that it was called in.
#pragma warning disable CA2007
        await handler(told, either.Token);
#pragma warning restore CA2007
    }

    public void Dispose()
    {
        remove(this);
        _disposed.Cancel();
    }
}
