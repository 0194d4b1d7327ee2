using static TorchSharp.torch;

namespace MLOps.Training.Tests.Optimizers;

/// <summary>A moving average as anyone could have written it, with public API only.</summary>
internal sealed class OutsideAverage(double decay) : TrainerCallback
{
    public List<Tensor> Averages { get; } = [];

    public override void OnStart(Trainer trainer) =>
        Averages.AddRange(trainer.Model.Buffers.Select(buffer => buffer.Parameters.clone().DetachFromDisposeScope()));

    public override void OnStep(TrainingStep step)
    {
        using IDisposable noGrad = no_grad();
        foreach ((FlatBuffer buffer, Tensor average) in step.Trainer.Model.Buffers.Zip(Averages))
            average.lerp_(buffer.Parameters, tensor(1 - decay, average.dtype));
    }
}
