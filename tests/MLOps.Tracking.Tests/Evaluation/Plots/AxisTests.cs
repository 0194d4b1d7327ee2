using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using MLOps.Tracking.Evaluation.Plots;

namespace MLOps.Tracking.Tests.Evaluation.Plots;

public sealed class AxisTests
{
    [Fact]
    public void Shares_have_a_tick_every_fifth() =>
        Assert.Equal(["0", "0.2", "0.4", "0.6", "0.8", "1"], new Axis("p", 0, 1).Ticks.Select(tick => tick.Text));

    [Theory]
    [InlineData(-3.2, 17, "0 5 10 15")]
    [InlineData(1000, 1000.5, "1000 1000.1 1000.2 1000.3 1000.4 1000.5")]
    [InlineData(0, 4e9, "0 1e+9 2e+9 3e+9 4e+9")]
    [InlineData(1e9, 1e9 + 40, "1e+9 1.00000001e+9 1.00000002e+9 1.00000003e+9 1.00000004e+9")]
    [InlineData(-2e-7, 2e-7, "-2e-7 -1e-7 0 1e-7 2e-7")]
    [InlineData(0.001, 0.0035, "0.001 0.0015 0.002 0.0025 0.003 0.0035")]
    public void Ticks_are_round_numbers(double from, double to, string ticks) =>
        Assert.Equal(ticks, string.Join(' ', new Axis("x", from, to).Ticks.Select(tick => tick.Text)));

    [Property(MaxTest = 1000)]
    public Property Any_two_numbers_make_an_axis_with_a_few_distinct_ticks_between_them()
    {
        Gen<double> any = Gen.OneOf(
            ArbMap.Default.GeneratorFor<long>().Select(BitConverter.Int64BitsToDouble).Where(double.IsFinite),
            Gen.Choose(-100, 100).Select(i => i / 8.0),
            Gen.Elements(0.0, -0.0, 1.0, Math.BitIncrement(1.0), double.Epsilon, -double.Epsilon, double.MaxValue, double.MinValue, 1e-310, 1e300));
        return Prop.ForAll(any.ToArbitrary(), any.ToArbitrary(), (first, second) =>
        {
            var axis = new Axis("x", Math.Min(first, second), Math.Max(first, second));
            (double Value, string Text)[] ticks = [.. axis.Ticks.Take(20)];
            Assert.InRange(ticks.Length, 2, 12);
            Assert.Equal(ticks.Length, ticks.Select(tick => tick.Text).Distinct().Count());
            Assert.All(ticks, tick => Assert.InRange(axis.Position(tick.Value), -0.001, 1.001));
            Assert.InRange(axis.Position(first), 0, 1);
            Assert.InRange(axis.Position(second), 0, 1);
        });
    }
}
