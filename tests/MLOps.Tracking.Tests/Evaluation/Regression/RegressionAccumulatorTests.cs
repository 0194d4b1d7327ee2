using FsCheck.Xunit;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation.Regression;

[Properties(Arbitrary = [typeof(AnyPredictions)], MaxTest = 300)]
public sealed class RegressionAccumulatorTests
{
    [Property]
    public void It_says_what_the_definitions_say(AnyPredictions any)
    {
        var accumulator = new RegressionAccumulator();
        for (int row = 0; row < any.Targets.Length; row++)
            accumulator.Add(any.Targets[row], any.Predictions[row], any.Weights[row]);
        Near.Equal(any.Mean(error => error * error), accumulator.MeanSquaredError);
        Near.Equal(any.Mean(Math.Abs), accumulator.MeanAbsoluteError);
        Near.Equal(any.Mean(error => Math.Max(0.9 * error, -0.1 * error)), accumulator.PinballLoss(0.9));
        Near.Equal(any.RSquared(), accumulator.RSquared);
        Near.Equal(any.Weights.Sum(), accumulator.Weight);
        Assert.Equal(any.Targets.Length, accumulator.Rows);
    }

    [Property]
    public void Merging_is_associative_and_the_same_as_one_stream(AnyPredictions first, AnyPredictions second, AnyPredictions third)
    {
        RegressionAccumulator whole = Of(first, second, third), left = Of(first, second), right = Of(second, third), grouped = Of(first);
        left.Merge(Of(third));
        grouped.Merge(right);
        Near.Equal(Numbers(whole), Numbers(left));
        Near.Equal(Numbers(whole), Numbers(grouped));
    }

    [Fact]
    public void Merging_an_empty_one_changes_nothing_either_way()
    {
        var full = new RegressionAccumulator();
        full.Add([1, 2, 4], [1, 3, 5]);
        double[] before = Numbers(full);
        full.Merge(new RegressionAccumulator());
        var empty = new RegressionAccumulator();
        empty.Merge(full);
        Assert.Equal(before, Numbers(full));
        Assert.Equal(before, Numbers(empty));
        empty.Reset();
        empty.Add([], []);
        Assert.Equal([0, 0, double.NaN, double.NaN, double.NaN, double.NaN], Numbers(empty));
    }

    [Fact]
    public void A_million_rows_with_a_large_offset_keep_their_spread()
    {
        var accumulator = new RegressionAccumulator();
        var half = new RegressionAccumulator();
        int rows = TestLength.Of(100_000, 2_000_000);
        for (int row = 0; row < rows; row++)
            (row < rows / 2 ? accumulator : half).Add(1e9 + (row % 2), 1e9 + 0.5);
        accumulator.Merge(half);
        // Every error is one half, as is every deviation from the mean.
        Assert.Equal(0.5, accumulator.RootMeanSquaredError);
        Near.Equal(0, accumulator.RSquared);
    }

    [Fact]
    public void A_refused_span_adds_nothing()
    {
        var accumulator = new RegressionAccumulator();
        Assert.Contains("targets[1] is NaN", Assert.Throws<ArgumentException>(() => accumulator.Add([1, double.NaN], [1, 1])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => accumulator.Add([1], [1, 1]));
        Assert.Throws<ArgumentException>(() => accumulator.Add([], [1]));
        Assert.Throws<ArgumentException>(() => accumulator.Add(1, double.PositiveInfinity));
        Assert.Throws<ArgumentException>(() => accumulator.Add(1, 1, -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => accumulator.PinballLoss(-0.1));
        Assert.Equal(0, accumulator.Rows);
    }

    private static RegressionAccumulator Of(params AnyPredictions[] samples)
    {
        var accumulator = new RegressionAccumulator();
        foreach (AnyPredictions sample in samples)
            accumulator.Add(sample.Targets, sample.Predictions, sample.Weights);
        return accumulator;
    }

    private static double[] Numbers(RegressionAccumulator a) => [a.Rows, a.Weight, a.MeanSquaredError, a.MeanAbsoluteError, a.RSquared, a.PinballLoss(0.3)];
}
