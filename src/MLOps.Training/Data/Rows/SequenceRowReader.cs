using MLOps.Training.Checkpoints;

namespace MLOps.Training;

/// <summary>
/// Rows that come one after the other, in their order or out of a buffer that is kept full: the next row is a random one of the buffer, whose place the next of the sequence takes.
/// Those of passed batches are read and dropped.
/// </summary>
internal sealed class SequenceRowReader<TItem>(Func<int, IAsyncEnumerable<TItem>> read, BatchPlan plan, int epoch, long firstBatch) : RowReader<TItem>
{
    private readonly List<(long Row, TItem Item)> _buffer = [];
    private ShuffleGenerator _generator = new(plan.Seed, epoch);
    private IAsyncEnumerator<TItem>? _items;
    private long _row;
    private long _batch;
    private bool _isAtEnd;

    public override BatchRows<TItem>? Read(CancellationToken cancellationToken)
    {
        for (; _batch < firstBatch; _batch++)
        {
            if (ReadNext(cancellationToken) is null)
                throw new CheckpointMismatchException("data", $"{firstBatch} batches of epoch {epoch} have been used, and the sequence now ends after {_batch}. To resume, go on with the same data in the same order, or load the weights alone.");
        }

        BatchRows<TItem>? batch = ReadNext(cancellationToken);
        _batch++;
        return batch;
    }

    public override ValueTask DisposeAsync() => _items?.DisposeAsync() ?? default;

    private BatchRows<TItem>? ReadNext(CancellationToken cancellationToken)
    {
        List<long> rows = new(plan.BatchSize);
        List<TItem> items = new(plan.BatchSize);
        while (items.Count < plan.BatchSize && Take(cancellationToken) is var (row, item))
        {
            rows.Add(row);
            items.Add(item);
        }

        bool isWhole = items.Count == plan.BatchSize || (items.Count > 0 && !plan.DropLast);
        return isWhole ? new(epoch, _batch, [.. rows], [.. items], null) : null;
    }

    private (long Row, TItem Item)? Take(CancellationToken cancellationToken)
    {
        if (!plan.Shuffle)
            return Pull(cancellationToken);

        while (_buffer.Count < plan.ShuffleBuffer && Pull(cancellationToken) is { } next)
            _buffer.Add(next);
        if (_buffer.Count == 0)
            return null;
        // The last takes the place of the one that goes; the next of the sequence then comes last.
        int place = (int)_generator.Next((ulong)_buffer.Count);
        (long Row, TItem Item) taken = _buffer[place];
        _buffer[place] = _buffer[^1];
        _buffer.RemoveAt(_buffer.Count - 1);
        return taken;
    }

    private (long Row, TItem Item)? Pull(CancellationToken cancellationToken)
    {
        if (_isAtEnd)
            return null;
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            _items ??= (read(epoch) ?? throw new InvalidOperationException("The function that begins the sequence returned null.")).GetAsyncEnumerator(cancellationToken);
            if (Blocking.Await(_items.MoveNextAsync()))
                return (_row++, _items.Current);
            _isAtEnd = true;
            return null;
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            throw new BatchFailedException(epoch, _batch, null, $"Reading row {_row} of the data source threw", error) { Rows = [_row] };
        }
    }
}
