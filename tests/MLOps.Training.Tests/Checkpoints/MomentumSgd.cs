using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Checkpoints;

/// <summary>v ← 0.9 v + g, p ← p − rate · v: an optimizer with state.</summary>
internal sealed class MomentumSgd : ModelOptimizer
{
    private readonly List<Tensor> _velocities;

    public MomentumSgd(FlatModel model, double learningRate = 0.05)
        : base(model, learningRate) => _velocities = [.. model.Buffers.Select(buffer => zeros_like(buffer.Parameters).DetachFromDisposeScope())];

    public override string Name => "Momentum";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string> { ["momentum"] = "0.9" };

    public override void Step(GradientControl gradients)
    {
        using IDisposable noGrad = no_grad();
        foreach ((FlatBuffer buffer, Tensor velocity) in Model.Buffers.Zip(_velocities))
        {
            velocity.mul_(0.9).add_(buffer.Gradients);
            buffer.Parameters.sub_(velocity * LearningRate);
        }
    }

    public override void SaveState(TrainingState state)
    {
        for (int i = 0; i < _velocities.Count; i++)
            state.Set($"velocity.{i}", _velocities[i]);
    }

    public override void LoadState(TrainingState state)
    {
        for (int i = 0; i < _velocities.Count; i++)
        {
            if (!state.Tensors.TryGetValue($"velocity.{i}", out Tensor? saved) || saved.numel() != _velocities[i].numel())
                throw new CheckpointMismatchException("optimizer", "it was kept for other parameters.");
            _velocities[i].copy_(saved);
        }
    }

    protected override void Dispose(bool disposing)
    {
        foreach (Tensor velocity in _velocities)
            velocity.Dispose();
        base.Dispose(disposing);
    }
}
