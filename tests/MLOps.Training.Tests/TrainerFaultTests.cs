using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests;

[Collection("torch")]
public sealed class TrainerFaultTests
{
    public static TheoryData<string> Hooks { get; } = ["start", "batch", "loss", "backward", "step", "epoch", "metrics", "end"];

    public static TheoryData<int> Batches { get; } = [0, 1, 7, 11, 12, 17];

    [Theory]
    [MemberData(nameof(Hooks))]
    public async Task What_a_callback_throws_is_thrown_and_those_that_started_are_told(string hook)
    {
        List<string> log = [];
        FormatException fault = new(hook);
        RecordingCallback first = new("first", log), last = new("last", log);
        using SmallTraining training = new(new FixedBatches(2));
        training.Trainer
            .Use(first)
            .Use(new DelegatingCallback { Epoch = trainer => trainer.Report(new Dictionary<string, double>()) })
            .Use(new RecordingCallback("faulty", log) { At = at => _ = at == hook ? throw fault : 0 })
            .Use(last);

        Assert.Same(fault, await Assert.ThrowsAsync<FormatException>(() => training.RunAsync(TrainingLength.Epochs(1))));

        Assert.Equal(hook == "end" ? (Type)typeof(TrainingOutcome.Completed) : typeof(TrainingOutcome.Failed), first.Outcome?.GetType());
        Assert.Equal(hook == "start" ? null : first.Outcome, last.Outcome);
        Assert.Same(fault, (first.Outcome as TrainingOutcome.Failed)?.Exception ?? fault);
        Assert.Equal(hook != "start", log.Contains("faulty.end"));
        Assert.Equal(hook is "start" or "batch" or "loss" or "backward" ? 0 : hook == "step" ? 1 : 2, training.Trainer.Position.Step);

        // The trainer is whole: it can be run again.
        Assert.True(training.Trainer.IsBetweenSteps);
    }

    [Fact]
    public async Task What_callbacks_throw_at_the_end_is_thrown_beside_what_ended_the_training()
    {
        List<string> log = [];
        using SmallTraining training = new();
        training.Trainer
            .Use(new RecordingCallback("a", log) { At = at => _ = at == "end" ? throw new FormatException("first") : 0 })
            .Use(new RecordingCallback("b", log) { At = at => _ = at is "step" or "end" ? throw new FormatException(at) : 0 })
            .Use(new RecordingCallback("c", log));

        AggregateException error = await Assert.ThrowsAsync<AggregateException>(() => training.RunAsync(TrainingLength.Steps(1)));

        Assert.Equal(["step", "first", "end"], error.InnerExceptions.Select(inner => inner.Message));
        Assert.Equal("c.end", log[^1]);
    }

    [Theory]
    [InlineData("no scalar", "[8, 1]")]
    [InlineData("detached", "no gradient function")]
    [InlineData("null", "null")]
    [InlineData("whole number", "Int64")]
    [InlineData("disposed", "disposed")]
    public async Task A_loss_that_cannot_be_trained_on_is_refused(string what, string because)
    {
        SmallTraining? training = null;
        training = new SmallTraining(loss: batch =>
        {
            Tensor loss = training!.Loss(batch);
            if (training.Trainer.Position.Step < 2)
                return loss;
            switch (what)
            {
                case "no scalar":
                    return nn.functional.mse_loss(training.Module.call(batch.Inputs), batch.Targets, nn.Reduction.None);
                case "detached":
                    return loss.detach();
                case "null":
                    return null!;
                case "whole number":
                    return loss.to(ScalarType.Int64);
                default:
                    loss.Dispose();
                    return loss;
            }
        });
        using SmallTraining untouched = new();
        await untouched.RunAsync(TrainingLength.Steps(2));

        LossException error = await Assert.ThrowsAsync<LossException>(() => training.RunAsync(TrainingLength.Epochs(1)));

        Assert.Contains(because, error.Message, StringComparison.Ordinal);
        Assert.Equal(2, error.Step);
        Assert.Equal(new TrainingPosition(2, 0, 2, 2), training.Trainer.Position);
        Assert.Equal(untouched.Parameters(), training.Parameters());
        training.Dispose();
    }

    [Fact]
    public async Task A_loss_of_one_element_in_several_dimensions_is_one_number()
    {
        SmallTraining? training = null;
        training = new SmallTraining(loss: batch => training!.Loss(batch).reshape(1, 1));
        using SmallTraining plain = new();

        await training.RunAsync(TrainingLength.Steps(3));
        await plain.RunAsync(TrainingLength.Steps(3));

        Assert.Equal(plain.Parameters(), training.Parameters());
        training.Dispose();
    }

    [Fact]
    public async Task An_empty_source_is_refused()
    {
        List<string> log = [];
        using SmallTraining training = new(new FixedBatches(0));
        training.Trainer.Use(new RecordingCallback("a", log));

        NoDataException error = await Assert.ThrowsAsync<NoDataException>(() => training.RunAsync(TrainingLength.Epochs(1)));

        Assert.Equal(0, error.Epoch);
        Assert.Equal(["a.start", "a.end"], log);
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public async Task A_batch_that_the_source_throws_for_leaves_the_step_before_and_comes_again(int failing)
    {
        bool hasFailed = false;
        using SmallTraining training = new(new InterruptedBatches(6, (epoch, batch, _) =>
        {
            if (hasFailed || (epoch * 6) + batch != failing || batch == 6)
                return Task.CompletedTask;
            hasFailed = true;
            throw new IOException("gone");
        }));
        await FailsAndGoesOnAsync(training, failing, "The data source threw");
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public async Task A_batch_that_the_loss_function_throws_for_leaves_the_step_before_and_comes_again(int failing)
    {
        bool hasFailed = false;
        SmallTraining? training = null;
        training = new SmallTraining(loss: batch =>
        {
            Tensor loss = training!.Loss(batch);
            if (hasFailed || training.Trainer.Position.TotalBatches != failing)
                return loss;
            hasFailed = true;
            throw new IOException("gone");
        });
        await FailsAndGoesOnAsync(training, failing, "The loss function threw");
        training.Dispose();
    }

    [Theory]
    [MemberData(nameof(Batches))]
    public async Task A_batch_that_fails_amid_a_step_takes_the_step_back(int failing)
    {
        bool hasFailed = false;
        SmallTraining? training = null;
        training = new SmallTraining(loss: batch =>
        {
            Tensor loss = training!.Loss(batch);
            if (hasFailed || training.Trainer.Position.TotalBatches != failing)
                return loss;
            hasFailed = true;
            throw new IOException("gone");
        });
        training.Trainer.Use(new GradientAccumulation(4));
        using SmallTraining straight = new();
        straight.Trainer.Use(new GradientAccumulation(4));
        await straight.RunAsync(TrainingLength.Epochs(3));

        BatchFailedException error = await Assert.ThrowsAsync<BatchFailedException>(() => training.RunAsync(TrainingLength.Epochs(3)));

        // Of 6 batches, 4 and 2 make a step.
        Assert.Equal((failing / 6, failing % 6, (failing / 6 * 2) + (failing % 6 / 4)), (error.Epoch, (int)error.Batch, (int)error.Step!.Value));
        Assert.Equal(new TrainingPosition(error.Step!.Value, error.Epoch, failing % 6 / 4 * 4, (error.Epoch * 6) + (failing % 6 / 4 * 4)), training.Trainer.Position);
        Assert.Equal(0, training.Model.Buffers[0].Gradients.abs().sum().item<float>());
        await training.RunAsync(TrainingLength.Epochs(3));
        Assert.Equal(straight.Parameters(), training.Parameters());
        training.Dispose();
    }

    [Fact]
    public async Task A_batch_that_will_not_be_used_may_fail()
    {
        using SmallTraining training = new(new InterruptedBatches(6, (_, batch, _) => batch == 4 ? throw new IOException("gone") : Task.CompletedTask));
        Assert.IsType<TrainingOutcome.Completed>(await training.RunAsync(TrainingLength.Steps(4)));
    }

    [Fact]
    public async Task A_failure_within_the_optimizer_forbids_more_until_a_state_is_loaded()
    {
        using SmallTraining training = new(), straight = new();
        await training.RunAsync(TrainingLength.Steps(2));
        var saved = SavedStates.Copy(training.Trainer.SaveState());
        training.Optimizer.Fault = new FormatException("half");

        await Assert.ThrowsAsync<FormatException>(() => training.RunAsync(TrainingLength.Steps(4)));

        Assert.False(training.Trainer.IsBetweenSteps);
        Assert.Throws<InvalidOperationException>(training.Trainer.SaveState);
        await Assert.ThrowsAsync<InvalidOperationException>(() => training.RunAsync(TrainingLength.Steps(4)));
        training.Trainer.LoadState(saved);
        await training.RunAsync(TrainingLength.Steps(4));
        await straight.RunAsync(TrainingLength.Steps(4));
        Assert.Equal(straight.Parameters(), training.Parameters());
    }

    [Fact]
    public async Task Nothing_of_a_failed_step_stays_alive()
    {
        using SmallTraining training = new();
        await training.RunAsync(TrainingLength.Steps(1));
        int thrown = 0;
        training.Trainer.Use(new DelegatingCallback { Backward = _ => throw new FormatException($"{thrown++}") });
        await Assert.ThrowsAsync<FormatException>(() => training.RunAsync(TrainingLength.Steps(2)));
        long before = LiveTensors.Baseline();

        for (int i = 0; i < 5; i++)
            await Assert.ThrowsAsync<FormatException>(() => training.RunAsync(TrainingLength.Steps(2)));

        LiveTensors.AssertNoneMoreThan(before);
    }

    private static async Task FailsAndGoesOnAsync(SmallTraining training, int failing, string what)
    {
        using SmallTraining straight = new(), until = new();
        await straight.RunAsync(TrainingLength.Epochs(3));
        if (failing > 0)
            await until.RunAsync(TrainingLength.Steps(failing));

        BatchFailedException error = await Assert.ThrowsAsync<BatchFailedException>(() => training.RunAsync(TrainingLength.Epochs(3)));

        Assert.Equal((failing / 6, failing % 6, failing), (error.Epoch, (int)error.Batch, (int)error.Step!.Value));
        Assert.StartsWith(what, error.Message, StringComparison.Ordinal);
        Assert.IsType<IOException>(error.InnerException);
        Assert.Equal(until.Parameters(), training.Parameters());
        Assert.Equal((failing, failing), (training.Trainer.Position.Step, training.Trainer.Position.TotalBatches));
        Assert.IsType<TrainingOutcome.Completed>(await training.RunAsync(TrainingLength.Epochs(3)));
        Assert.Equal(straight.Parameters(), training.Parameters());
    }
}
