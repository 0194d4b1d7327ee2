namespace MLOps.Training;

/// <summary>Where batches come from. The same epoch is read the same way each time, from any batch on: that is what makes a resume exact.</summary>
/// <typeparam name="TBatch">A batch. One that is disposable, or a tuple or list of tensors, is disposed after its step.</typeparam>
public interface IBatchSource<TBatch>
{
    /// <summary>The number of batches of one epoch, where it is known beforehand; else null.</summary>
    long? BatchesPerEpoch { get; }

    /// <summary>How the batches are made, as name and value: a checkpoint keeps this and a resume refuses another order of data.</summary>
    IReadOnlyDictionary<string, string> Description { get; }

    /// <summary>Reads an epoch from one of its batches on. The reader owns the batches; those that the source has ready and the reader did not take are disposed by the source.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="firstBatch">How many batches to pass over, from 0; the number of batches of the epoch gives an empty sequence.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    IAsyncEnumerable<TBatch> ReadEpochAsync(int epoch, long firstBatch, CancellationToken cancellationToken = default);
}
