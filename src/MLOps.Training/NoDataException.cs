using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>An epoch has no batch.</summary>
public sealed class NoDataException(int epoch) : MLOpsException($"Epoch {epoch} has no batch: the data source is empty, or holds fewer rows than one batch and drops the last.")
{
    /// <summary>The epoch, from 0.</summary>
    public int Epoch { get; } = epoch;
}
