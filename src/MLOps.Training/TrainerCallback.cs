using MLOps.Training.Checkpoints;

namespace MLOps.Training;

/// <summary>
/// A duty beside the step. Everything that a <see cref="Trainer{TBatch}"/> does but the step itself is one of these, written with public API: a callback of your own can do what ours do.
/// </summary>
/// <remarks>
/// All methods are called on the training's thread, in the order in which callbacks were given to <see cref="Trainer{TBatch}.Use"/>. What one throws ends the training as failed.
/// A callback serves one trainer. Tensors that a method makes between <see cref="OnBatch"/> and <see cref="OnStep"/> belong to the step's dispose scope.
/// </remarks>
public abstract class TrainerCallback
{
    /// <summary>The name under which a checkpoint keeps the state of this callback, unique in a trainer: lower case, digits and hyphens. Null, the default, when it has none.</summary>
    public virtual string? StateName => null;

    /// <summary>What this callback was told, by name, as text of the invariant culture: what a run logs as params. Empty by default. Keys are lower case with underscores, <c>warmup_steps</c>.</summary>
    public virtual IReadOnlyDictionary<string, string> Settings => System.Collections.ObjectModel.ReadOnlyDictionary<string, string>.Empty;

    /// <summary>Puts into <paramref name="state"/> what a resume needs. Called only between steps.</summary>
    public virtual void SaveState(TrainingState state) { }

    /// <summary>Takes from <paramref name="state"/> what <see cref="SaveState"/> put there.</summary>
    public virtual void LoadState(TrainingState state) { }

    /// <summary>Training begins, or goes on after a resume.</summary>
    public virtual void OnStart(Trainer trainer) { }

    /// <summary>A batch is about to be used; a good place to set the learning rate.</summary>
    public virtual void OnBatch(TrainingStep step) { }

    /// <summary>The loss function has returned; <see cref="TrainingStep.Loss"/> may be replaced before the backward pass.</summary>
    public virtual void OnLoss(TrainingStep step) { }

    /// <summary>The gradients are there. The optimizer may be put off by <see cref="TrainingStep.Defer"/>, and told by <see cref="TrainingStep.Gradients"/> to divide them or to skip.</summary>
    public virtual void OnBackward(TrainingStep step) { }

    /// <summary>The optimizer has taken its step. Not called for a batch that was deferred.</summary>
    public virtual void OnStep(TrainingStep step) { }

    /// <summary>All batches of an epoch have been used; <see cref="Trainer.Position"/> stands at the beginning of the next.</summary>
    public virtual void OnEpoch(Trainer trainer) { }

    /// <summary>Another callback has measured something and called <see cref="Trainer.Report(IReadOnlyDictionary{string, double})"/>.</summary>
    public virtual void OnMetrics(Trainer trainer, IReadOnlyDictionary<string, double> metrics) { }

    /// <summary>A checkpoint has been written whole.</summary>
    public virtual void OnCheckpoint(Trainer trainer, Checkpoint checkpoint) { }

    /// <summary>Training is over, whatever the reason. Called for every callback whose <see cref="OnStart"/> returned, in the same order, also when an earlier one throws.</summary>
    public virtual void OnEnd(Trainer trainer, TrainingOutcome outcome) { }

    /// <summary>
    /// All callbacks have been told of the end by <see cref="OnEnd"/>: the place for what must come after their last metrics and checkpoints, such as ending a run. Called for the same
    /// callbacks, in the same order, also when one throws.
    /// </summary>
    /// <param name="trainer">The trainer.</param>
    /// <param name="outcome">As in <see cref="OnEnd"/>; <see cref="TrainingOutcome.Failed"/> as well when the training itself came to its end and a callback's <see cref="OnEnd"/> threw.</param>
    public virtual void OnClose(Trainer trainer, TrainingOutcome outcome) { }
}
