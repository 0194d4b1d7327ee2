using MLOps.Training.Checkpoints;

namespace MLOps.Training;

/// <summary>An optimizer as a <see cref="Trainer{TBatch}"/> uses it. <c>FlatAdamW</c> and <c>FlatSgd</c> act on whole buffers; <c>TorchOptimizer</c> takes any optimizer of TorchSharp.</summary>
/// <remarks>Not safe for several threads.</remarks>
public abstract class ModelOptimizer : IDisposable
{
    /// <summary>For those who derive.</summary>
    /// <param name="model">The model whose parameters it changes.</param>
    /// <param name="learningRate">The base learning rate, greater than 0.</param>
    protected ModelOptimizer(FlatModel model, double learningRate)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(learningRate);
        (Model, BaseLearningRate, LearningRate) = (model, learningRate, learningRate);
    }

    /// <summary>The model whose parameters it changes.</summary>
    public FlatModel Model { get; }

    /// <summary>What the field calls it: <c>AdamW</c>.</summary>
    public abstract string Name { get; }

    /// <summary>The learning rate that it was made with, which schedules multiply.</summary>
    public double BaseLearningRate { get; }

    /// <summary>The learning rate of the next step.</summary>
    public double LearningRate { get; set; }

    /// <summary>Its other settings, by name, as text of the invariant culture: what a run logs as params, and what a resume compares.</summary>
    public abstract IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>Changes the parameters by the gradients in the model's buffers, heeding <paramref name="gradients"/>.</summary>
    /// <param name="gradients">Whether to divide gradients, and whether to skip. When a step is skipped, parameters and state stay as they are to the last bit.</param>
    public abstract void Step(GradientControl gradients);

    /// <summary>Sets all gradients to zero.</summary>
    public virtual void ZeroGradients() => Model.ZeroGradients();

    /// <summary>Keeps what a resume needs.</summary>
    public abstract void SaveState(TrainingState state);

    /// <summary>Takes back what <see cref="SaveState"/> kept.</summary>
    /// <exception cref="CheckpointMismatchException">It was kept by another optimizer, or for other parameters.</exception>
    public abstract void LoadState(TrainingState state);

    /// <summary>Frees its tensors.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Frees its tensors.</summary>
    protected virtual void Dispose(bool disposing) { }
}
