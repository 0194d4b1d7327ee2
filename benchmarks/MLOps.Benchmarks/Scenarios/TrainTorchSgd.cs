using MLOps.Training;
using MLOps.Training.Checkpoints;
using static TorchSharp.torch;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>TorchSharp's own SGD behind the trainer, so that a loop by hand and the trainer do the same arithmetic.</summary>
internal sealed class TrainTorchSgd(FlatModel model, double learningRate) : ModelOptimizer(model, learningRate)
{
    private readonly optim.Optimizer _sgd = optim.SGD(model.Module.parameters(), learningRate, momentum: 0.9);

    public override string Name => "SGD";

    public override IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    public override void Step(GradientControl gradients) => _sgd.step();

    public override void SaveState(TrainingState state)
    {
    }

    public override void LoadState(TrainingState state) => throw new NotSupportedException("A benchmark does not resume.");

    protected override void Dispose(bool disposing) => _sgd.Dispose();
}
