using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Takes an optimizer step for every k batches, with the mean of their gradients: a batch k times as large, in the memory of a small one.</summary>
/// <remarks>
/// <para>
/// Each loss is divided by k before its backward pass. The last group of an epoch may be shorter, since an epoch ends with a step: its gradients are divided by its share of k once more, so that it
/// is a mean as well. For a loss that is a mean over rows, and batches of as many rows, the gradients are those of one batch of all rows but for the rounding of float32 sums: a relative 10⁻⁵ or less
/// where gradients don't cancel out. A last batch of fewer rows weighs as much as its fellows. BatchNorm and the like see small batches.
/// </para>
/// <para>Put it first: what scales the loss, clips gradients or watches them comes after. It keeps no state, and none is needed: checkpoints are taken between steps.</para>
/// </remarks>
/// <example>1,000 batches an epoch and <c>new GradientAccumulation(8)</c> are 125 steps.</example>
public sealed class GradientAccumulation : TrainerCallback
{
    /// <summary>Accumulates over so many batches.</summary>
    /// <param name="batches">k, 1 or more; 1 changes nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batches"/> is less than 1.</exception>
    public GradientAccumulation(int batches)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batches, 1);
        Batches = batches;
    }

    /// <summary>How many batches make a step.</summary>
    public int Batches { get; }

    /// <inheritdoc/>
    public override void OnLoss(TrainingStep step)
    {
        if (Batches > 1)
            step.Loss /= Batches;
    }

    /// <inheritdoc/>
    public override void OnBackward(TrainingStep step)
    {
        int count = step.DeferredBatches + 1;
        if (count == Batches)
            return;
        if (!step.IsLastOfEpoch)
            step.Defer();
        else
            step.Gradients.DivideBy(tensor((float)((double)count / Batches), device: step.Trainer.Model.Buffers[0].Device));
    }
}
