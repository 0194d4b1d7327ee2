using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

/// <summary>An optimizer that anyone could have written: parameters minus rate times gradient.</summary>
internal sealed class PlainSgd(FlatModel model, double learningRate) : ModelOptimizer(model, learningRate)
{
    public override string Name => "Plain";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    public override void Step(GradientControl gradients)
    {
        using IDisposable noGrad = no_grad();
        foreach (FlatBuffer buffer in Model.Buffers)
            buffer.Parameters.sub_(buffer.Gradients * LearningRate);
    }

    public override void SaveState(TrainingState state) { }

    public override void LoadState(TrainingState state) { }
}
