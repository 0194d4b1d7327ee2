using FsCheck;
using FsCheck.Fluent;
using MLOps.Training.Checkpoints;

namespace MLOps.Training.Tests.Callbacks;

[Collection("torch")]
public sealed class EarlyStoppingTests
{
    [Fact]
    public async Task It_stops_when_patience_is_out_and_says_which_value_was_best_and_when()
    {
        double[] values = [0.5, 0.4, 0.41, 0.39, 0.3899, 0.40, 0.1];
        (TrainingOutcome outcome, EarlyStopping stopping) = await RunAsync(new("val_loss", patience: 3, minDelta: 0.02), values);

        TrainingOutcome.Stopped stopped = Assert.IsType<TrainingOutcome.Stopped>(outcome);
        Assert.Equal("val_loss has not been better than 0.4 of step 2 in 3 reports.", stopped.Reason);
        Assert.Equal((5, 0.4, 2, 3), (stopped.Position.Step, stopping.Best, stopping.BestStep, stopping.ReportsSinceBest));
    }

    [Fact]
    public async Task A_training_that_becomes_better_goes_on()
    {
        (TrainingOutcome outcome, EarlyStopping stopping) = await RunAsync(new("val_loss", patience: 1), [0.5, 0.4, 0.3, 0.2]);
        Assert.IsType<TrainingOutcome.Completed>(outcome);
        Assert.Equal((0.2, 4), (stopping.Best, stopping.BestStep));
    }

    [Fact]
    public async Task NaN_is_never_better()
    {
        (TrainingOutcome outcome, EarlyStopping stopping) = await RunAsync(new("val_loss", patience: 2), [double.NaN, double.NaN, 0.1]);
        Assert.Equal("val_loss was NaN in all of 2 reports.", Assert.IsType<TrainingOutcome.Stopped>(outcome).Reason);
        Assert.Equal(double.NaN, stopping.Best);

        (outcome, stopping) = await RunAsync(new("val_loss", patience: 2, higherIsBetter: true), [double.NaN, 0.1, double.NaN, double.NaN, 0.9]);
        Assert.Equal((4, 0.1, 2), (Assert.IsType<TrainingOutcome.Stopped>(outcome).Position.Step, stopping.Best, stopping.BestStep));
    }

    [Fact]
    public async Task Reports_without_the_metric_do_not_count()
    {
        using SmallTraining training = new();
        EarlyStopping stopping = new("val_loss", patience: 1);
        training.Trainer.Use(stopping).Use(new DelegatingCallback { Step = step => step.Trainer.Report(new Dictionary<string, double> { [step.Step == 0 ? "val_loss" : "loss"] = step.Step }) });
        Assert.IsType<TrainingOutcome.Completed>(await training.RunAsync(TrainingLength.Steps(5)));
        Assert.Equal(0, stopping.ReportsSinceBest);
    }

    [Fact]
    public void Any_values_stop_where_the_rule_says_straight_and_resumed()
    {
        Gen<double> value = Gen.Frequency((8, Gen.Choose(0, 12).Select(tenths => tenths / 10.0)), (1, Gen.Elements(double.NaN, double.PositiveInfinity, double.NegativeInfinity)));
        var cases = from values in value.NonEmptyListOf() from patience in Gen.Choose(1, 4) from delta in Gen.Elements(0, 0.15) from higher in Gen.Elements(true, false) from cut in Gen.Choose(0, 40)
                    select (Values: values.ToArray(), patience, delta, higher, cut);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(100, 2000)), Prop.ForAll(Arb.From(cases), each =>
        {
            // The rule, written over the whole list: the first place with so many values since the last that was better.
            int since = 0;
            double best = double.NaN;
            int expected = -1;
            for (int i = 0; i < each.Values.Length && expected < 0; i++)
            {
                double gain = each.higher ? each.Values[i] - best : best - each.Values[i];
                bool isBetter = double.IsNaN(best) ? !double.IsNaN(each.Values[i]) : !double.IsNaN(each.Values[i]) && each.Values[i] != best && gain > each.delta;
                (best, since) = isBetter ? (each.Values[i], 0) : (best, since + 1);
                if (since >= each.patience)
                    expected = i;
            }

            using SmallTraining training = new();
            EarlyStopping stopping = new("x", each.patience, each.delta, each.higher);
            int actual = -1;
            for (int i = 0; i < each.Values.Length && actual < 0; i++)
            {
                if (i == each.cut)
                {
                    TrainingState state = new("early-stopping-x");
                    stopping.SaveState(state);
                    stopping = new("x", each.patience, each.delta, each.higher);
                    stopping.LoadState(state);
                }

                stopping.OnMetrics(training.Trainer, new Dictionary<string, double> { ["x"] = each.Values[i] });
                if (stopping.ReportsSinceBest >= each.patience)
                    actual = i;
            }

            return actual == expected && stopping.Best.Equals(best);
        }));
    }

    [Fact]
    public async Task A_training_that_was_stopped_is_stopped_again_at_once_and_goes_on_with_more_patience()
    {
        using SmallTraining first = new();
        first.Trainer.Use(new EarlyStopping("x", patience: 2)).Use(Reports());
        TrainingOutcome.Stopped stopped = Assert.IsType<TrainingOutcome.Stopped>(await first.RunAsync(TrainingLength.Steps(9)));
        Assert.Equal(3, stopped.Position.Step);
        var saved = SavedStates.Copy(first.Trainer.SaveState());

        using SmallTraining again = new(), patient = new();
        again.Trainer.Use(new EarlyStopping("x", patience: 2)).Use(Reports());
        again.Trainer.LoadState(saved);
        Assert.Equal(stopped, await again.RunAsync(TrainingLength.Steps(9)));

        patient.Trainer.Use(new EarlyStopping("x", patience: 4)).Use(Reports());
        patient.Trainer.LoadState(saved);
        Assert.Equal(5, Assert.IsType<TrainingOutcome.Stopped>(await patient.RunAsync(TrainingLength.Steps(9))).Position.Step);

        static DelegatingCallback Reports() => new() { Step = step => step.Trainer.Report(new Dictionary<string, double> { ["x"] = 1 }) };
    }

    [Fact]
    public void The_best_of_another_direction_is_refused()
    {
        TrainingState state = new("early-stopping-x");
        new EarlyStopping("x").SaveState(state);
        Assert.Contains("lower is better", Assert.Throws<CheckpointMismatchException>(() => new EarlyStopping("x", higherIsBetter: true).LoadState(state)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new EarlyStopping(" "));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EarlyStopping("x", patience: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EarlyStopping("x", minDelta: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EarlyStopping("x", minDelta: double.NaN));
    }

    private static async Task<(TrainingOutcome Outcome, EarlyStopping Stopping)> RunAsync(EarlyStopping stopping, double[] values)
    {
        using SmallTraining training = new(new FixedBatches(20));
        training.Trainer.Use(stopping).Use(new DelegatingCallback { Step = step => step.Trainer.Report(new Dictionary<string, double> { [stopping.Metric] = values[step.Step] }) });
        return (await training.RunAsync(TrainingLength.Steps(values.Length)), stopping);
    }
}
