using FsCheck;
using FsCheck.Fluent;
using MLOps.Training.Checkpoints;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Schedules;

[Collection("torch")]
public sealed class LearningRateScheduleTests
{
    private static readonly Gen<int> Steps = Gen.Choose(1, 400);

    private static readonly Gen<double> Shares = Gen.Choose(0, 100).Select(percent => percent / 100.0);

    [Fact]
    public void Cosine_is_the_recursion_of_CosineAnnealingLR() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(100, 2_000)),
        Prop.ForAll(Arb.From(Steps), Arb.From(Shares), (steps, final) =>
        {
            // docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.CosineAnnealingLR.html, the chainable form.
            LearningRateSchedule schedule = LearningRateSchedule.Cosine(steps, final);
            double rate = 1;
            for (int t = 0; t <= steps; t++)
            {
                if (t > 0)
                    rate = (1 + Math.Cos(Math.PI * t / steps)) / (1 + Math.Cos(Math.PI * (t - 1) / steps)) * (rate - final) + final;
                Assert.Equal(rate, schedule.FactorAt(t), 1e-9);
            }

            Assert.Equal((1, final, final), (schedule.FactorAt(0), schedule.FactorAt(steps), schedule.FactorAt(long.MaxValue)));
        }));

    [Fact]
    public void Linear_is_the_recursion_of_LinearLR() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(100, 2_000)),
        Prop.ForAll(Arb.From(Steps), Arb.From(Shares.Select(share => share + 0.01)), Arb.From(Shares), (steps, start, end) =>
        {
            // docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.LinearLR.html, the chainable form.
            LearningRateSchedule schedule = LearningRateSchedule.Linear(steps, start, end);
            double rate = start;
            for (int t = 0; t <= steps; t++)
            {
                if (t > 0)
                    rate *= 1 + (end - start) / (steps * start + (t - 1) * (end - start));
                Assert.Equal(rate, schedule.FactorAt(t), 1e-9);
            }

            Assert.Equal((start, end, end), (schedule.FactorAt(0), schedule.FactorAt(steps), schedule.FactorAt(long.MaxValue)));
        }));

    [Fact]
    public void Step_is_the_recursion_of_StepLR() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(100, 2_000)),
        Prop.ForAll(Arb.From(Steps), Arb.From(Shares.Select(share => share + 0.01)), (every, gamma) =>
        {
            // docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.StepLR.html
            LearningRateSchedule schedule = LearningRateSchedule.Step(every, gamma);
            double rate = 1;
            for (int t = 0; t < 3 * every; t++)
            {
                if (t > 0 && t % every == 0)
                    rate *= gamma;
                Assert.Equal(rate, schedule.FactorAt(t), 1e-12);
            }
        }));

    [Fact]
    public void One_cycle_is_the_rule_of_OneCycleLR() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(100, 2_000)),
        Prop.ForAll(Arb.From(Gen.Choose(12, 400)), Arb.From(Gen.Choose(10, 95).Select(percent => percent / 100.0)), (steps, rise) =>
        {
            // docs.pytorch.org/docs/stable/generated/torch.optim.lr_scheduler.OneCycleLR.html: its two phases and its cosine, peak 1.
            LearningRateSchedule schedule = LearningRateSchedule.OneCycle(steps, rise);
            double initial = 1 / 25.0, minimum = initial / 1e4;
            (double End, double From, double To)[] phases = [(rise * steps - 1, initial, 1), (steps - 1, 1, minimum)];
            for (int t = 0; t < steps; t++)
            {
                double begin = 0, rate = double.NaN;
                foreach ((double end, double from, double to) in phases)
                {
                    if (t <= end)
                    {
                        double cosine = Math.Cos(Math.PI * (t - begin) / (end - begin)) + 1;
                        rate = to + (from - to) / 2.0 * cosine;
                        break;
                    }

                    begin = end;
                }

                Assert.Equal(rate, schedule.FactorAt(t), 1e-12);
            }

            Assert.Equal(1 / 25.0, schedule.FactorAt(0), 1e-15);
            Assert.Equal(minimum, schedule.FactorAt(steps + 5L));
        }));

    [Fact]
    public void A_warm_up_rises_to_the_first_value_and_then_the_schedule_begins()
    {
        LearningRateSchedule inner = LearningRateSchedule.Linear(10, 0.8, 0), schedule = inner.WithWarmUp(4, 0.5);

        Assert.Equal([0.4, 0.5, 0.6, 0.7], Enumerable.Range(0, 4).Select(step => Math.Round(schedule.FactorAt(step), 12)));
        Assert.All(Enumerable.Range(0, 20), step => Assert.Equal(inner.FactorAt(step), schedule.FactorAt(step + 4)));
        Assert.Equal(0, LearningRateSchedule.Constant().WithWarmUp(5).FactorAt(0));
    }

    [Fact]
    public void Every_schedule_is_finite_and_not_negative_at_any_step() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(300, 20_000)),
        Prop.ForAll(Arb.From(Gen.Choose(2, int.MaxValue)), Arb.From(Gen.Choose(0, int.MaxValue)), Arb.From(Gen.Choose(0, 5)), (steps, step, kind) =>
        {
            LearningRateSchedule schedule = kind switch
            {
                0 => LearningRateSchedule.Constant(),
                1 => LearningRateSchedule.Cosine(steps, 0.1),
                2 => LearningRateSchedule.Linear(steps),
                3 => LearningRateSchedule.OneCycle(steps, 0.9),
                4 => LearningRateSchedule.Step(steps, 0.5),
                _ => LearningRateSchedule.Cosine(steps).WithWarmUp(steps),
            };
            foreach (long at in (long[])[step, (long)step * step, long.MaxValue])
            {
                double factor = schedule.FactorAt(at);
                Assert.True(factor is >= 0 and <= 1, $"{schedule.Description} at {at}: {factor}");
                Assert.Equal(factor, schedule.FactorAt(at));
            }
        }));

    [Fact]
    public void A_description_has_every_number()
    {
        Assert.Equal("constant", LearningRateSchedule.Constant().Description);
        Assert.Equal("warm-up(steps: 5, start: 0.1), cosine(steps: 1000, final: 0.01)", LearningRateSchedule.Cosine(1_000, 0.01).WithWarmUp(5, 0.1).Description);
        Assert.Equal("linear(steps: 7, start: 1, end: 0)", LearningRateSchedule.Linear(7).Description);
        Assert.Equal("one-cycle(steps: 70, rise: 0.3, start divisor: 25, final divisor: 10000)", LearningRateSchedule.OneCycle(70).Description);
        Assert.Equal("step(every: 3, gamma: 0.1)", LearningRateSchedule.Step(3).Description);
    }

    [Fact]
    public void Arguments_out_of_range_are_refused()
    {
        foreach (Func<object> make in (Func<object>[])[
            () => LearningRateSchedule.Cosine(0), () => LearningRateSchedule.Cosine(5, 1.1), () => LearningRateSchedule.Cosine(5, double.NaN),
            () => LearningRateSchedule.Linear(0), () => LearningRateSchedule.Linear(5, -1), () => LearningRateSchedule.Linear(5, 1, double.PositiveInfinity),
            () => LearningRateSchedule.OneCycle(1), () => LearningRateSchedule.OneCycle(3), () => LearningRateSchedule.OneCycle(10, 1), () => LearningRateSchedule.OneCycle(10, double.NaN), () => LearningRateSchedule.OneCycle(10, 0.3, 0.5), () => LearningRateSchedule.OneCycle(10, 0.3, 25, double.NaN),
            () => LearningRateSchedule.Step(0), () => LearningRateSchedule.Step(5, 0), () => LearningRateSchedule.Constant().WithWarmUp(0), () => LearningRateSchedule.Constant().WithWarmUp(5, 2),
            () => LearningRateSchedule.Constant().FactorAt(-1)])
            Assert.Throws<ArgumentOutOfRangeException>(make);
        Assert.Throws<ArgumentException>(() => LearningRateSchedule.Of(_ => 1, " "));
    }

    [Fact]
    public void A_function_that_gives_no_factor_is_named()
    {
        LearningRateSchedule schedule = LearningRateSchedule.Of(step => step < 3 ? 1 : double.NaN, "mine");

        Assert.Equal(1, schedule.FactorAt(2));
        Assert.Contains("'mine' gives NaN at step 3", Assert.Throws<InvalidOperationException>(() => schedule.FactorAt(3)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trainer_sets_the_rate_before_each_step()
    {
        using nn.Module<Tensor, Tensor> module = nn.Linear(4, 1);
        using FlatModel model = new(module);
        using FlatSgd optimizer = new(model, new() { LearningRate = 0.5 });
        List<double> rates = [];
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(model, optimizer, new FixedBatches(3), batch => nn.functional.mse_loss(module.call(batch.Inputs), batch.Targets));
        trainer.Use(LearningRateSchedule.Linear(4)).Use(new Rates(rates));

        await trainer.RunAsync(TrainingLength.Epochs(2), TestContext.Current.CancellationToken);

        Assert.Equal([0.5, 0.375, 0.25, 0.125, 0, 0], rates);
        Assert.Throws<ArgumentException>(() => trainer.Use(LearningRateSchedule.Constant()));
    }

    [Fact]
    public void A_resume_with_another_schedule_is_refused()
    {
        TrainingState state = new("schedule");
        LearningRateSchedule.Cosine(100).SaveState(state);

        LearningRateSchedule.Cosine(100).LoadState(state);
        CheckpointMismatchException refusal = Assert.Throws<CheckpointMismatchException>(() => LearningRateSchedule.Cosine(200).LoadState(state));
        Assert.Contains("followed cosine(steps: 100, final: 0), and now follows cosine(steps: 200, final: 0)", refusal.Message, StringComparison.Ordinal);
    }

    private sealed class Rates(List<double> rates) : TrainerCallback
    {
        public override void OnStep(TrainingStep step) => rates.Add(step.Trainer.Optimizer.LearningRate);
    }
}
