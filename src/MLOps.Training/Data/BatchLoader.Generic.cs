using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace MLOps.Training;

/// <summary>
/// Batches of the rows of a list or a sequence, made ahead by threads of its own while a step runs. The order is the same whatever those threads do: the rows, the options, the seed and the
/// epoch decide it, so that a training which stopped in the middle of an epoch goes on with the very next batch. Made by <see cref="BatchLoader"/>.
/// </summary>
/// <typeparam name="TItem">A row.</typeparam>
/// <typeparam name="TBatch">What the collate function makes of some rows.</typeparam>
/// <remarks>
/// Safe for several threads; readings at once are independent of one another. Nothing runs and nothing is held before an epoch is read or after: a reading that ends, is cancelled or is disposed
/// before its end waits for the batches that are being collated and disposes all that were not taken.
/// </remarks>
public sealed class BatchLoader<TItem, TBatch> : IBatchSource<TBatch>
{
    private readonly IReadOnlyList<TItem>? _list;
    private readonly int _count;
    private readonly Func<int, IAsyncEnumerable<TItem>>? _sequence;
    private readonly Func<IReadOnlyList<TItem>, TBatch> _collate;
    private readonly BatchPlan _plan;
    private readonly int _workers;
    private readonly int _prefetch;
    private readonly bool _pinMemory;
    private readonly TorchSharp.torch.Device? _device;

    internal BatchLoader(IReadOnlyList<TItem>? list, Func<int, IAsyncEnumerable<TItem>>? sequence, Func<IReadOnlyList<TItem>, TBatch> collate, BatchLoaderOptions? options)
    {
        ArgumentNullException.ThrowIfNull(collate);
        options ??= new();
        RequireOne(options, options.BatchSize, nameof(options.BatchSize));
        RequireOne(options, options.ShuffleBuffer, nameof(options.ShuffleBuffer));
        RequireOne(options, options.Workers, nameof(options.Workers));
        RequireOne(options, options.Prefetch ?? 1, nameof(options.Prefetch));
        if ((options.PinMemory || options.Device is not null) && typeof(TBatch) != typeof(TensorBatch))
            throw new ArgumentException($"PinMemory and Device are for batches of type TensorBatch: a batch of type {typeof(TBatch).Name} is pinned or moved by the collate function.", nameof(options));
        if (options.PinMemory)
            TensorBatch.RequireCuda("PinMemory");
        if (options.Device?.type == TorchSharp.DeviceType.CUDA)
            TensorBatch.RequireCuda($"The device {options.Device}");

        (_list, _count, _sequence, _collate) = (list, list?.Count ?? 0, sequence, collate);
        _plan = new(options.BatchSize, options.Shuffle, options.Seed, options.DropLast, options.ShuffleBuffer);
        (_workers, _prefetch) = (options.Workers, options.Prefetch ?? checked(2 * options.Workers));
        (_pinMemory, _device) = (options.PinMemory, options.Device);
        BatchesPerEpoch = list is null ? null : _plan.Count(_count);
        Description = _plan.Describe(list is null ? null : _count);
    }

    /// <inheritdoc/>
    /// <remarks>Known for lists.</remarks>
    public long? BatchesPerEpoch { get; }

    /// <inheritdoc/>
    /// <remarks>Batch size, whether the last rows are dropped, how rows are shuffled and from which seed, and the number of rows of a list. Not what changes only the speed.</remarks>
    public IReadOnlyDictionary<string, string> Description { get; }

    /// <inheritdoc/>
    /// <remarks>Of a list, passed batches cost nothing. Of a sequence their rows are read again and dropped, in the order that they would have had, but not collated.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">A number is negative, or the epoch of a list has fewer batches.</exception>
    /// <exception cref="InvalidOperationException">The list has another number of rows than when the loader was made.</exception>
    /// <exception cref="BatchFailedException">In its place in the sequence: reading a row or collating a batch threw. The message names the rows.</exception>
    /// <exception cref="Checkpoints.CheckpointMismatchException">In the sequence: an epoch of a sequence has fewer batches than are to be passed over.</exception>
    public IAsyncEnumerable<TBatch> ReadEpochAsync(int epoch, long firstBatch, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        if (BatchesPerEpoch is { } batches)
            ArgumentOutOfRangeException.ThrowIfGreaterThan(firstBatch, batches);
        if (_list is not null && _list.Count != _count)
            throw new InvalidOperationException($"The list had {_count} rows when the loader was made and has {_list.Count} now: the order of an epoch is one of so many rows. Make a new loader, or don't change the list.");
        return ReadAsync(epoch, firstBatch, cancellationToken);
    }

    private static void RequireOne(BatchLoaderOptions options, int value, string name)
    {
        if (value < 1)
            throw new ArgumentOutOfRangeException(nameof(options), value, $"{name} must be at least 1.");
    }

    private async IAsyncEnumerable<TBatch> ReadAsync(int epoch, long firstBatch, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long workers = Math.Min(_workers, BatchesPerEpoch - firstBatch ?? _workers);
        if (workers == 0)
            yield break;

        RowReader<TItem> rows = _list is null
            ? new SequenceRowReader<TItem>(_sequence!, _plan, epoch, firstBatch)
            : new IndexedRowReader<TItem>(_list, _count, _plan, epoch, firstBatch);
        BatchMaker<TItem, TBatch> maker = new(rows, Make, (int)workers, _prefetch);
        Task<TBatch>? due = null;
        try
        {
            while (await maker.Batches.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                if (!maker.Batches.TryRead(out due))
                    continue;
                TBatch batch = await due.WaitAsync(cancellationToken).ConfigureAwait(false);
                due = null;
                yield return batch;
            }
        }
        finally
        {
            await maker.DisposeAsync().ConfigureAwait(false);
            if (due is not null)
                await BatchMaker<TItem, TBatch>.DisposeAsync(due).ConfigureAwait(false);
        }
    }

    private TBatch Make(BatchRows<TItem> rows) =>
        rows.Collate(items => _pinMemory || _device is not null ? (TBatch)(object)Place((TensorBatch)(object)_collate(items)!) : _collate(items));

    private TensorBatch Place(TensorBatch batch)
    {
        if (_pinMemory)
            batch = Replace(batch, batch.PinMemory);
        return _device is null ? batch : Replace(batch, () => batch.To(_device));

        static TensorBatch Replace(TensorBatch batch, Func<TensorBatch> move)
        {
            using (batch)
                return move();
        }
    }
}
