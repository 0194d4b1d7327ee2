using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Makes loaders: what PyTorch calls a data loader, under a name that TorchSharp's own classes don't have.</summary>
public static class BatchLoader
{
    /// <summary>A loader of the rows of a list.</summary>
    /// <param name="rows">The rows. Read by several threads at once and again in every epoch; may be a list that reads or computes a row when it is asked for it.</param>
    /// <param name="collate">Makes a batch of 1 to <see cref="BatchLoaderOptions.BatchSize"/> rows. Called by several threads at once, with no dispose scope open: it disposes the tensors that it makes on the way, and the batch belongs to the reader.</param>
    /// <param name="options">The rest.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or pins or moves batches that are no <see cref="TensorBatch"/>.</exception>
    /// <exception cref="InvalidOperationException">An option needs CUDA, which is not available.</exception>
    public static BatchLoader<TItem, TBatch> From<TItem, TBatch>(IReadOnlyList<TItem> rows, Func<IReadOnlyList<TItem>, TBatch> collate, BatchLoaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return new(rows, null, collate, options);
    }

    /// <summary>A loader of the rows of a sequence that is begun anew for every epoch.</summary>
    /// <param name="read">Begins the sequence of an epoch, from 0; the same rows whenever it is called for the same epoch. It is called and read by one thread at a time, which may be another for each batch, and always to its end unless the reading stops.</param>
    /// <param name="collate">As of a list. Rows that are passed over after a resume, or dropped at the end, never get here and are not disposed: a row that is bytes or numbers, of which this function makes tensors, needs no disposal.</param>
    /// <param name="options">The rest.</param>
    /// <inheritdoc cref="From{TItem, TBatch}(IReadOnlyList{TItem}, Func{IReadOnlyList{TItem}, TBatch}, BatchLoaderOptions)" path="/exception"/>
    public static BatchLoader<TItem, TBatch> From<TItem, TBatch>(Func<int, IEnumerable<TItem>> read, Func<IReadOnlyList<TItem>, TBatch> collate, BatchLoaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new(null, epoch => read(epoch).ToAsyncEnumerable(), collate, options);
    }

    /// <summary>A loader of the rows of an asynchronous sequence that is begun anew for every epoch.</summary>
    /// <param name="read">Begins the sequence of an epoch, from 0; the same rows whenever it is called for the same epoch. Its token is cancelled when the reading stops; a sequence that does not heed it is waited for until its next row.</param>
    /// <param name="collate">As of a sequence.</param>
    /// <param name="options">The rest.</param>
    /// <inheritdoc cref="From{TItem, TBatch}(IReadOnlyList{TItem}, Func{IReadOnlyList{TItem}, TBatch}, BatchLoaderOptions)" path="/exception"/>
    public static BatchLoader<TItem, TBatch> From<TItem, TBatch>(Func<int, IAsyncEnumerable<TItem>> read, Func<IReadOnlyList<TItem>, TBatch> collate, BatchLoaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(read);
        return new(null, read, collate, options);
    }

    /// <summary>A loader of rows that are in memory as two tensors.</summary>
    /// <param name="inputs">(rows, …). Rows are copied into batches; the tensor itself is not disposed, and must not be changed while batches are read.</param>
    /// <param name="targets">(rows, …).</param>
    /// <param name="options">The rest.</param>
    /// <returns>A loader whose rows are the numbers of rows.</returns>
    /// <exception cref="ArgumentException">The tensors have no rows or not equally many, or an option is out of its range.</exception>
    /// <exception cref="InvalidOperationException">An option needs CUDA, which is not available.</exception>
    public static BatchLoader<int, TensorBatch> FromTensors(Tensor inputs, Tensor targets, BatchLoaderOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        if (inputs.dim() == 0 || targets.dim() == 0 || inputs.shape[0] != targets.shape[0])
            throw new ArgumentException($"Inputs of shape [{string.Join(", ", inputs.shape)}] and targets of shape [{string.Join(", ", targets.shape)}] must have the same first dimension: their rows.", nameof(targets));
        if (inputs.shape[0] > Array.MaxLength)
            throw new ArgumentException($"{inputs.shape[0]} rows are more than the {Array.MaxLength} that a loader shuffles.", nameof(inputs));

        return From((int[])[.. Enumerable.Range(0, (int)inputs.shape[0])], Select, options);

        TensorBatch Select(IReadOnlyList<int> rows)
        {
            using IDisposable noGrad = no_grad();
            using Tensor numbers = tensor(rows.Select(row => (long)row).ToArray());
            Tensor picked = Pick(inputs, numbers);
            try
            {
                return new(picked, Pick(targets, numbers));
            }
            catch
            {
                picked.Dispose();
                throw;
            }
        }

        static Tensor Pick(Tensor from, Tensor rows)
        {
            using Tensor here = rows.to(from.device, copy: true);
            return from.index_select(0, here);
        }
    }
}
