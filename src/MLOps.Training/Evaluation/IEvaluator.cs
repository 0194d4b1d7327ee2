namespace MLOps.Training;

/// <summary>What an <see cref="Evaluation{TBatch}"/> measures. Those of <see cref="Evaluation"/> measure what is usual; one of your own measures what you want.</summary>
/// <typeparam name="TBatch">What the data source gives.</typeparam>
/// <remarks>Called on one thread, in the order <see cref="Reset"/>, <see cref="Add"/> for each batch, <see cref="GetResults"/>; an evaluation that is cut short has no results asked for.</remarks>
public interface IEvaluator<in TBatch>
{
    /// <summary>Forgets everything that was added.</summary>
    void Reset();

    /// <summary>Takes a batch in. The model is in evaluation mode and makes no gradients; tensors made here are disposed with the batch.</summary>
    void Add(TBatch batch);

    /// <summary>What has been measured, by name, without the evaluation's prefix. NaN where a metric is not defined.</summary>
    IReadOnlyDictionary<string, double> GetResults();
}
