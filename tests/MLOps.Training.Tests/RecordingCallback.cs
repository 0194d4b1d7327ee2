using MLOps.Training.Checkpoints;

namespace MLOps.Training.Tests;

/// <summary>Writes down what it is told, and does or throws what a test wants.</summary>
internal sealed class RecordingCallback(string name, List<string> log) : TrainerCallback
{
    /// <summary>Called at each hook with the hook's name.</summary>
    public Action<string>? At { get; init; }

    public TrainingOutcome? Outcome { get; private set; }

    public override void OnStart(Trainer trainer) => Note("start");

    public override void OnBatch(TrainingStep step) => Note("batch");

    public override void OnLoss(TrainingStep step) => Note("loss");

    public override void OnBackward(TrainingStep step) => Note("backward");

    public override void OnStep(TrainingStep step) => Note("step");

    public override void OnEpoch(Trainer trainer) => Note("epoch");

    public override void OnMetrics(Trainer trainer, IReadOnlyDictionary<string, double> metrics) => Note("metrics");

    public override void OnCheckpoint(Trainer trainer, Checkpoint checkpoint) => Note("checkpoint");

    public override void OnEnd(Trainer trainer, TrainingOutcome outcome)
    {
        Outcome = outcome;
        Note("end");
    }

    private void Note(string hook)
    {
        lock (log)
            log.Add($"{name}.{hook}");
        At?.Invoke(hook);
    }
}
