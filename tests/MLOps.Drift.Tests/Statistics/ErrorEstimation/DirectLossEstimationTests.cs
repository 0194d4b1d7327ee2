using MLOps.Tracking.Evaluation;

namespace MLOps.Drift.Tests.Statistics.ErrorEstimation;

public sealed class DirectLossEstimationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(0.0)]
    [InlineData(1.0)]
    [InlineData(-1.0)]
    public void Under_covariate_shift_the_estimate_follows_the_errors(double shift)
    {
        Random random = new(90);
        Stream reference = new(random, 20_000, 0), current = new(random, 20_000, shift);
        var estimator = DirectLossEstimation.Fit(reference.Features, reference.Predictions, reference.Targets, cancellationToken: Token);
        LossEstimate estimate = estimator.Estimate(current.Features, current.Predictions), measured = estimator.Reference(20_000);
        double mae = RegressionMetrics.MeanAbsoluteError(current.Targets, current.Predictions), rmse = RegressionMetrics.RootMeanSquaredError(current.Targets, current.Predictions);
        Assert.Equal(mae, estimate.MeanAbsoluteError.Value, 0.05 * mae);
        Assert.Equal(rmse, estimate.RootMeanSquaredError.Value, 0.05 * rmse);
        Assert.Equal(RegressionMetrics.RootMeanSquaredError(reference.Targets, reference.Predictions), measured.RootMeanSquaredError.Value, 1e-12);
        if (shift != 0)
        {
            Assert.True(Math.Abs(mae - measured.MeanAbsoluteError.Value) > 0.2 * mae, "the shift moves the error, so that the estimate is no copy of the reference");
            Assert.True(estimator.Reference(500).MeanAbsoluteError.Band().Alarms(estimate.MeanAbsoluteError.Value));
        }
    }

    [Fact]
    public void Standard_errors_are_how_far_the_errors_of_chunks_scatter()
    {
        Random random = new(91);
        Stream reference = new(random, 20_000, 0);
        LossEstimate expected = DirectLossEstimation.Fit(reference.Features, reference.Predictions, reference.Targets, new Mean(), Token).Reference(200);
        Stream[] chunks = [.. Enumerable.Range(0, 600).Select(_ => new Stream(random, 200, 0))];
        double mae = Deviation(chunk => RegressionMetrics.MeanAbsoluteError(chunk.Targets, chunk.Predictions)), rmse = Deviation(chunk => RegressionMetrics.RootMeanSquaredError(chunk.Targets, chunk.Predictions));
        Assert.Equal(mae, expected.MeanAbsoluteError.StandardError, 0.12 * mae);
        Assert.Equal(rmse, expected.RootMeanSquaredError.StandardError, 0.12 * rmse);

        double Deviation(Func<Stream, double> of) => Math.Sqrt(Descriptive.Variance([.. chunks.Select(of)], 1));
    }

    [Fact]
    public void A_regressor_of_ones_own_gets_the_features_with_the_prediction_behind_them_and_both_kinds_of_error()
    {
        Mean own = new();
        var estimator = DirectLossEstimation.Fit(FeatureMatrix.OfRows([[1, 2], [3, 4], [5, 6]]), [10, double.NaN, 30], [11, 5, 27], own, Token);
        Assert.Equal([1, 2, 10], own.Inputs[0].Row(0));
        Assert.Equal([5, 6, 30], own.Inputs[0].Row(1));
        Assert.Equal([[1, 3], [1, 9]], own.Errors);
        LossEstimate estimate = estimator.Estimate(FeatureMatrix.OfRows([[0, 0], [0, 0]]), [1, double.NaN]);
        Assert.Equal((1, 1, 2, Math.Sqrt(5)), (estimate.Rows, estimate.Missing, estimate.MeanAbsoluteError.Value, estimate.RootMeanSquaredError.Value));
    }

    [Fact]
    public void What_has_no_number_says_why()
    {
        FeatureMatrix two = FeatureMatrix.OfRows([[1], [2]]);
        Assert.IsType<NotComputable.TooFewValues>(Of([double.NaN, double.NaN], [1, 2]).NotComputable);
        Assert.IsType<NotComputable.InfiniteValues>(Of([1, 2], [1, double.PositiveInfinity]).NotComputable);
        Assert.IsType<NotComputable.Overflow>(Of([1e200, 2], [1, 2]).NotComputable);
        var estimator = DirectLossEstimation.Fit(two, [1, 2], [2, 2], cancellationToken: Token);
        Assert.IsType<NotComputable.TooFewValues>(estimator.Estimate(two.Slice(0, 1), [double.NaN]).NotComputable);
        Assert.IsType<NotComputable.InfiniteValues>(estimator.Estimate(two.Slice(0, 1), [double.NegativeInfinity]).NotComputable);
        Assert.Throws<ArgumentException>(() => estimator.Estimate(two, [1]));
        Assert.Throws<ArgumentException>(() => estimator.Estimate(FeatureMatrix.OfRows([[1, 2]]), [1]));
        Assert.Throws<ArgumentException>(() => Of([1], [1, 2]));
        Assert.Throws<ArgumentOutOfRangeException>(() => estimator.Reference(0));

        LossEstimate Of(double[] predictions, double[] targets) => DirectLossEstimation.Fit(two, predictions, targets, cancellationToken: Token).Estimate(two, [1, 2]);
    }

    [Fact]
    public void Wild_rows_raise_nothing() => Rows.CheckWild(TestLength.Of(2_000, 100_000), (reference, current) =>
    {
        var estimator = DirectLossEstimation.Fit(reference, reference.Column(0), reference.Column(reference.Columns - 1), cancellationToken: Token);
        LossEstimate[] all = [estimator.Estimate(current, current.Column(0)), estimator.Reference(2)];
        Assert.All(all, estimate =>
        {
            Assert.Equal(estimate.NotComputable is null, double.IsFinite(estimate.MeanAbsoluteError.Value));
            Assert.True(estimate.NotComputable is not null || (estimate.MeanAbsoluteError.Value >= 0 && estimate.RootMeanSquaredError.Value >= 0));
        });
    });

    /// <summary>A linear model of a target whose noise grows with the first feature.</summary>
    private sealed class Stream
    {
        public Stream(Random random, int rows, double shift)
        {
            Features = Rows.Made(rows, _ => [shift + Rows.Normal(random), Rows.Normal(random)]);
            Predictions = [.. Enumerable.Range(0, rows).Select(row => (2 * Features.Row(row)[0]) - Features.Row(row)[1])];
            Targets = [.. Predictions.Select((prediction, row) => prediction + (Math.Exp(0.4 * Features.Row(row)[0]) * Rows.Normal(random)))];
        }

        public FeatureMatrix Features { get; }

        public double[] Predictions { get; }

        public double[] Targets { get; }
    }

    private sealed class Mean : IErrorRegressor
    {
        public List<FeatureMatrix> Inputs { get; } = [];

        public List<double[]> Errors { get; } = [];

        public IErrorModel Fit(FeatureMatrix inputs, ReadOnlySpan<double> errors, CancellationToken cancellationToken)
        {
            Inputs.Add(inputs);
            Errors.Add(errors.ToArray());
            return new Constant(Errors[^1].Average());
        }

        private sealed class Constant(double error) : IErrorModel
        {
            public double[] Predict(FeatureMatrix inputs) => [.. Enumerable.Repeat(error, inputs.Rows)];
        }
    }
}
