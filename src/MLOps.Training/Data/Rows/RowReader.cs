namespace MLOps.Training;

/// <summary>Says which rows make the batches of one epoch, one after the other. For one caller at a time, on a thread that may block.</summary>
internal abstract class RowReader<TItem> : IAsyncDisposable
{
    /// <summary>The rows of the next batch; null at the end.</summary>
    /// <exception cref="Tracking.MLOpsException">The source threw, or is not what it was.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public abstract BatchRows<TItem>? Read(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();
}
