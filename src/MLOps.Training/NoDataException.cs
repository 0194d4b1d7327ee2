using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>An epoch, or an evaluation, has no batch.</summary>
public sealed class NoDataException : MLOpsException
{
    /// <summary>The exception of an epoch.</summary>
    /// <param name="epoch">The epoch, from 0.</param>
    public NoDataException(int epoch)
        : this(epoch, $"Epoch {epoch} has no batch: the data source is empty, or holds fewer rows than one batch and drops the last.")
    {
    }

    internal NoDataException(int epoch, string message)
        : base(message) => Epoch = epoch;

    /// <summary>The epoch, from 0; of an evaluation, that which the training has come to.</summary>
    public int Epoch { get; }
}
