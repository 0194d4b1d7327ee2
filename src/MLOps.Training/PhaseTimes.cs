namespace MLOps.Training;

/// <summary>What the time of a step went to. On CUDA these are the times of the calling thread: kernels run on after a call returns, and the wait for them shows where a value is read.</summary>
/// <param name="Data">Waiting for batches.</param>
/// <param name="Forward">In the loss function.</param>
/// <param name="Backward">In the backward pass.</param>
/// <param name="Optimizer">From the backward pass to the end of the optimizer: clipping, scaling, the update.</param>
public readonly record struct PhaseTimes(TimeSpan Data, TimeSpan Forward, TimeSpan Backward, TimeSpan Optimizer)
{
    /// <summary>The sum of the four.</summary>
    public TimeSpan Total => Data + Forward + Backward + Optimizer;
}
