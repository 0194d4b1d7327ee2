using System.Threading.Channels;

namespace MLOps.Training;

/// <summary>
/// Makes the batches of one reading of an epoch, some at once and some ahead. In turn, each worker waits for room, takes the rows of the next batch and puts a promise of it into the channel; then,
/// out of turn, it collates. So the promises are in order whichever worker is the first to be done.
/// </summary>
/// <remarks>
/// Workers are threads of their own rather than tasks of the pool, because dispose scopes belong to threads: one that is open on a thread of the pool, as anybody's who awaits inside a scope is,
/// would take the batch's tensors with it when it ends.
/// </remarks>
internal sealed class BatchMaker<TItem, TBatch> : IAsyncDisposable
{
    private readonly RowReader<TItem> _rows;
    private readonly Func<BatchRows<TItem>, TBatch> _make;
    private readonly Channel<Task<TBatch>> _batches;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationToken _stop;
    private readonly Task[] _workers;

    /// <summary>Starts to work.</summary>
    /// <param name="rows">Disposed with this.</param>
    /// <param name="make">Called on several threads at once.</param>
    /// <param name="workers">How many threads.</param>
    /// <param name="prefetch">How many promises wait in the channel at most.</param>
    public BatchMaker(RowReader<TItem> rows, Func<BatchRows<TItem>, TBatch> make, int workers, int prefetch)
    {
        (_rows, _make, _stop) = (rows, make, _stopping.Token);
        _batches = Channel.CreateBounded<Task<TBatch>>(prefetch);
        _workers = new Task[workers];
        for (int i = 0; i < workers; i++)
            _workers[i] = Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default);
    }

    /// <summary>The batches in order. What could not be made is a failed task in its place; it is the last when the rows could not be read.</summary>
    public ChannelReader<Task<TBatch>> Batches => _batches.Reader;

    /// <summary>Stops the workers, waits for the batches that are being collated, and disposes all that are in the channel.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_workers).ConfigureAwait(false);
        try
        {
            while (_batches.Reader.TryRead(out Task<TBatch>? batch))
                await DisposeAsync(batch).ConfigureAwait(false);
        }
        finally
        {
            await _rows.DisposeAsync().ConfigureAwait(false);
            _turn.Dispose();
            _stopping.Dispose();
        }
    }

    /// <summary>Disposes a batch that nobody takes, once it is made.</summary>
    public static async ValueTask DisposeAsync(Task<TBatch> batch)
    {
        await ((Task)batch).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (batch.IsCompletedSuccessfully)
            BatchDisposal.Dispose(await batch.ConfigureAwait(false));
    }

    private void Work()
    {
        try
        {
            while (TakeRows() is var (rows, promise))
                Make(rows, promise);
        }
        catch (Exception) when (_stop.IsCancellationRequested)
        {
            // Who stopped the reading takes nothing more, errors included.
        }
    }

    private (BatchRows<TItem> Rows, TaskCompletionSource<TBatch> Promise)? TakeRows()
    {
        _turn.Wait(_stop);
        try
        {
            if (!Blocking.Await(_batches.Writer.WaitToWriteAsync(_stop)))
                return null;

            // There is room, and nobody else writes before the turn ends.
            if (_rows.Read(_stop) is not { } rows)
            {
                _batches.Writer.Complete();
                return null;
            }

            TaskCompletionSource<TBatch> promise = new(TaskCreationOptions.RunContinuationsAsynchronously);
            _batches.Writer.TryWrite(promise.Task);
            return (rows, promise);
        }
#pragma warning disable CA1031 // Thrown to the consumer, in its place.
        catch (Exception error) when (!_stop.IsCancellationRequested)
        {
            _batches.Writer.TryWrite(Task.FromException<TBatch>(error));
            _batches.Writer.Complete();
            return null;
        }
#pragma warning restore CA1031
        finally
        {
            _turn.Release();
        }
    }

    private void Make(BatchRows<TItem> rows, TaskCompletionSource<TBatch> promise)
    {
        if (_stop.IsCancellationRequested)
        {
            promise.SetCanceled(_stop);
            return;
        }

        try
        {
            promise.SetResult(_make(rows));
        }
#pragma warning disable CA1031 // Thrown to the consumer, in its place.
        catch (Exception error)
        {
            promise.SetException(error);
        }
#pragma warning restore CA1031
    }
}
