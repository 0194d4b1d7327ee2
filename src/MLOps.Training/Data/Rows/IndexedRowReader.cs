namespace MLOps.Training;

/// <summary>Rows of a list. Only their numbers are handed out here: the rows are read by whoever collates them, several batches at once, and those of passed batches not at all.</summary>
internal sealed class IndexedRowReader<TItem>(IReadOnlyList<TItem> source, int count, BatchPlan plan, int epoch, long firstBatch) : RowReader<TItem>
{
    private long _batch = firstBatch;
    private int[]? _order;

    public override BatchRows<TItem>? Read(CancellationToken cancellationToken)
    {
        long begin = _batch * plan.BatchSize;
        int length = (int)Math.Min(plan.BatchSize, count - begin);
        if (length <= 0 || (plan.DropLast && length < plan.BatchSize))
            return null;

        if (plan.Shuffle)
            _order ??= RowOrder.Shuffled(count, plan.Seed, epoch);
        long[] rows = new long[length];
        for (int i = 0; i < length; i++)
            rows[i] = _order is null ? begin + i : _order[begin + i];
        return new(epoch, _batch++, rows, new TItem[length], source);
    }

    public override ValueTask DisposeAsync() => default;
}
