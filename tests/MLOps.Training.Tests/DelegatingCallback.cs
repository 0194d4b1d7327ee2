namespace MLOps.Training.Tests;

/// <summary>A callback of a few lambdas.</summary>
internal sealed class DelegatingCallback : TrainerCallback
{
    public Action<Trainer>? Start { get; init; }

    public Action<TrainingStep>? Batch { get; init; }

    public Action<TrainingStep>? LossGiven { get; init; }

    public Action<TrainingStep>? Backward { get; init; }

    public Action<TrainingStep>? Step { get; init; }

    public Action<Trainer>? Epoch { get; init; }

    public Action<Trainer, IReadOnlyDictionary<string, double>>? Measured { get; init; }

    public Action<Trainer, TrainingOutcome>? End { get; init; }

    public override void OnStart(Trainer trainer) => Start?.Invoke(trainer);

    public override void OnBatch(TrainingStep step) => Batch?.Invoke(step);

    public override void OnLoss(TrainingStep step) => LossGiven?.Invoke(step);

    public override void OnBackward(TrainingStep step) => Backward?.Invoke(step);

    public override void OnStep(TrainingStep step) => Step?.Invoke(step);

    public override void OnEpoch(Trainer trainer) => Epoch?.Invoke(trainer);

    public override void OnMetrics(Trainer trainer, IReadOnlyDictionary<string, double> metrics) => Measured?.Invoke(trainer, metrics);

    public override void OnEnd(Trainer trainer, TrainingOutcome outcome) => End?.Invoke(trainer, outcome);
}
