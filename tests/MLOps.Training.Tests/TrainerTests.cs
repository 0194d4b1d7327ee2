using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

[Collection("torch")]
public sealed class TrainerTests
{
    [Fact]
    public async Task A_linear_law_is_learned()
    {
        manual_seed(1);
        using nn.Module<Tensor, Tensor> module = nn.Linear(4, 1);
        using FlatModel model = new(module);
        using PlainSgd optimizer = new(model, 0.3);
        List<double> losses = [];
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(model, optimizer, new FixedBatches(10), batch => nn.functional.mse_loss(module.call(batch.Inputs), batch.Targets));
        trainer.Use(new Losses(losses));

        TrainingOutcome outcome = await trainer.RunAsync(TrainingLength.Epochs(30), TestContext.Current.CancellationToken);

        Assert.IsType<TrainingOutcome.Completed>(outcome);
        Assert.Equal(new TrainingPosition(300, 30, 0, 300), outcome.Position);
        Assert.Equal(300, losses.Count);
        Assert.True(losses[^1] < 1e-4 && losses[0] > 0.01, $"from {losses[0]} to {losses[^1]}");
    }

    private sealed class Losses(List<double> losses) : TrainerCallback
    {
        public override void OnStep(TrainingStep step) => losses.Add(step.LossValue);
    }
}
