using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

[Collection("torch")]
public sealed class TrainerResumeTests
{
    [Theory]
    [InlineData(0, 20)]
    [InlineData(5, 20)]
    [InlineData(6, 20)]
    [InlineData(12, 18)]
    [InlineData(19, 20)]
    public async Task A_resumed_training_is_bitwise_the_uninterrupted_one(int cut, int steps)
    {
        using SmallTraining straight = new(), before = new(), resumed = new();
        await straight.RunAsync(TrainingLength.Steps(steps));
        if (cut > 0)
            await before.RunAsync(TrainingLength.Steps(cut));
        var saved = SavedStates.Copy(before.Trainer.SaveState());

        resumed.Trainer.LoadState(saved);
        Assert.Equal(before.Trainer.Position, resumed.Trainer.Position);
        await resumed.RunAsync(TrainingLength.Steps(steps));

        Assert.Equal(straight.Parameters(), resumed.Parameters());
        Assert.Equal(straight.Trainer.Position, resumed.Trainer.Position);
    }

    [Fact]
    public async Task The_end_of_an_epoch_is_told_once_straight_and_resumed()
    {
        List<TrainingPosition> straightEpochs = [], resumedEpochs = [];
        IReadOnlyList<TrainingState>? atLastStep = null;
        using SmallTraining straight = new(), resumed = new();
        straight.Trainer.Use(new DelegatingCallback
        {
            Step = step =>
            {
                if (step.Trainer.Position.Step == 12)
                    atLastStep = SavedStates.Copy(step.Trainer.SaveState());
            },
            Epoch = trainer => straightEpochs.Add(trainer.Position),
        });
        await straight.RunAsync(TrainingLength.Steps(12));

        resumed.Trainer.Use(new DelegatingCallback { Epoch = trainer => resumedEpochs.Add(trainer.Position) });
        resumed.Trainer.LoadState(atLastStep!);
        Assert.Equal(new TrainingPosition(12, 1, 6, 12), resumed.Trainer.Position);
        TrainingOutcome outcome = await resumed.RunAsync(TrainingLength.Steps(12));

        Assert.IsType<TrainingOutcome.Completed>(outcome);
        Assert.Equal([new(6, 1, 0, 6), new(12, 2, 0, 12)], straightEpochs);
        Assert.Equal([new(12, 2, 0, 12)], resumedEpochs);
        Assert.Equal(straight.Trainer.Position, outcome.Position);
    }

    [Fact]
    public async Task What_was_reported_is_there_after_a_resume()
    {
        using SmallTraining first = new(), second = new();
        first.Trainer.Use(new DelegatingCallback { Epoch = trainer => trainer.Report(new Dictionary<string, double> { ["val_loss"] = 1.0 / 3, ["bad"] = double.NaN }) });
        await first.RunAsync(TrainingLength.Epochs(1));

        second.Trainer.LoadState(SavedStates.Copy(first.Trainer.SaveState()));

        Assert.Equal(first.Trainer.Metrics, second.Trainer.Metrics);
    }

    [Theory]
    [InlineData("seed")]
    [InlineData("data")]
    [InlineData("model")]
    [InlineData("part")]
    [InlineData("value")]
    public async Task A_state_that_does_not_fit_changes_nothing(string what)
    {
        using SmallTraining saved = new(), training = what switch
        {
            "seed" => new(options: new() { Seed = 4 }),
            "data" => new(new FixedBatches(7)),
            "model" => new(module: nn.Sequential(nn.Linear(4, 9), nn.Linear(9, 1))),
            _ => new(),
        };
        await saved.RunAsync(TrainingLength.Steps(4));
        float[] before = training.Parameters();
        IReadOnlyList<TrainingState> states = SavedStates.Copy(saved.Trainer.SaveState());
        if (what == "part")
            states = [.. states.Where(state => state.Name != "optimizer")];
        if (what == "value")
            states = [.. states.Select(state => state.Name == "trainer" ? new TrainingState("trainer") : state)];

        if (what is "part" or "value")
            Assert.Throws<KeyNotFoundException>(() => training.Trainer.LoadState(states));
        else
            Assert.Equal(what, Assert.Throws<CheckpointMismatchException>(() => training.Trainer.LoadState(states)).Part);

        Assert.Equal(before, training.Parameters());
        Assert.Equal(default, training.Trainer.Position);
        Assert.IsType<TrainingOutcome.Completed>(await training.RunAsync(TrainingLength.Steps(1)));
    }

    [Fact]
    public async Task A_state_that_a_callback_refuses_cannot_be_trained_on()
    {
        using SmallTraining saved = new(), training = new();
        saved.Trainer.Use(new EarlyStopping("x"));
        training.Trainer.Use(new EarlyStopping("x", higherIsBetter: true));
        await saved.RunAsync(TrainingLength.Steps(1));
        var states = SavedStates.Copy(saved.Trainer.SaveState());

        Assert.Throws<CheckpointMismatchException>(() => training.Trainer.LoadState(states));

        await Assert.ThrowsAsync<InvalidOperationException>(() => training.RunAsync(TrainingLength.Steps(2)));
    }

    [Fact]
    public async Task A_training_without_a_seed_for_each_batch_goes_on_by_the_state_of_the_generator()
    {
        using SmallTraining straight = new(options: new() { SeedEachBatch = false });
        manual_seed(77);
        await straight.RunAsync(TrainingLength.Steps(9));

        using SmallTraining first = new(options: new() { SeedEachBatch = false });
        manual_seed(77);
        await first.RunAsync(TrainingLength.Steps(4));
        var saved = SavedStates.Copy(first.Trainer.SaveState());
        using SmallTraining resumed = new(options: new() { SeedEachBatch = false });
        resumed.Trainer.LoadState(saved);
        await resumed.RunAsync(TrainingLength.Steps(9));

        Assert.Equal(straight.Parameters(), resumed.Parameters());
    }
}
