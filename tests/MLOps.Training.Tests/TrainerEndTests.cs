namespace MLOps.Training.Tests;

[Collection("torch")]
public sealed class TrainerEndTests
{
    [Fact]
    public async Task A_training_that_is_cancelled_beforehand_reads_no_data()
    {
        List<string> log = [];
        InterruptedBatches data = new(3, (_, _, _) => Task.CompletedTask);
        RecordingCallback callback = new("a", log);
        using SmallTraining training = new(data);
        training.Trainer.Use(callback);

        CancellationToken cancelled = new(true);
        OperationCanceledException error = await Assert.ThrowsAsync<OperationCanceledException>(() => training.Trainer.RunAsync(TrainingLength.Epochs(1), cancelled));

        Assert.Equal(cancelled, error.CancellationToken);
        Assert.Equal(["a.start", "a.end"], log);
        Assert.IsType<TrainingOutcome.Cancelled>(callback.Outcome);
        Assert.Equal(0, data.Given);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_wait_for_data_is_ended_by_a_cancellation(long waiting)
    {
        using CancellationTokenSource cancelling = CancellationTokenSource.CreateLinkedTokenSource(SmallTraining.Token);
        bool isPatient = true;
        using SmallTraining training = new(new InterruptedBatches(3, (_, batch, token) =>
        {
            if (!isPatient || batch != waiting)
                return Task.CompletedTask;
            cancelling.Cancel();
            return Task.Delay(Timeout.InfiniteTimeSpan, token);
        }));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => training.Trainer.RunAsync(TrainingLength.Epochs(1), cancelling.Token).WaitAsync(TimeSpan.FromSeconds(30), SmallTraining.Token));

        // The source is asked one batch ahead: with the wait for it the batch before is not lost, but not used either.
        Assert.Equal(Math.Max(0, waiting - 1), training.Trainer.Position.Step);
        isPatient = false;
        await training.RunAsync(TrainingLength.Epochs(1));
        using SmallTraining straight = new(new FixedBatches(3));
        await straight.RunAsync(TrainingLength.Epochs(1));
        Assert.Equal(straight.Parameters(), training.Parameters());
    }

    [Fact]
    public async Task A_wait_for_the_first_batch_after_a_resume_is_no_end_of_an_epoch()
    {
        using CancellationTokenSource cancelling = new();
        bool isStuck = false;
        int epochs = 0;
        using SmallTraining training = new(new InterruptedBatches(6, (_, _, token) =>
        {
            if (!isStuck)
                return Task.CompletedTask;
            cancelling.Cancel();
            return Task.Delay(Timeout.InfiniteTimeSpan, token);
        }));
        training.Trainer.Use(new DelegatingCallback { Epoch = _ => epochs++ });
        await training.RunAsync(TrainingLength.Steps(2));
        isStuck = true;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => training.Trainer.RunAsync(TrainingLength.Epochs(1), cancelling.Token).WaitAsync(TimeSpan.FromSeconds(30), SmallTraining.Token));

        Assert.Equal((0, new TrainingPosition(2, 0, 2, 2)), (epochs, training.Trainer.Position));
    }

    [Theory]
    [InlineData("batch")]
    [InlineData("loss")]
    [InlineData("backward")]
    [InlineData("step")]
    public async Task A_step_that_is_being_taken_ends_before_a_cancellation_counts(string hook)
    {
        using CancellationTokenSource cancelling = new();
        using SmallTraining training = new();
        bool wasAskedToEnd = false;
        RecordingCallback callback = new("a", [])
        {
            At = at =>
            {
                wasAskedToEnd |= training.Trainer.Ending.IsCancellationRequested;
                if (at == hook && training.Trainer.Position.Batch is 2 or 3)
                    cancelling.Cancel();
            },
        };
        training.Trainer.Use(callback);

        await Assert.ThrowsAsync<OperationCanceledException>(() => training.Trainer.RunAsync(TrainingLength.Epochs(1), cancelling.Token));

        Assert.True(wasAskedToEnd);
        Assert.Equal(3 - (hook == "step" ? 1 : 0), training.Trainer.Position.Step);
        Assert.Equal(training.Trainer.Position, callback.Outcome!.Position);
    }

    [Fact]
    public async Task A_step_of_several_batches_has_them_all_before_a_cancellation_counts()
    {
        using CancellationTokenSource cancelling = new();
        using SmallTraining training = new(new FixedBatches(10));
        training.Trainer.Use(new GradientAccumulation(4)).Use(new DelegatingCallback
        {
            LossGiven = step =>
            {
                if (step.Trainer.Position.TotalBatches == 4)
                    cancelling.Cancel();
            },
        });

        await Assert.ThrowsAsync<OperationCanceledException>(() => training.Trainer.RunAsync(TrainingLength.Epochs(2), cancelling.Token));

        Assert.Equal(new TrainingPosition(2, 0, 8, 8), training.Trainer.Position);
    }

    [Fact]
    public async Task A_callback_stops_the_training_after_its_step_and_the_first_reason_counts()
    {
        using SmallTraining training = new();
        training.Trainer.Use(new DelegatingCallback
        {
            LossGiven = step =>
            {
                if (step.Step < 3)
                    return;
                step.Trainer.Stop("enough");
                step.Trainer.Stop("more than enough");
            },
        });

        TrainingOutcome.Stopped stopped = Assert.IsType<TrainingOutcome.Stopped>(await training.RunAsync(TrainingLength.Epochs(2)));

        Assert.Equal(("enough", 4, 0), (stopped.Reason, stopped.Position.Step, stopped.ExitCode));
    }

    [Fact]
    public async Task A_callback_that_stops_at_the_start_stops_before_the_first_step()
    {
        using SmallTraining training = new();
        training.Trainer.Use(new DelegatingCallback { Start = trainer => trainer.Stop("no need") });
        Assert.Equal(0, Assert.IsType<TrainingOutcome.Stopped>(await training.RunAsync(TrainingLength.Steps(5))).Position.Step);
    }

    [Fact]
    public async Task A_notice_ends_the_training_after_its_step_as_interrupted()
    {
        using Notice notice = new();
        using SmallTraining training = new();
        TrainingOutcome? told = null;
        MLOps.Runtime.InterruptionNotice? seen = null;
        training.Trainer.Use(new DelegatingCallback
        {
            LossGiven = step =>
            {
                if (step.Step == 7)
                    notice.Give();
            },
            End = (trainer, outcome) => (told, seen) = (outcome, trainer.Interruption),
        });

        TrainingOutcome outcome = await notice.RunAsync(training.Trainer, TrainingLength.Epochs(3));

        TrainingOutcome.Interrupted interrupted = Assert.IsType<TrainingOutcome.Interrupted>(outcome);
        Assert.Same(Notice.Sigterm, interrupted.Cause);
        Assert.Same(Notice.Sigterm, seen);
        Assert.Same(told, outcome);
        Assert.Equal((143, new TrainingPosition(8, 1, 2, 8)), (outcome.ExitCode, outcome.Position));

        // The program goes on, for instance because the notice was taken back: so can the training.
        using SmallTraining straight = new();
        await straight.RunAsync(TrainingLength.Epochs(3));
        Assert.IsType<TrainingOutcome.Completed>(await training.RunAsync(TrainingLength.Epochs(3)));
        Assert.Null(training.Trainer.Interruption);
        Assert.Equal(straight.Parameters(), training.Parameters());
    }

    [Fact]
    public async Task A_notice_ends_a_wait_for_data()
    {
        using Notice notice = new();
        using SmallTraining training = new(new InterruptedBatches(6, (_, batch, token) =>
        {
            if (batch != 4)
                return Task.CompletedTask;
            notice.Give();
            return Task.Delay(Timeout.InfiniteTimeSpan, token);
        }));

        TrainingOutcome outcome = await notice.RunAsync(training.Trainer, TrainingLength.Epochs(1)).WaitAsync(TimeSpan.FromSeconds(30), SmallTraining.Token);

        Assert.IsType<TrainingOutcome.Interrupted>(outcome);
    }

    [Fact]
    public async Task An_interruption_comes_before_a_cancellation_and_both_before_the_length_and_that_before_a_stop()
    {
        foreach ((bool isNoticed, bool isCancelled, int steps, Type expected) in ((bool, bool, int, Type)[])
        [
            (true, true, 1, typeof(TrainingOutcome.Interrupted)), (false, true, 1, typeof(TrainingOutcome.Cancelled)),
            (false, false, 1, typeof(TrainingOutcome.Completed)), (false, false, 2, typeof(TrainingOutcome.Stopped)),
        ])
        {
            using CancellationTokenSource cancelling = new();
            using SmallTraining training = new();
            RecordingCallback callback = new("a", [])
            {
                At = at =>
                {
                    if (at == "step" && isCancelled)
                        cancelling.Cancel();
                },
            };
            training.Trainer.Use(callback).Use(new DelegatingCallback { Step = step => step.Trainer.Stop("no more") });
            using Notice notice = new();
            training.Trainer.Use(new DelegatingCallback
            {
                Step = _ =>
                {
                    if (isNoticed)
                        notice.Give();
                },
            });
            Task run = training.Trainer.RunWithNoticesAsync(TrainingLength.Steps(steps), () => notice.Current, CancellationToken.None, cancelling.Token);
            await run.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

            Assert.Equal(expected, callback.Outcome!.GetType());
            Assert.Equal(1, callback.Outcome.Position.Step);
            Assert.Equal(expected == typeof(TrainingOutcome.Cancelled), run.IsFaulted || run.IsCanceled);
        }
    }

    [Theory]
    [InlineData(1, 25)]
    [InlineData(6, 12)]
    [InlineData(7, 8)]
    [InlineData(11, 13)]
    public async Task A_trainer_that_is_run_again_for_longer_is_one_long_training(int first, int second)
    {
        using SmallTraining twice = new(), straight = new();
        await twice.RunAsync(TrainingLength.Steps(first));
        Assert.Equal(first, twice.Trainer.Position.Step);
        await twice.RunAsync(TrainingLength.Steps(second));
        await straight.RunAsync(TrainingLength.Steps(second));

        Assert.Equal(straight.Trainer.Position, twice.Trainer.Position);
        Assert.Equal(straight.Parameters(), twice.Parameters());
    }

    [Fact]
    public async Task A_length_that_has_been_reached_trains_nothing()
    {
        InterruptedBatches data = new(6, (_, _, _) => Task.CompletedTask);
        using SmallTraining training = new(data);
        await training.RunAsync(TrainingLength.Epochs(2));
        int given = data.Given;

        TrainingOutcome outcome = await training.RunAsync(TrainingLength.Epochs(1));

        Assert.IsType<TrainingOutcome.Completed>(outcome);
        Assert.Equal((new TrainingPosition(12, 2, 0, 12), given), (outcome.Position, data.Given));
    }

    [Fact]
    public async Task Steps_and_epochs_of_the_same_length_are_the_same_training()
    {
        List<string> bySteps = [], byEpochs = [];
        using SmallTraining first = new(), second = new();
        first.Trainer.Use(new RecordingCallback("a", bySteps));
        second.Trainer.Use(new RecordingCallback("a", byEpochs));

        TrainingOutcome steps = await first.RunAsync(TrainingLength.Steps(12)), epochs = await second.RunAsync(TrainingLength.Epochs(2));

        Assert.Equal(epochs, steps);
        Assert.Equal(byEpochs, bySteps);
        Assert.Equal(second.Parameters(), first.Parameters());
    }

    [Fact]
    public async Task Every_batch_is_disposed_whatever_ends_the_training()
    {
        using SmallTraining warm = new();
        await warm.RunAsync(TrainingLength.Steps(1));
        using SmallTraining training = new();
        training.Trainer.Use(new DelegatingCallback
        {
            Step = step =>
            {
                if (step.Step == 3)
                    step.Trainer.Stop("amid an epoch");
            },
        });
        long before = LiveTensors.Baseline();

        await training.RunAsync(TrainingLength.Epochs(3));

        LiveTensors.AssertNoneMoreThan(before);
    }
}
