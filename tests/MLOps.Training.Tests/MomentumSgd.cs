using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

/// <summary>An optimizer with a state that a resume needs, and a heed for what it is told about gradients.</summary>
internal sealed class MomentumSgd : ModelOptimizer
{
    private readonly List<Tensor> _velocities;

    public MomentumSgd(FlatModel model, double learningRate)
        : base(model, learningRate) => _velocities = [.. model.Buffers.Select(buffer => zeros_like(buffer.Parameters).DetachFromDisposeScope())];

    /// <summary>Thrown within the next step, once.</summary>
    public Exception? Fault { get; set; }

    public override string Name => "Momentum";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    public override void Step(GradientControl gradients)
    {
        if (Fault is { } fault)
        {
            Fault = null;
            using (no_grad())
                Model.Buffers[0].Entries[0].Tensor.fill_(7);
            throw fault;
        }

        using IDisposable noGrad = no_grad();
        for (int i = 0; i < _velocities.Count; i++)
        {
            Tensor gradient = gradients.Divisor is { } divisor ? Model.Buffers[i].Gradients / divisor : Model.Buffers[i].Gradients;
            _velocities[i].mul_(0.9).add_(gradient);
            Model.Buffers[i].Parameters.sub_(_velocities[i] * LearningRate);
        }
    }

    public override void SaveState(TrainingState state)
    {
        for (int i = 0; i < _velocities.Count; i++)
            state.Set($"velocity.{i}", _velocities[i]);
    }

    public override void LoadState(TrainingState state)
    {
        using IDisposable noGrad = no_grad();
        for (int i = 0; i < _velocities.Count; i++)
            _velocities[i].copy_(state.GetTensor($"velocity.{i}"));
    }

    protected override void Dispose(bool disposing)
    {
        _velocities.ForEach(velocity => velocity.Dispose());
        base.Dispose(disposing);
    }
}
