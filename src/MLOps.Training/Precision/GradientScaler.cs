using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// Dynamic loss scaling, for training in Float16: multiplies the loss so that small gradients do not vanish, has the optimizer divide them again, skips a step whose gradients are not finite, and finds the
/// scale by itself. PyTorch's <c>GradScaler</c>, with its rule and defaults.
/// </summary>
/// <remarks>
/// <para>
/// The rule: after a step with a NaN or infinite gradient the scale is multiplied by <see cref="Backoff"/>; after <see cref="Interval"/> steps in a row without one it is multiplied by <see cref="Growth"/>, unless that
/// is beyond float32. All of it happens on the device, and nothing waits for it. A step that is skipped counts as a step for schedules and <see cref="TrainingPosition"/>.
/// </para>
/// <para>
/// When batches are put off (gradient accumulation), all batches of a step have one scale, and the sum of their gradients is looked at. Give it before callbacks that clip gradients.
/// A model that gives NaN whatever the scale makes it fall without end: <see cref="AnomalyDetection"/> ends such a training. BFloat16 needs no scaling.
/// </para>
/// <para>
/// Its state is the scale and the number of good steps, as tensors, under the name <c>gradient-scaler</c>.
/// Source: Micikevicius et al. (2018), Mixed Precision Training, arXiv:1710.03740; the rule is that of <c>torch._amp_update_scale_</c>.
/// </para>
/// </remarks>
public sealed class GradientScaler : TrainerCallback
{
    private Tensor _scale;
    private Tensor _goodSteps;
    private Tensor? _found;

    /// <summary>Makes a scaler.</summary>
    /// <param name="initialScale">The scale of the first step: finite, above 0.</param>
    /// <param name="growth">See <see cref="Growth"/>.</param>
    /// <param name="backoff">See <see cref="Backoff"/>.</param>
    /// <param name="interval">See <see cref="Interval"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public GradientScaler(double initialScale = 65_536, double growth = 2, double backoff = 0.5, int interval = 2_000)
    {
        if (!((float)initialScale > 0 && float.IsFinite((float)initialScale)))
            throw new ArgumentOutOfRangeException(nameof(initialScale), initialScale, "The scale is above 0 and finite, as a float32.");
        if (!(growth > 1 && double.IsFinite(growth)))
            throw new ArgumentOutOfRangeException(nameof(growth), growth, "The growth is above 1 and finite.");
        if (!(backoff is > 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(backoff), backoff, "The backoff is between 0 and 1.");
        ArgumentOutOfRangeException.ThrowIfLessThan(interval, 1);
        (Growth, Backoff, Interval) = (growth, backoff, interval);
        _scale = tensor((float)initialScale).DetachFromDisposeScope();
        _goodSteps = tensor(0).DetachFromDisposeScope();
    }

    /// <summary>What the scale is multiplied by after <see cref="Interval"/> good steps.</summary>
    /// <value>Default 2; above 1.</value>
    public double Growth { get; }

    /// <summary>What the scale is multiplied by after a step whose gradients were not finite.</summary>
    /// <value>Default 0.5; between 0 and 1.</value>
    public double Backoff { get; }

    /// <summary>How many good steps in a row make the scale grow.</summary>
    /// <value>Default 2,000; 1 or more.</value>
    public int Interval { get; }

    /// <summary>The scale of the next step. Reading it waits for the device. On the training's thread only, while one runs.</summary>
    public double Scale => _scale.item<float>();

    /// <inheritdoc/>
    public override string StateName => "gradient-scaler";

    /// <inheritdoc/>
    public override void SaveState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.Set("scale", _scale);
        state.Set("good-steps", _goodSteps);
    }

    /// <inheritdoc/>
    /// <exception cref="KeyNotFoundException">The state lacks something.</exception>
    public override void LoadState(TrainingState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        (Tensor scale, Tensor goodSteps) = (state.GetTensor("scale"), state.GetTensor("good-steps"));
        _scale.copy_(scale);
        _goodSteps.copy_(goodSteps);
    }

    /// <inheritdoc/>
    public override void OnStart(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        Device device = trainer.Model.Buffers[0].Device;
        (_scale, _goodSteps) = (MoveTo(device, _scale), MoveTo(device, _goodSteps));
    }

    /// <inheritdoc/>
    public override void OnLoss(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        step.Loss *= _scale;
    }

    /// <inheritdoc/>
    public override void OnBackward(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (step.IsDeferred)
            return;

        // A copy: the scale itself changes at the end of this step, while others may still read the divisor.
        Tensor divisor = _scale.clone();
        // Who computed the norm before did so without this divisor.
        if (step.Gradients.Norm is { } norm)
            step.Gradients.Norm = norm / divisor;
        step.Gradients.DivideBy(divisor);
        step.Gradients.SkipWhen(_found = FiniteCheck.IsNotFinite(FiniteCheck.NormOf(step)));
    }

    /// <inheritdoc/>
    public override void OnStep(TrainingStep step)
    {
        Tensor wasBad = _found!.to(ScalarType.Bool);
        Tensor goodSteps = _goodSteps + 1;
        Tensor grows = goodSteps.eq(Interval).logical_and(wasBad.logical_not());
        Tensor grown = _scale * Growth;
        _scale.copy_(where(wasBad, _scale * Backoff, where(grows.logical_and(grown.isfinite()), grown, _scale)));
        _goodSteps.copy_(goodSteps.masked_fill(wasBad.logical_or(grows), 0));
        _found = null;
    }

    private static Tensor MoveTo(Device device, Tensor tensor)
    {
        if (tensor.device == device)
            return tensor;
        Tensor moved = tensor.to(device).DetachFromDisposeScope();
        tensor.Dispose();
        return moved;
    }
}
