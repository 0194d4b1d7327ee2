using MLOps.Tracking;

namespace MLOps.Training;

/// <summary>
/// The data source, the loss function or an evaluation threw. Parameters, optimizer and position are as the step before left them: a run of the same trainer begins with the first batch of the
/// step that failed, and so does a resume.
/// </summary>
/// <param name="epoch">The epoch, from 0.</param>
/// <param name="batch">The place of the batch in its epoch, from 0; in the evaluation, where that threw.</param>
/// <param name="step">Optimizer steps taken before; null where a data source that does not know throws it.</param>
/// <param name="what">What threw, as a sentence: <c>The loss function threw</c>.</param>
/// <param name="innerException">What was thrown.</param>
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
