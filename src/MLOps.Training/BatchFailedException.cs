using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>The data source or the loss function threw. The model is as the step before left it, and a checkpoint can be resumed from.</summary>
public sealed class BatchFailedException(int epoch, long batch, long? step, string what, Exception innerException)
    : MLOpsException($"{what} at batch {batch} of epoch {epoch}{(step is null ? "" : $" (step {step})")}: {innerException.Message}", innerException)
{
    /// <summary>The epoch, from 0.</summary>
    public int Epoch { get; } = epoch;

    /// <summary>The place of the batch in its epoch, from 0.</summary>
    public long Batch { get; } = batch;

    /// <summary>Optimizer steps taken before; null when the data source threw, which reads ahead and knows of no steps.</summary>
    public long? Step { get; } = step;

    /// <summary>The rows that could not be read or made into a batch, by their place in the data source, from 0; empty where they are not known.</summary>
    public IReadOnlyList<long> Rows { get; init; } = [];
}
