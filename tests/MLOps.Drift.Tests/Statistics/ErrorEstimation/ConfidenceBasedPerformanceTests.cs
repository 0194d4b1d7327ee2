using MLOps.Drift.Tests.Vectors;
using MLOps.Tracking.Evaluation;

namespace MLOps.Drift.Tests.Statistics.ErrorEstimation;

public sealed class ConfidenceBasedPerformanceTests
{
    [Fact]
    public void Calibrated_scores_give_the_numbers_of_the_definition() => VectorCase.CheckAll(VectorCase.Of("performance.json", "cbpe_binary_calibrated"), vector =>
    {
        PerformanceEstimate estimate = ConfidenceBasedPerformance.OfCalibrated(vector.Numbers("scores"), vector.Params.GetProperty("threshold").GetDouble());
        vector.CheckNumber("expected_tp", estimate.TruePositives);
        vector.CheckNumber("expected_fp", estimate.FalsePositives);
        vector.CheckNumber("expected_fn", estimate.FalseNegatives);
        vector.CheckNumber("expected_tn", estimate.TrueNegatives);
        vector.CheckNumber("accuracy", estimate.Accuracy.Value);
        vector.CheckNumber("precision", estimate.Precision.Value);
        vector.CheckNumber("recall", estimate.Recall.Value);
        vector.CheckNumber("specificity", estimate.Specificity.Value);
        vector.CheckNumber("f1", estimate.F1.Value);
        vector.CheckNumber("roc_auc", estimate.RocAuc.Value);
    });

    [Theory]
    [InlineData(0.0, 1.0, 1.0)]
    [InlineData(0.8, 1.0, 1.0)]
    [InlineData(-0.5, 1.5, 1.0)]
    [InlineData(0.8, 1.0, 2.0)]
    [InlineData(-1.0, 0.7, 0.5)]
    public void Under_covariate_shift_the_estimate_is_within_a_hundredth_of_what_the_labels_say(double mean, double deviation, double overconfidence)
    {
        Random random = new(80);
        (bool[] labels, double[] scores) = Stream(random, 40_000, 0, 1, overconfidence);
        (bool[] hidden, double[] current) = Stream(random, 40_000, mean, deviation, overconfidence);
        var performance = ConfidenceBasedPerformance.Fit(labels, scores);
        Assert.Equal(overconfidence != 1, !performance.Calibrator.IsIdentity && performance.Calibrator.ErrorBefore > 0.02);
        PerformanceEstimate estimate = performance.Estimate(current), reference = performance.Reference(40_000);
        Check(ClassificationMetrics.Accuracy(hidden, current), estimate.Accuracy);
        Check(ClassificationMetrics.RocAuc(hidden, current), estimate.RocAuc);
        Check(ClassificationMetrics.Precision(hidden, current), estimate.Precision);
        Check(ClassificationMetrics.Recall(hidden, current), estimate.Recall);
        Check(ClassificationMetrics.F1(hidden, current), estimate.F1);
        if (mean != 0)
            Assert.True(Math.Abs(estimate.Accuracy.Value - reference.Accuracy.Value) > 0.02, "the shift moves the accuracy, so that the estimate is no copy of the reference");

        static void Check(double realised, EstimatedMetric estimated) => Assert.Equal(realised, estimated.Value, 0.01);
    }

    [Fact]
    public void The_reference_is_measured()
    {
        (bool[] labels, double[] scores) = Stream(new Random(81), 500, 0, 1, 1);
        PerformanceEstimate reference = ConfidenceBasedPerformance.Fit(labels, scores, 0.3).Reference(100);
        Assert.Equal(ClassificationMetrics.Accuracy(labels, scores, 0.3), reference.Accuracy.Value, 1e-12);
        Assert.Equal(ClassificationMetrics.RocAuc(labels, scores), reference.RocAuc.Value, 1e-12);
        Assert.Equal(ClassificationMetrics.F1(labels, scores, 0.3), reference.F1.Value, 1e-12);
        Assert.Equal(labels.Zip(scores).Count(pair => pair is { First: true, Second: >= 0.3 }), reference.TruePositives);
        Assert.Equal(3 * reference.Recall.StandardError, reference.Recall.Band().Upper - reference.Recall.Value, 1e-12);
    }

    [Fact]
    public void Standard_errors_are_how_far_the_metrics_of_chunks_scatter()
    {
        Random random = new(82);
        const int rows = 200, chunks = 600;
        (bool[] labels, double[] scores) = Stream(random, 40_000, 0.3, 1, 1);
        PerformanceEstimate expected = ConfidenceBasedPerformance.Fit(labels, scores).Reference(rows);
        PerformanceEstimate[] measured = [.. Enumerable.Range(0, chunks).Select(_ =>
        {
            (bool[] ofChunk, double[] scoresOfChunk) = Stream(random, rows, 0.3, 1, 1);
            return ConfidenceBasedPerformance.Fit(ofChunk, scoresOfChunk).Reference(rows);
        })];
        Check(expected.Accuracy, estimate => estimate.Accuracy);
        Check(expected.Precision, estimate => estimate.Precision);
        Check(expected.Recall, estimate => estimate.Recall);
        Check(expected.Specificity, estimate => estimate.Specificity);
        Check(expected.F1, estimate => estimate.F1);
        Check(expected.RocAuc, estimate => estimate.RocAuc);

        // The deviation of 600 values is known to 1 in √1200, three per cent.
        void Check(EstimatedMetric metric, Func<PerformanceEstimate, EstimatedMetric> of) =>
            Assert.Equal(Math.Sqrt(Descriptive.Variance([.. measured.Select(estimate => of(estimate).Value)], 1)), metric.StandardError, 0.12 * metric.StandardError);
    }

    [Fact]
    public void An_estimate_that_falls_out_of_the_band_is_an_alarm_and_no_change_is_none()
    {
        Random random = new(83);
        (bool[] labels, double[] scores) = Stream(random, 5000, 1.5, 1, 1);
        var performance = ConfidenceBasedPerformance.Fit(labels, scores);
        AlarmBand band = performance.Reference(500).Accuracy.Band();
        Assert.False(band.Alarms(performance.Estimate(Stream(random, 500, 1.5, 1, 1).Scores).Accuracy.Value));
        Assert.True(band.Alarms(performance.Estimate(Stream(random, 500, 0, 0.5, 1).Scores).Accuracy.Value));
    }

    [Fact]
    public void Missing_scores_are_left_out_and_counted()
    {
        PerformanceEstimate estimate = ConfidenceBasedPerformance.OfCalibrated([0.9, double.NaN, 0.2]);
        Assert.Equal((2, 1), (estimate.Rows, estimate.Missing));
        Assert.Equal(0.85, estimate.Accuracy.Value, 1e-12);
        Assert.True(double.IsNaN(estimate.Accuracy.StandardError));
        Assert.True(double.IsNaN(ConfidenceBasedPerformance.OfCalibrated([0.1]).Precision.Value), "no row is predicted positive");
    }

    [Fact]
    public void What_has_no_number_says_why()
    {
        Assert.IsType<NotComputable.TooFewValues>(ConfidenceBasedPerformance.OfCalibrated([double.NaN]).NotComputable);
        Assert.IsType<NotComputable.BeyondLimit>(ConfidenceBasedPerformance.OfCalibrated([0.5, 1.5]).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(ConfidenceBasedPerformance.Fit([], []).Estimate([0.5]).NotComputable);
        Assert.IsType<NotComputable.TooFewValues>(ConfidenceBasedPerformance.Fit([], []).Reference(5).NotComputable);
        Assert.Throws<ArgumentException>(() => ConfidenceBasedPerformance.Fit([true], []));
        Assert.Throws<ArgumentOutOfRangeException>(() => ConfidenceBasedPerformance.Fit([true], [0.5], double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => ConfidenceBasedPerformance.Fit([true], [0.5]).Reference(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new EstimatedMetric(1, 1).Band(0));
    }

    [Fact]
    public void Wild_scores_raise_nothing() => WildSample.CheckPairs(TestLength.Of(5_000, 100_000), (reference, current) =>
    {
        bool[] labels = [.. reference.Select((_, row) => row % 2 == 0)];
        var performance = ConfidenceBasedPerformance.Fit(labels, reference);
        PerformanceEstimate[] all = [performance.Estimate(current), performance.Reference(3), ConfidenceBasedPerformance.OfCalibrated(current)];
        Assert.All(all, estimate =>
        {
            Assert.Equal(estimate.NotComputable is null, !double.IsNaN(estimate.Accuracy.Value));
            double[] values = [estimate.Accuracy.Value, estimate.Precision.Value, estimate.Recall.Value, estimate.Specificity.Value, estimate.F1.Value, estimate.RocAuc.Value];
            Assert.All(values, value => Assert.True(double.IsNaN(value) || value is >= 0 and <= 1 + 1e-12));
        });
    });

    /// <summary>Labels by a logistic law of a normal feature; scores are its probabilities, sharpened where overconfident.</summary>
    private static (bool[] Labels, double[] Scores) Stream(Random random, int rows, double mean, double deviation, double overconfidence)
    {
        bool[] labels = new bool[rows];
        double[] scores = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            double logit = 2 * (mean + (deviation * Rows.Normal(random)));
            labels[row] = random.NextDouble() < 1 / (1 + Math.Exp(-logit));
            scores[row] = 1 / (1 + Math.Exp(-overconfidence * logit));
        }

        return (labels, scores);
    }
}
