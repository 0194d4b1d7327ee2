using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Says now and then how far the training is.</summary>
/// <remarks>
/// Reports after a step when the interval has gone by, and once more at the end, whatever the end is. <see cref="IProgress{T}.Report"/> is called on the training's thread, which waits for it;
/// <see cref="Progress{T}"/> passes reports on to other threads, where they may arrive in another order. Time is that of <see cref="TrainerOptions.TimeProvider"/>.
/// A report reads the loss, which on a GPU waits for the step; between reports a step costs a look at the clock.
/// </remarks>
public sealed class ProgressReporting : TrainerCallback
{
    /// <summary>The time over which rates are smoothed, in seconds: after it a span weighs 1/e of what it did.</summary>
    private const double Smoothing = 10;

    private readonly IProgress<TrainingProgress> _progress;
    private readonly TimeSpan _interval;
    private long _started;
    private long _reported;
    private TrainingPosition _reportedPosition;
    private PhaseTimes _times;
    private double? _loss;
    private double _secondsPerBatch;
    private double _batchesPerStep;
    private double _weight;

    /// <summary>Reports to <paramref name="progress"/>.</summary>
    /// <param name="progress">Where to; a bar, a line of text, a page. What it throws ends the training.</param>
    /// <param name="interval">The least time between two reports, 0 or more; 0 reports each step. Default 250 ms.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="interval"/> is negative.</exception>
    public ProgressReporting(IProgress<TrainingProgress> progress, TimeSpan? interval = null)
    {
        ArgumentNullException.ThrowIfNull(progress);
        if (interval is { } given)
            ArgumentOutOfRangeException.ThrowIfLessThan(given, TimeSpan.Zero, nameof(interval));
        (_progress, _interval) = (progress, interval ?? TimeSpan.FromMilliseconds(250));
    }

    /// <inheritdoc/>
    public override void OnStart(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        _started = _reported = trainer.Options.TimeProvider.GetTimestamp();
        (_reportedPosition, _times, _loss, _secondsPerBatch, _batchesPerStep, _weight) = (trainer.Position, default, null, 0, 0, 0);
    }

    /// <inheritdoc/>
    public override void OnStep(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        PhaseTimes times = step.Times;
        _times = new(_times.Data + times.Data, _times.Forward + times.Forward, _times.Backward + times.Backward, _times.Optimizer + times.Optimizer);
        Trainer trainer = step.Trainer;
        long now = trainer.Options.TimeProvider.GetTimestamp();
        bool isDue = trainer.Options.TimeProvider.GetElapsedTime(_reported, now) >= _interval;
        if (isDue || trainer.Length.IsReachedBy(trainer.Position) || step.IsLastOfEpoch)
            _loss = step.LossValue;
        if (isDue)
            Report(trainer, now);
    }

    /// <inheritdoc/>
    public override void OnEnd(Trainer trainer, TrainingOutcome outcome)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        Report(trainer, trainer.Options.TimeProvider.GetTimestamp());
    }

    private void Report(Trainer trainer, long now)
    {
        TimeProvider clock = trainer.Options.TimeProvider;
        TrainingPosition position = trainer.Position;
        Smooth(clock.GetElapsedTime(_reported, now).TotalSeconds, position.TotalBatches - _reportedPosition.TotalBatches, position.Step - _reportedPosition.Step);
        double? batchesPerSecond = _weight > 0 && _secondsPerBatch > 0 ? _weight / _secondsPerBatch : null;
        double? stepsPerSecond = batchesPerSecond / (_batchesPerStep / _weight);
        (double? fraction, double? seconds) = Rest(trainer, batchesPerSecond, stepsPerSecond);
        TrainingProgress progress = new()
        {
            Position = position,
            Length = trainer.Length,
            BatchesPerEpoch = trainer.BatchesPerEpoch,
            Fraction = fraction,
            Loss = _loss,
            LearningRate = trainer.Optimizer.LearningRate,
            BatchesPerSecond = batchesPerSecond,
            StepsPerSecond = stepsPerSecond,
            Elapsed = clock.GetElapsedTime(_started, now),
            Remaining = seconds is { } rest && rest < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(rest) : null,
            Metrics = new Dictionary<string, double>(trainer.Metrics, StringComparer.Ordinal),
            Times = _times,
            WorkingSet = Environment.WorkingSet,
            LiveTensors = Tensor.TotalCount,
        };
        (_reported, _reportedPosition, _times) = (now, position, default);
        _progress.Report(progress);
    }

    /// <summary>Means of the spans between reports, each weighing by its length and less as it grows old.</summary>
    private void Smooth(double seconds, long batches, long steps)
    {
        if (seconds <= 0 || steps <= 0)
            return;
        double keep = Math.Exp(-seconds / Smoothing), weight = 1 - keep;
        _secondsPerBatch = (keep * _secondsPerBatch) + (weight * seconds / batches);
        _batchesPerStep = (keep * _batchesPerStep) + (weight * batches / steps);
        _weight = (keep * _weight) + weight;
    }

    private static (double? Fraction, double? Seconds) Rest(Trainer trainer, double? batchesPerSecond, double? stepsPerSecond)
    {
        TrainingPosition position = trainer.Position;
        if (trainer.Length.TotalSteps is { } steps)
            return (Math.Min(1, (double)position.Step / steps), Math.Max(0, steps - position.Step) / stepsPerSecond);
        int epochs = trainer.Length.TotalEpochs.GetValueOrDefault();
        if (trainer.BatchesPerEpoch is { } batches and > 0)
        {
            double done = ((double)position.Epoch * batches) + position.Batch, all = (double)epochs * batches;
            return (Math.Min(1, done / all), Math.Max(0, all - done) / batchesPerSecond);
        }

        return position.Epoch >= epochs ? (1, 0) : (null, null);
    }
}
