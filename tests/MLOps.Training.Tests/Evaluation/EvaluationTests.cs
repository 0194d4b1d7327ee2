using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Evaluation;

[Collection("torch")]
public sealed class EvaluationTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_training_goes_on_bitwise_as_if_it_had_not_been_evaluated(bool seedEachBatch)
    {
        (float[] plain, _) = await TrainAsync(false);
        (float[] evaluated, List<IReadOnlyDictionary<string, double>> results) = await TrainAsync(true);

        Assert.Equal(plain, evaluated);
        // After each third step, and the epochs end with one of these.
        Assert.Equal(7, results.Count);
        Assert.All(results, result => Assert.InRange(result["val_loss"], 0.001, 10));

        async Task<(float[] State, List<IReadOnlyDictionary<string, double>> Results)> TrainAsync(bool isEvaluated)
        {
            List<IReadOnlyDictionary<string, double>> results = [];
            using SmallTraining training = new(options: new() { Seed = 8, SeedEachBatch = seedEachBatch }, module: Normed());
            if (isEvaluated)
                training.Trainer.Use(Noisy(training)).Use(new DelegatingCallback { Measured = (_, metrics) => results.Add(metrics) });
            manual_seed(6);
            await training.RunAsync(TrainingLength.Steps(23));
            return ([.. training.Module.state_dict().Values.SelectMany(tensor => tensor.to(ScalarType.Float32).flatten().data<float>().ToArray()), .. rand(4).data<float>().ToArray()], results);
        }

        // Draws numbers while it evaluates, as a model that samples does.
        Evaluation<(Tensor Inputs, Tensor Targets)> Noisy(SmallTraining training) => MLOps.Training.Evaluation.Regression(
            new FixedBatches(3), batch => (training.Module.call(batch.Inputs) + rand(1), batch.Targets), everySteps: 3);
    }

    [Fact]
    public async Task Results_depend_on_the_weights_alone()
    {
        List<double> losses = [];
        using SmallTraining training = new();
        Evaluation<(Tensor Inputs, Tensor Targets)> noisy = MLOps.Training.Evaluation.Regression(new FixedBatches(2), batch => (training.Module.call(batch.Inputs) + rand(1), batch.Targets), everySteps: 1, everyEpochs: 0);
        training.Trainer.Use(noisy).Use(new DelegatingCallback { Measured = (_, metrics) => losses.Add(metrics["val_loss"]) });
        training.Trainer.Use(new DelegatingCallback { LossGiven = step => step.Loss *= 0 });

        await training.RunAsync(TrainingLength.Steps(4));

        Assert.Equal(4, losses.Count);
        Assert.Single(losses.Distinct());
    }

    [Fact]
    public async Task Each_module_gets_its_own_mode_back_also_after_a_throw()
    {
        foreach (bool isFaulty in (bool[])[false, true])
        {
            using SmallTraining training = new(module: Normed());
            bool[]? during = null, after = null;
            nn.Module frozen = training.Module.children().ElementAt(1);
            training.Trainer
                .Use(new DelegatingCallback { Start = _ => frozen.eval(), End = (_, _) => after = Modes(training.Module) })
                .Use(MLOps.Training.Evaluation.Regression(new FixedBatches(3), batch =>
                {
                    during ??= Modes(training.Module);
                    Assert.False(is_grad_enabled());
                    return isFaulty ? throw new FormatException("bad row") : (training.Module.call(batch.Inputs), batch.Targets);
                }))
                .Use(new DelegatingCallback { Epoch = _ => Assert.True(is_grad_enabled()) });

            Task run = training.RunAsync(TrainingLength.Epochs(1));
            if (isFaulty)
                Assert.Equal((1, 0L, 6L), await Assert.ThrowsAsync<BatchFailedException>(() => run) is var error ? (error.Epoch, error.Batch, error.Step) : default);
            else
                await run;

            Assert.DoesNotContain(true, during!);
            Assert.Equal([true, true, false, true, true, true], after!);
        }
    }

    [Fact]
    public async Task It_is_made_after_so_many_epochs_and_so_many_steps_and_once_for_a_step()
    {
        List<long> at = [];
        using SmallTraining training = new();
        training.Trainer.Use(Plain(training, everyEpochs: 2, everySteps: 4)).Use(new DelegatingCallback { Measured = (trainer, _) => at.Add(trainer.Position.Step) });

        await training.RunAsync(TrainingLength.Steps(31));

        Assert.Equal([4, 8, 12, 16, 20, 24, 28], at);

        at.Clear();
        using SmallTraining other = new();
        other.Trainer.Use(Plain(other, everyEpochs: 1, everySteps: 4)).Use(new DelegatingCallback { Measured = (trainer, _) => at.Add(trainer.Position.Step) });
        await other.RunAsync(TrainingLength.Steps(19));
        Assert.Equal([4, 6, 8, 12, 16, 18], at);
    }

    [Fact]
    public async Task A_step_that_was_evaluated_is_not_evaluated_again_when_its_checkpoint_is_resumed_from()
    {
        List<long> at = [];
        IReadOnlyList<MLOps.Training.Checkpoints.TrainingState>? saved = null;
        using SmallTraining first = new(), resumed = new();
        first.Trainer.Use(Plain(first, everyEpochs: 1, everySteps: 3)).Use(new DelegatingCallback
        {
            Step = step =>
            {
                if (step.IsLastOfEpoch)
                    saved = SavedStates.Copy(step.Trainer.SaveState());
            },
        });
        await first.RunAsync(TrainingLength.Epochs(1));

        resumed.Trainer.Use(Plain(resumed, everyEpochs: 1, everySteps: 3)).Use(new DelegatingCallback { Measured = (trainer, _) => at.Add(trainer.Position.Step) });
        resumed.Trainer.LoadState(saved!);
        await resumed.RunAsync(TrainingLength.Steps(10));

        Assert.Equal([9], at);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_that_was_cut_short_reports_nothing_and_is_made_before_the_next_step(bool isResumed)
    {
        List<(long Step, double Loss)> straightResults = [], results = [];
        using SmallTraining straight = new();
        straight.Trainer.Use(Plain(straight)).Use(new DelegatingCallback { Measured = (trainer, metrics) => straightResults.Add((trainer.Position.Step, metrics["val_loss"])) });
        await straight.RunAsync(TrainingLength.Epochs(3));

        using CancellationTokenSource cancelling = new();
        int batches = 0;
        using SmallTraining first = new();
        first.Trainer.Use(Watched(first, MLOps.Training.Evaluation.Regression(new FixedBatches(3), batch =>
        {
            // Two evaluations of three batches; this is within the second.
            if (++batches == 5)
                cancelling.Cancel();
            return (first.Module.call(batch.Inputs), batch.Targets);
        })));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.Trainer.RunAsync(TrainingLength.Epochs(3), cancelling.Token));
        Assert.Equal((5, 6L), (batches, Assert.Single(results).Step));

        SmallTraining second = first;
        if (isResumed)
        {
            second = new SmallTraining();
            second.Trainer.Use(Watched(second, Plain(second)));
            second.Trainer.LoadState(SavedStates.Copy(first.Trainer.SaveState()));
        }

        await second.RunAsync(TrainingLength.Epochs(3));

        Assert.Equal([6, 12, 18], straightResults.Select(result => result.Step));
        Assert.Equal(straightResults, results);
        Assert.Equal(straight.Parameters(), second.Parameters());
        second.Dispose();

        TrainerCallback Watched(SmallTraining training, Evaluation<(Tensor Inputs, Tensor Targets)> evaluation)
        {
            training.Trainer.Use(new DelegatingCallback { Measured = (trainer, metrics) => results.Add((trainer.Position.Step, metrics["val_loss"])) });
            return evaluation;
        }
    }

    [Fact]
    public async Task A_notice_cuts_it_short_at_the_end_of_the_training_too()
    {
        using Notice notice = new();
        using SmallTraining training = new();
        bool isFirst = true;
        training.Trainer.Use(MLOps.Training.Evaluation.Regression(new FixedBatches(3), batch =>
        {
            if (isFirst)
                notice.Give();
            isFirst = false;
            return (training.Module.call(batch.Inputs), batch.Targets);
        }));

        Assert.IsType<TrainingOutcome.Interrupted>(await notice.RunAsync(training.Trainer, TrainingLength.Epochs(1)));
        Assert.Empty(training.Trainer.Metrics);
        Assert.IsType<TrainingOutcome.Completed>(await training.RunAsync(TrainingLength.Epochs(1)));
        Assert.Contains("val_loss", training.Trainer.Metrics);
        Assert.Equal(6, training.Trainer.Position.Step);
    }

    [Fact]
    public async Task A_wait_for_held_out_data_is_ended_by_a_cancellation()
    {
        using CancellationTokenSource cancelling = new();
        using SmallTraining training = new();
        training.Trainer.Use(MLOps.Training.Evaluation.Regression(
            new InterruptedBatches(3, (_, batch, token) =>
            {
                if (batch < 2)
                    return Task.CompletedTask;
                cancelling.Cancel();
                return Task.Delay(Timeout.InfiniteTimeSpan, token);
            }),
            batch => (training.Module.call(batch.Inputs), batch.Targets)));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => training.Trainer.RunAsync(TrainingLength.Epochs(2), cancelling.Token).WaitAsync(TimeSpan.FromSeconds(30), SmallTraining.Token));

        Assert.Empty(training.Trainer.Metrics);
    }

    [Fact]
    public async Task What_throws_names_the_evaluation_and_its_batch()
    {
        using SmallTraining training = new();
        int batches = 0;
        training.Trainer.Use(MLOps.Training.Evaluation.Regression(new FixedBatches(3), batch => batches++ == 1 ? throw new FormatException("bad row") : (training.Module.call(batch.Inputs), batch.Targets), prefix: "test/"));

        BatchFailedException error = await Assert.ThrowsAsync<BatchFailedException>(() => training.RunAsync(TrainingLength.Epochs(1)));

        Assert.Equal("The evaluation 'test/' threw at batch 1 of epoch 1 (step 6): bad row", error.Message);
        Assert.Empty(training.Trainer.Metrics);
    }

    [Fact]
    public async Task Held_out_data_without_a_batch_are_refused()
    {
        using SmallTraining training = new();
        training.Trainer.Use(MLOps.Training.Evaluation.Regression(new FixedBatches(0), batch => (training.Module.call(batch.Inputs), batch.Targets)));
        NoDataException error = await Assert.ThrowsAsync<NoDataException>(() => training.RunAsync(TrainingLength.Epochs(1)));
        Assert.Contains("The evaluation 'val_' has no batch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_surrounds_it_is_there_meanwhile_and_gone_after_it()
    {
        List<string> log = [];
        using SmallTraining training = new();
        training.Trainer.Use(MLOps.Training.Evaluation.Regression(
            new FixedBatches(1),
            batch =>
            {
                log.Add("batch");
                return (training.Module.call(batch.Inputs), batch.Targets);
            },
            within: () =>
            {
                log.Add("in");
                return new Leaving(log);
            }));
        training.Trainer.Use(new RecordingCallback("a", log));

        await training.RunAsync(TrainingLength.Epochs(1));

        Assert.Equal(["in", "batch", "out", "a.metrics", "a.epoch", "a.end"], log[^6..]);
    }

    [Fact]
    public async Task An_evaluator_of_your_own_is_reported_with_its_prefix()
    {
        using SmallTraining training = new();
        Evaluation<(Tensor Inputs, Tensor Targets)> rows = new(new FixedBatches(3), new CountRows(), prefix: "held-out/");
        training.Trainer.Use(rows);
        Assert.Equal("evaluation-held-out", rows.StateName);

        await training.RunAsync(TrainingLength.Epochs(2));

        Assert.Equal(new Dictionary<string, double> { ["held-out/rows"] = 24 }, training.Trainer.Metrics);
    }

    [Fact]
    public void A_module_is_measured_here_and_now()
    {
        using SmallTraining training = new();
        training.Module.train();
        Evaluation<(Tensor Inputs, Tensor Targets)> evaluation = Plain(training);
        long before = LiveTensors.Baseline();

        IReadOnlyDictionary<string, double> first = evaluation.Measure(training.Module, SmallTraining.Token), second = evaluation.Measure(training.Module, SmallTraining.Token);

        LiveTensors.AssertNoneMoreThan(before);
        Assert.Equal(first, second);
        Assert.True(training.Module.training);
        Assert.Throws<OperationCanceledException>(() => evaluation.Measure(training.Module, new(true)));
    }

    [Fact]
    public void Two_evaluations_need_two_prefixes()
    {
        using SmallTraining training = new();
        training.Trainer.Use(Plain(training));
        Assert.Throws<ArgumentException>(() => training.Trainer.Use(Plain(training)));
    }

    [Fact]
    public void Misuse_is_refused()
    {
        using SmallTraining training = new();
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain(training, everyEpochs: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain(training, everySteps: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Plain(training, everyEpochs: 0, everySteps: 0));
        Assert.Throws<ArgumentNullException>(() => MLOps.Training.Evaluation.Regression<(Tensor, Tensor)>(null!, batch => batch));
        Assert.Throws<ArgumentNullException>(() => MLOps.Training.Evaluation.Regression<(Tensor, Tensor)>(new FixedBatches(1), null!));
    }

    private static Evaluation<(Tensor Inputs, Tensor Targets)> Plain(SmallTraining training, int everyEpochs = 1, long everySteps = 0) =>
        MLOps.Training.Evaluation.Regression(new FixedBatches(3), batch => (training.Module.call(batch.Inputs), batch.Targets), everyEpochs: everyEpochs, everySteps: everySteps);

    private static nn.Module<Tensor, Tensor> Normed()
    {
        manual_seed(9);
        return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Dropout(0.25), nn.Linear(8, 1));
    }

    private static bool[] Modes(nn.Module module) => [.. module.children().Prepend(module).Select(each => each.training)];

    private sealed class Leaving(List<string> log) : IDisposable
    {
        public void Dispose() => log.Add("out");
    }

    private sealed class CountRows : IEvaluator<(Tensor Inputs, Tensor Targets)>
    {
        private long _rows;

        public void Reset() => _rows = 0;

        public void Add((Tensor Inputs, Tensor Targets) batch) => _rows += batch.Inputs.shape[0];

        public IReadOnlyDictionary<string, double> GetResults() => new Dictionary<string, double> { ["rows"] = _rows };
    }
}
