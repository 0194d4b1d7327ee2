using System.Diagnostics;

namespace MLOps.Training;

/// <summary>
/// Reads the batches of an epoch for a thread that may block, one ahead: that is how the last batch is known to be the last. What the source throws for a batch is thrown when that batch is
/// due, not before the one before it has been used.
/// </summary>
internal sealed class BatchReader<TBatch> : IDisposable
{
    private readonly IAsyncEnumerator<TBatch> _batches;
    private readonly int _epoch;
    private readonly CancellationToken _cancellationToken;
    private (bool Has, TBatch Batch) _current;
    private (bool Has, TBatch Batch) _next;
    private Exception? _error;
    private long _batch; // The place of the current one, or of the one that could not be read.
    private TimeSpan _waiting;
    private bool _started;
    private bool _isCurrentTaken;

    public BatchReader(IBatchSource<TBatch> source, int epoch, long firstBatch, CancellationToken cancellationToken)
    {
        (_epoch, _batch, _cancellationToken) = (epoch, firstBatch, cancellationToken);
        _batches = source.ReadEpochAsync(epoch, firstBatch, cancellationToken).GetAsyncEnumerator(cancellationToken);
    }

    /// <summary>The current batch, which the caller disposes.</summary>
    public TBatch Current
    {
        get
        {
            _isCurrentTaken = true;
            return _current.Batch;
        }
    }

    /// <summary>Whether the source has ended by itself: not by cancellation and not by an error.</summary>
    public bool IsExhausted { get; private set; }

    /// <summary>Whether the current batch is the last of the epoch.</summary>
    public bool IsLast => _current.Has && !_next.Has && IsExhausted;

    /// <summary>How long the step of the current batch had to wait for data.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Goes to the next batch.</summary>
    /// <param name="step">Optimizer steps taken before, for what is thrown.</param>
    /// <exception cref="BatchFailedException">The source threw for it.</exception>
    public bool MoveNext(long step)
    {
        if (!_started)
        {
            _started = true;
            _next = Read();
        }
        else
        {
            _batch++;
        }

        (_current, _next, _isCurrentTaken) = (_next, default, false);
        if (!_current.Has)
        {
            if (_error is { } error)
            {
                _error = null;
                throw error is Tracking.MLOpsException ? error : new BatchFailedException(_epoch, _batch, step, "The data source threw", error);
            }

            return false;
        }

        _next = Read();
        (Waited, _waiting) = (_waiting, TimeSpan.Zero);
        return true;
    }

    public void Dispose()
    {
        if (_current.Has && !_isCurrentTaken)
            BatchDisposal.Dispose(_current.Batch);
        if (_next.Has)
            BatchDisposal.Dispose(_next.Batch);
        ValueTask disposal = _batches.DisposeAsync();
        if (!disposal.IsCompletedSuccessfully)
            disposal.AsTask().GetAwaiter().GetResult();
    }

    private (bool Has, TBatch Batch) Read()
    {
        if (IsExhausted || _error is not null)
            return default;
        long begin = Stopwatch.GetTimestamp();
        try
        {
            if (Blocking.Await(_batches.MoveNextAsync()))
                return (true, _batches.Current);

            // A source that ends when it is cancelled has not come to the end of its epoch.
            IsExhausted = !_cancellationToken.IsCancellationRequested;
            return default;
        }
        catch (OperationCanceledException) when (_cancellationToken.IsCancellationRequested)
        {
            return default;
        }
#pragma warning disable CA1031 // Thrown when the batch is due.
        catch (Exception error)
        {
            _error = error;
            return default;
        }
#pragma warning restore CA1031
        finally
        {
            _waiting += Stopwatch.GetElapsedTime(begin);
        }
    }
}
