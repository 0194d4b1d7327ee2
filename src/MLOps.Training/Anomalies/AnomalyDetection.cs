using Microsoft.Extensions.Logging;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// Looks whether the loss and the gradients are finite, before the optimizer uses them; when they are not, says which step, batch and parameters, and ends the training or skips the step.
/// </summary>
/// <remarks>
/// <para>
/// Looking means to read a number from the device. On the CPU that is free, and each step is looked at; elsewhere it waits for the device, and every 100th step is. <see cref="AnomalyAction.Skip"/> skips
/// every anomalous step on every device all the same, as that needs no reading; those between two looks are not told of.
/// Parameters and the optimizer's state stay as they are to the last bit when a step is skipped. What the forward pass itself changes, like the averages of batch norm, is changed already.
/// </para>
/// <para>
/// With a <see cref="GradientScaler"/> gradients that are not finite are how the scale is found: the scaler skips such steps, and they are told of only after more than <see cref="MaxConsecutive"/> in a row,
/// which ends the training.
/// </para>
/// <para>When batches are put off, their step is skipped as a whole. It costs one pass over the gradients, which clipping and scaling share. No report is kept but the latest.</para>
/// </remarks>
public sealed partial class AnomalyDetection : TrainerCallback
{
    private readonly Action<Anomaly>? _onAnomaly;
    private readonly int? _interval;
    private bool _hasScaler;
    private bool _isTold;
    private (double Loss, long Batch, IReadOnlyList<AnomalousTensor> Values)? _badLoss;
    private Tensor? _lossIsBad;
    private Tensor? _stepIsBad;
    private Tensor? _consecutive;

    /// <summary>Makes a detector.</summary>
    /// <param name="action">What to do about an anomaly.</param>
    /// <param name="onAnomaly">Called with each anomaly before anything is done about it, on the training's thread; the trainer's logger hears of it too. What it throws ends the training.</param>
    /// <param name="interval">How many steps from one look to the next, 1 or more; null for each step on the CPU and every 100th elsewhere.</param>
    /// <param name="maxConsecutive">See <see cref="MaxConsecutive"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">A parameter is outside its range.</exception>
    public AnomalyDetection(AnomalyAction action = AnomalyAction.Throw, Action<Anomaly>? onAnomaly = null, int? interval = null, int maxConsecutive = 20)
    {
        if (action is not (AnomalyAction.Throw or AnomalyAction.Skip))
            throw new ArgumentOutOfRangeException(nameof(action), action, "There is no such action.");
        if (interval < 1)
            throw new ArgumentOutOfRangeException(nameof(interval), interval, "Looks are at least one step apart.");
        ArgumentOutOfRangeException.ThrowIfLessThan(maxConsecutive, 1);
        (Action, _onAnomaly, _interval, MaxConsecutive) = (action, onAnomaly, interval, maxConsecutive);
    }

    /// <summary>What is done about an anomaly.</summary>
    /// <value>Default <see cref="AnomalyAction.Throw"/>.</value>
    public AnomalyAction Action { get; }

    /// <summary>How many anomalous steps in a row may be skipped; the next one ends the training with an <see cref="AnomalyException"/> (when it is looked at).</summary>
    /// <value>Default 20; 1 or more.</value>
    public int MaxConsecutive { get; }

    /// <summary>How many steps from one look to the next: 1 is each. Set when training begins.</summary>
    public int Interval { get; private set; } = 1;

    /// <summary>The latest anomaly; null when there was none.</summary>
    public Anomaly? Latest { get; private set; }

    /// <summary>How many anomalies were told of since this object was made.</summary>
    public long Count { get; private set; }

    /// <inheritdoc/>
    public override void OnStart(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        Interval = _interval ?? (trainer.Model.Buffers.All(buffer => buffer.Device.type == DeviceType.CPU) ? 1 : 100);
        _hasScaler = trainer.Callbacks.Any(callback => callback is GradientScaler);
        Device device = trainer.Model.Buffers[0].Device;
        _lossIsBad = zeros([], float32, device).DetachFromDisposeScope();
        _consecutive = zeros([], float32, device).DetachFromDisposeScope();
        (_badLoss, _isTold) = (null, false);
    }

    /// <inheritdoc/>
    /// <exception cref="AnomalyException">The loss is not finite, and the action is to throw.</exception>
    public override void OnLoss(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        if (IsLookedAt(step) && _badLoss is null && !double.IsFinite(step.LossValue))
        {
            // Why the loss is bad is in the values: gradients will all be bad.
            _badLoss = (step.LossValue, step.Batch, Values(step.Trainer.Model));
            if (Action == AnomalyAction.Throw)
                Tell(step, []);
        }

        if (Action == AnomalyAction.Skip)
            _lossIsBad!.copy_(maximum(_lossIsBad!, FiniteCheck.IsNotFinite(step.Loss.detach()).to(_lossIsBad!.device)));
    }

    /// <inheritdoc/>
    /// <exception cref="AnomalyException">The loss or a gradient is not finite, and the action is to throw or too many steps in a row were skipped.</exception>
    public override void OnBackward(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        bool isLookedAt = IsLookedAt(step);
        // Nothing is to be done about what nobody looks at, and no row of bad steps is to be counted.
        if (!isLookedAt && Action == AnomalyAction.Throw && !_hasScaler)
            return;

        Tensor gradientIsBad = FiniteCheck.IsNotFinite(FiniteCheck.NormOf(step));
        _stepIsBad = maximum(_lossIsBad!, gradientIsBad);
        if (Action == AnomalyAction.Skip)
            step.Gradients.SkipWhen(_hasScaler ? _lossIsBad!.clone() : _stepIsBad);
        if (!isLookedAt || _isTold || _stepIsBad.item<float>() == 0)
            return;

        bool isRowTooLong = (int)_consecutive!.item<float>() + 1 > MaxConsecutive;
        if (_badLoss is null && _hasScaler && !isRowTooLong)
            return;
        List<AnomalousTensor> gradients = Gradients(step.Trainer.Model);
        // Finite numbers whose squares do not add up to one: not nice, but no anomaly.
        if (_badLoss is not null || gradients.Count > 0)
            Tell(step, gradients);
    }

    /// <inheritdoc/>
    public override void OnStep(TrainingStep step)
    {
        if (_stepIsBad is { } isBad)
            _consecutive!.copy_((_consecutive! + 1) * isBad);
        _lossIsBad!.zero_();
        (_stepIsBad, _badLoss, _isTold) = (null, null, false);
    }

    /// <inheritdoc/>
    public override void OnEnd(Trainer trainer, TrainingOutcome outcome)
    {
        _lossIsBad?.Dispose();
        _consecutive?.Dispose();
        (_lossIsBad, _consecutive, _stepIsBad) = (null, null, null);
    }

    private static List<AnomalousTensor> Gradients(FlatModel model) =>
    [
        .. model.Buffers
            .SelectMany(buffer => buffer.Entries.Select(entry => (entry.Name, Gradient: entry.ViewOf(buffer.Gradients))))
            .Select(entry => Examine(entry.Name, entry.Gradient, isGradient: true)).OfType<AnomalousTensor>(),
    ];

    private static List<AnomalousTensor> Values(FlatModel model) =>
        [.. model.Module.state_dict().Select(entry => Examine(entry.Key, entry.Value.detach(), isGradient: false)).OfType<AnomalousTensor>()];

    private static AnomalousTensor? Examine(string name, Tensor tensor, bool isGradient)
    {
        (long nans, long infinities) = (tensor.isnan().sum().item<long>(), tensor.isinf().sum().item<long>());
        return nans + infinities == 0 ? null : new AnomalousTensor(name, isGradient, nans, infinities, tensor.numel());
    }

    private bool IsLookedAt(TrainingStep step) => step.Step % Interval == 0;

    /// <summary>Tells of an anomaly, once per step, and throws when that is what is to be done about it.</summary>
    private void Tell(TrainingStep step, IReadOnlyList<AnomalousTensor> gradients)
    {
        int consecutive = (int)_consecutive!.item<float>() + 1;
        Anomaly anomaly = new()
        {
            Step = step.Step,
            Epoch = step.Epoch,
            Batch = _badLoss?.Batch ?? step.Batch,
            Loss = _badLoss?.Loss ?? step.LossValue,
            Consecutive = consecutive,
            Tensors = _badLoss is { } bad ? [.. bad.Values, .. gradients] : gradients,
        };
        (_isTold, Latest) = (true, anomaly);
        Count++;
        LogAnomaly(step.Trainer.Options.Logger, anomaly.ToString());
        _onAnomaly?.Invoke(anomaly);
        if (Action == AnomalyAction.Throw || consecutive > MaxConsecutive)
            throw new AnomalyException(anomaly);
    }

    [LoggerMessage(4400, LogLevel.Warning, "{Anomaly}")]
    private static partial void LogAnomaly(ILogger logger, string anomaly);
}
