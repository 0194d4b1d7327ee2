using FsCheck.Xunit;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation.Regression;

[Properties(Arbitrary = [typeof(AnyPredictions)], MaxTest = 300)]
public sealed class RegressionMetricsTests
{
    [Property]
    public void Errors_are_weighted_means(AnyPredictions any)
    {
        Near.Equal(any.Mean(error => error * error), RegressionMetrics.MeanSquaredError(any.Targets, any.Predictions, any.Weights));
        Near.Equal(Math.Sqrt(any.Mean(error => error * error)), RegressionMetrics.RootMeanSquaredError(any.Targets, any.Predictions, any.Weights));
        Near.Equal(any.Mean(Math.Abs), RegressionMetrics.MeanAbsoluteError(any.Targets, any.Predictions, any.Weights));
        Near.Equal(any.Mean(error => Math.Max(0.9 * error, -0.1 * error)), RegressionMetrics.PinballLoss(any.Targets, any.Predictions, 0.9, any.Weights));
    }

    [Property]
    public void R_squared_is_one_less_the_share_that_stays_unexplained(AnyPredictions any) =>
        Near.Equal(any.RSquared(), RegressionMetrics.RSquared(any.Targets, any.Predictions, any.Weights));

    [Property]
    public void A_weight_of_two_is_the_row_twice(AnyPredictions any)
    {
        double[] whole = [.. any.Weights.Select(Math.Ceiling)];
        int[] rows = [.. Enumerable.Range(0, whole.Length).SelectMany(row => Enumerable.Repeat(row, (int)whole[row]))];
        if (whole.Count(weight => weight > 0) < 2)
            return;
        double[] targets = [.. rows.Select(row => any.Targets[row])], predictions = [.. rows.Select(row => any.Predictions[row])];
        foreach (Metric metric in All)
            Near.Equal(metric(targets, predictions, default), metric(any.Targets, any.Predictions, whole));
    }

    [Fact]
    public void A_small_case_by_hand()
    {
        double[] targets = [3, -0.5, 2, 7], predictions = [2.5, 0, 2, 8];
        Assert.Equal(0.375, RegressionMetrics.MeanSquaredError(targets, predictions));
        Assert.Equal(0.5, RegressionMetrics.MeanAbsoluteError(targets, predictions));
        // Mean 2.875, squared deviations 0.015625 + 11.390625 + 0.765625 + 17.015625 = 29.1875, squared errors 1.5.
        Near.Equal(1 - (1.5 / 29.1875), RegressionMetrics.RSquared(targets, predictions));
        Near.Equal(((0.9 * 0.5) + (0.1 * 0.5) + (0.1 * 1)) / 4, RegressionMetrics.PinballLoss(targets, predictions, 0.9));
        Near.Equal(0.25, RegressionMetrics.PinballLoss(targets, predictions, 0.5));
    }

    [Fact]
    public void A_constant_target_is_explained_wholly_or_not_at_all()
    {
        double[] constant = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1];
        Assert.Equal(1, RegressionMetrics.RSquared(constant, constant));
        Assert.Equal(0, RegressionMetrics.RSquared(constant, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2]));
        Assert.Equal(0, RegressionMetrics.RSquared(constant, [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2], [1, 2, 3, 0.1, 0.7, 0.3, 1]));
        Assert.Equal(double.NaN, RegressionMetrics.RSquared([1], [1]));
        Assert.Equal(double.NaN, RegressionMetrics.RSquared([1, 2], [1, 2], [1, 0]));
    }

    [Fact]
    public void A_large_common_offset_costs_no_digits()
    {
        double[] targets = [.. Enumerable.Range(0, 1001).Select(i => 1e12 + (i % 3) - 1)], predictions = [.. targets.Select(target => target + 0.5)];
        // As many of −1, 0 and 1, less one: 334, 334 and 333.
        double mean = -1 / 1001.0, spread = (334 * Math.Pow(-1 - mean, 2)) + (334 * mean * mean) + (333 * Math.Pow(1 - mean, 2));
        Near.Equal(1 - (0.25 * 1001 / spread), RegressionMetrics.RSquared(targets, predictions));
    }

    [Fact]
    public void No_weight_is_undefined_and_errors_too_large_to_square_are_infinite()
    {
        foreach (Metric metric in All)
            Assert.Equal(double.NaN, metric([1, 2], [1, 3], [0, 0]));
        Assert.Equal(double.PositiveInfinity, RegressionMetrics.RootMeanSquaredError([1e200, 0], [-1e200, 0]));
        Assert.Equal(1e200, RegressionMetrics.MeanAbsoluteError([1e200, 0], [-1e200, 0]));
    }

    [Fact]
    public void Misuse_is_told_with_the_numbers()
    {
        foreach (Metric metric in All)
        {
            Assert.Contains("empty", Assert.Throws<ArgumentException>(() => metric([], [], default)).Message, StringComparison.Ordinal);
            Assert.Contains("targets has 2 rows and predictions has 1", Assert.Throws<ArgumentException>(() => metric([1, 2], [1], default)).Message, StringComparison.Ordinal);
            Assert.Contains("targets[1] is NaN", Assert.Throws<ArgumentException>(() => metric([1, double.NaN], [1, 2], default)).Message, StringComparison.Ordinal);
            Assert.Contains("predictions[0] is -Infinity", Assert.Throws<ArgumentException>(() => metric([1, 2], [double.NegativeInfinity, 2], default)).Message, StringComparison.Ordinal);
            Assert.Contains("weights[0] is -1", Assert.Throws<ArgumentException>(() => metric([1, 2], [1, 2], [-1, 2])).Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => RegressionMetrics.PinballLoss([1], [1], 1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => RegressionMetrics.PinballLoss([1], [1], double.NaN));
    }

    private delegate double Metric(ReadOnlySpan<double> targets, ReadOnlySpan<double> predictions, ReadOnlySpan<double> weights);

    private static readonly Metric[] All =
    [
        RegressionMetrics.MeanSquaredError, RegressionMetrics.RootMeanSquaredError, RegressionMetrics.MeanAbsoluteError, RegressionMetrics.RSquared,
        (targets, predictions, weights) => RegressionMetrics.PinballLoss(targets, predictions, 0.25, weights),
    ];
}
