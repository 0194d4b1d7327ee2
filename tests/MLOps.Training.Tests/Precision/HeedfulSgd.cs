using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Precision;

/// <summary>Plain gradient descent that divides and skips as it is told.</summary>
internal sealed class HeedfulSgd(FlatModel model, double learningRate) : ModelOptimizer(model, learningRate)
{
    public override string Name => "Heedful";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    public override void Step(GradientControl gradients)
    {
        using IDisposable noGrad = no_grad();
        foreach (FlatBuffer buffer in Model.Buffers)
        {
            Tensor gradient = gradients.Divisor is { } divisor ? buffer.Gradients / divisor : buffer.Gradients;
            Tensor next = buffer.Parameters - gradient * LearningRate;
            buffer.Parameters.copy_(gradients.Skip is { } skip ? where(skip.to(ScalarType.Bool), buffer.Parameters, next) : next);
        }
    }

    public override void SaveState(TrainingState state) { }

    public override void LoadState(TrainingState state) { }
}
