using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>The step that is being taken, as callbacks see it. One object serves all steps of a training: keep what you read from it, not the object.</summary>
public sealed class TrainingStep
{
    private Tensor? _loss;
    private Tensor? _rawLoss;
    private double? _lossValue;

    internal TrainingStep(Trainer trainer) => Trainer = trainer;

    /// <summary>The trainer that takes the step.</summary>
    public Trainer Trainer { get; }

    /// <summary>Optimizer steps taken before this one; the same from <see cref="TrainerCallback.OnBatch"/> to <see cref="TrainerCallback.OnStep"/>, where the trainer's position is one further.</summary>
    public long Step { get; private set; }

    /// <summary>The epoch of the batch, from 0.</summary>
    public int Epoch { get; private set; }

    /// <summary>The place of the batch in its epoch, from 0.</summary>
    public long Batch { get; private set; }

    /// <summary>How many batches this step has used before this one: those that were deferred. 0 but with gradient accumulation.</summary>
    public int DeferredBatches { get; private set; }

    /// <summary>Whether the batch is the last of its epoch. Known from <see cref="TrainerCallback.OnBackward"/> on.</summary>
    public bool IsLastOfEpoch { get; internal set; }

    /// <summary>What the data source gave.</summary>
    public object? Data { get; private set; }

    /// <summary>What the backward pass starts from: the loss, or what a callback made of it. A scalar with a gradient function.</summary>
    /// <exception cref="InvalidOperationException">There is no loss yet.</exception>
    public Tensor Loss
    {
        get => _loss ?? throw new InvalidOperationException("The loss function has not returned yet: read Loss in OnLoss or later.");
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            _loss = value;
        }
    }

    /// <summary>The value that the loss function returned for this batch, before any callback changed it. Read from the device at the first use, which waits for it there; kept for the rest of the step.</summary>
    /// <exception cref="InvalidOperationException">There is no loss yet.</exception>
    public double LossValue => _lossValue ??= Read(_rawLoss ?? throw new InvalidOperationException("The loss function has not returned yet: read LossValue in OnLoss or later."));

    /// <summary>What the optimizer is told about the gradients.</summary>
    public GradientControl Gradients { get; } = new();

    /// <summary>Whether the optimizer waits for more batches.</summary>
    public bool IsDeferred { get; private set; }

    /// <summary>What the time of this step went to, that of its deferred batches included; complete in <see cref="TrainerCallback.OnStep"/>.</summary>
    public PhaseTimes Times { get; private set; }

    /// <summary>Leaves the gradients as they are and goes on to the next batch, whose gradients are added to them.</summary>
    /// <remarks>Called in <see cref="TrainerCallback.OnBackward"/>. Never for the last batch of an epoch: an epoch ends with a step.</remarks>
    /// <exception cref="InvalidOperationException">The batch is the last of its epoch.</exception>
    public void Defer()
    {
        if (IsLastOfEpoch)
            throw new InvalidOperationException("The last batch of an epoch can't be deferred: an epoch ends with a step, so that checkpoints need no gradients.");
        IsDeferred = true;
    }

    internal void BeginStep(long step)
    {
        (Step, DeferredBatches, Times) = (step, -1, default);
    }

    internal void BeginBatch(int epoch, long batch, object? data)
    {
        (Epoch, Batch, Data) = (epoch, batch, data);
        (_loss, _rawLoss, _lossValue, IsDeferred, IsLastOfEpoch) = (null, null, null, false, false);
        DeferredBatches++;
        Gradients.Clear();
    }

    internal void SetLoss(Tensor loss) => (_loss, _rawLoss) = (loss, loss);

    internal void AddTimes(in PhaseTimes batch) =>
        Times = new(Times.Data + batch.Data, Times.Forward + batch.Forward, Times.Backward + batch.Backward, Times.Optimizer + batch.Optimizer);

    internal void EndStep()
    {
        (_loss, _rawLoss, Data) = (null, null, null);
        Gradients.Clear();
    }

    private static double Read(Tensor loss)
    {
        using Tensor detached = loss.detach();
        switch (detached.dtype)
        {
            case ScalarType.Float32:
                return detached.item<float>();
            case ScalarType.Float64:
                return detached.item<double>();
            default:
                using (Tensor wide = detached.to(float64))
                    return wide.item<double>();
        }
    }
}
