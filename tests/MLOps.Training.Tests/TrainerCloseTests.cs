namespace MLOps.Training.Tests;

[Collection("torch")]
public sealed class TrainerCloseTests
{
    [Fact]
    public async Task Callbacks_are_closed_in_their_order_after_all_have_ended()
    {
        using Runs.TrackedTraining training = new();
        List<string> calls = [];
        training.Trainer.Use(new Ending("a", calls)).Use(new Ending("b", calls));
        await training.Trainer.RunAsync(TrainingLength.Steps(1), TestContext.Current.CancellationToken);
        Assert.Equal(["a ends Completed", "b ends Completed", "a closes Completed", "b closes Completed"], calls);
    }

    [Fact]
    public async Task A_callback_that_fails_at_the_end_makes_the_training_a_failed_one_for_those_that_close()
    {
        using Runs.TrackedTraining training = new();
        List<string> calls = [];
        training.Trainer.Use(new Ending("a", calls)).Use(new Ending("b", calls, new InvalidDataException("no room")));
        InvalidDataException thrown = await Assert.ThrowsAsync<InvalidDataException>(() => training.Trainer.RunAsync(TrainingLength.Steps(1), TestContext.Current.CancellationToken));
        Assert.Equal("no room", thrown.Message);
        Assert.Equal(["a ends Completed", "b ends Completed", "a closes Failed", "b closes Failed"], calls);
    }

    private sealed class Ending(string name, List<string> calls, Exception? error = null) : TrainerCallback
    {
        public override void OnEnd(Trainer trainer, TrainingOutcome outcome)
        {
            calls.Add($"{name} ends {outcome.GetType().Name}");
            if (error is not null)
                throw error;
        }

        public override void OnClose(Trainer trainer, TrainingOutcome outcome) => calls.Add($"{name} closes {outcome.GetType().Name}");
    }
}
