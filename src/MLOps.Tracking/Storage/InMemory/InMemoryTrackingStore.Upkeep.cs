namespace MLOps.Tracking.Storage;

/// <content>Upkeep.</content>
public sealed partial class InMemoryTrackingStore
{
    /// <inheritdoc/>
    /// <remarks>Memory that only this class can reach has nothing to find.</remarks>
    public IAsyncEnumerable<StoreFinding> CheckAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return AsyncEnumerable.Empty<StoreFinding>();
    }

    /// <inheritdoc/>
    public ValueTask<CompactResult> CompactAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(new CompactResult(0, 0));
    }
}
