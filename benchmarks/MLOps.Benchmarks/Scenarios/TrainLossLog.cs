using MLOps.Tracking;
using MLOps.Training;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>Logs the loss of each step to a run.</summary>
internal sealed class TrainLossLog(Run run) : TrainerCallback
{
    private readonly Metric _loss = run.Metric("loss");

    public override void OnStep(TrainingStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        _loss.Log(step.LossValue, step.Step);
    }
}
