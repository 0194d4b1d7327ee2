using FsCheck.Xunit;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation.Classification;

[Properties(Arbitrary = [typeof(AnySample)], MaxTest = 300)]
public sealed class ClassificationMetricsTests
{
    [Property]
    public void Roc_auc_is_the_share_of_pairs_that_are_ranked_right(AnySample sample)
    {
        Near.Equal(BruteForce.RocAuc(sample), ClassificationMetrics.RocAuc(sample.Labels, sample.Scores, sample.Weights));
        AnySample unweighted = sample with { Weights = [.. sample.Weights.Select(_ => 1.0)] };
        Near.Equal(BruteForce.RocAuc(unweighted), ClassificationMetrics.RocAuc(sample.Labels, sample.Scores));
    }

    [Property]
    public void Roc_auc_knows_only_the_order_of_the_scores(AnySample sample)
    {
        double[] stretched = [.. sample.Scores.Select(score => Math.Exp(20 * score) - 1e6)];
        Assert.Equal(ClassificationMetrics.RocAuc(sample.Labels, sample.Scores, sample.Weights), ClassificationMetrics.RocAuc(sample.Labels, stretched, sample.Weights));
    }

    [Property]
    public void Roc_auc_of_turned_scores_or_turned_labels_is_the_rest(AnySample sample)
    {
        double area = ClassificationMetrics.RocAuc(sample.Labels, sample.Scores, sample.Weights);
        Near.Equal(1 - area, ClassificationMetrics.RocAuc(sample.Labels, [.. sample.Scores.Select(score => -score)], sample.Weights));
        Near.Equal(1 - area, ClassificationMetrics.RocAuc([.. sample.Labels.Select(label => !label)], sample.Scores, sample.Weights));
    }

    [Property]
    public void Average_precision_is_the_sum_of_steps(AnySample sample) =>
        Near.Equal(BruteForce.AveragePrecision(sample), ClassificationMetrics.AveragePrecision(sample.Labels, sample.Scores, sample.Weights));

    [Property]
    public void Metrics_at_a_threshold_follow_from_the_four_counts(AnySample sample, byte at)
    {
        double threshold = at / 255.0;
        var (truePositives, falsePositives, falseNegatives, trueNegatives) = BruteForce.Counts(sample, threshold);
        double all = truePositives + falsePositives + falseNegatives + trueNegatives;
        double precision = truePositives + falsePositives == 0 ? 0 : truePositives / (truePositives + falsePositives);
        double recall = truePositives + falseNegatives == 0 ? 0 : truePositives / (truePositives + falseNegatives);
        Near.Equal((truePositives + trueNegatives) / all, ClassificationMetrics.Accuracy(sample.Labels, sample.Scores, threshold, sample.Weights));
        Near.Equal(precision, ClassificationMetrics.Precision(sample.Labels, sample.Scores, threshold, sample.Weights));
        Near.Equal(recall, ClassificationMetrics.Recall(sample.Labels, sample.Scores, threshold, sample.Weights));
        Near.Equal(precision + recall == 0 ? 0 : 2 * precision * recall / (precision + recall), ClassificationMetrics.F1(sample.Labels, sample.Scores, threshold, sample.Weights));
        Near.Equal(precision + recall == 0 ? 0 : 5 * precision * recall / ((4 * precision) + recall), ClassificationMetrics.FBeta(sample.Labels, sample.Scores, 2, threshold, sample.Weights));
        Near.Equal(precision, ClassificationMetrics.FBeta(sample.Labels, sample.Scores, 0, threshold, sample.Weights));
    }

    [Property]
    public void Log_loss_and_brier_score_are_means(AnySample sample)
    {
        Near.Equal(BruteForce.LogLoss(sample), ClassificationMetrics.LogLoss(sample.Labels, sample.Scores, sample.Weights));
        Near.Equal(BruteForce.BrierScore(sample), ClassificationMetrics.BrierScore(sample.Labels, sample.Scores, sample.Weights));
    }

    [Property]
    public void Log_loss_of_two_classes_is_the_same_as_many_classes_see_it(AnySample sample) =>
        Near.Equal(
            ClassificationMetrics.LogLoss(sample.Labels, sample.Scores, sample.Weights),
            ClassificationMetrics.LogLoss([.. sample.Labels.Select(label => label ? 1 : 0)], [.. sample.Scores.SelectMany(score => new[] { 1 - score, score })], 2, sample.Weights));

    [Property]
    public void A_weight_of_two_is_the_row_twice(AnySample sample)
    {
        AnySample repeated = sample.Repeated();
        if (repeated.Labels.Length == 0)
            return;
        foreach (Metric metric in All)
            Near.Equal(metric(repeated.Labels, repeated.Scores, default), metric(sample.Labels, sample.Scores, sample.WholeWeights));
    }

    [Property]
    public void The_unit_of_the_weights_does_not_matter(AnySample sample)
    {
        foreach (double unit in new[] { 1e-160, 0.1, 1e160 })
        {
            foreach (Metric metric in All)
                Near.Equal(metric(sample.Labels, sample.Scores, sample.Weights), metric(sample.Labels, sample.Scores, [.. sample.Weights.Select(weight => weight * unit)]));
        }
    }

    [Property]
    public void A_row_without_weight_is_as_absent(AnySample sample)
    {
        if (!sample.Rows.Any())
            return;
        (bool Label, double Score, double Weight)[] rows = [.. sample.Rows];
        foreach (Metric metric in All)
            Near.Equal(metric([.. rows.Select(row => row.Label)], [.. rows.Select(row => row.Score)], [.. rows.Select(row => row.Weight)]), metric(sample.Labels, sample.Scores, sample.Weights));
    }

    [Fact]
    public void A_small_case_by_hand()
    {
        bool[] labels = [true, true, false, true, false];
        double[] scores = [0.9, 0.8, 0.7, 0.6, 0.5];
        // Pairs: 0.9 and 0.8 beat both negatives, 0.6 beats one: 5 of 6. Steps: 1/3 × 1 + 1/3 × 1 + 1/3 × 3/4.
        Near.Equal(5 / 6.0, ClassificationMetrics.RocAuc(labels, scores));
        Near.Equal(11 / 12.0, ClassificationMetrics.AveragePrecision(labels, scores));
        // At 0.7: TP 2, FP 1, FN 1, TN 1.
        Near.Equal(0.6, ClassificationMetrics.Accuracy(labels, scores, 0.7));
        Near.Equal(2 / 3.0, ClassificationMetrics.F1(labels, scores, 0.7));
        Near.Equal((0.01 + 0.04 + 0.49 + 0.16 + 0.25) / 5, ClassificationMetrics.BrierScore(labels, scores));
        Near.Equal(-Math.Log(0.9 * 0.8 * 0.3 * 0.6 * 0.5) / 5, ClassificationMetrics.LogLoss(labels, scores));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(49)]
    [InlineData(1000)]
    public void A_perfect_model_has_exactly_one_a_useless_one_exactly_one_half(int rows)
    {
        bool[] labels = [.. Enumerable.Range(0, 2 * rows).Select(row => row >= rows)];
        double[] perfect = [.. Enumerable.Range(0, 2 * rows).Select(row => (double)row)], useless = new double[2 * rows];
        double[] weights = [.. perfect.Select(row => 0.1 + (row % 3))];
        Assert.Equal(1, ClassificationMetrics.RocAuc(labels, perfect));
        Assert.Equal(1, ClassificationMetrics.AveragePrecision(labels, perfect));
        Assert.Equal(0.5, ClassificationMetrics.RocAuc(labels, useless));
        Near.Equal(1, ClassificationMetrics.RocAuc(labels, perfect, weights));
        Assert.InRange(ClassificationMetrics.RocAuc(labels, perfect, weights), 0, 1);
        Assert.InRange(ClassificationMetrics.AveragePrecision(labels, perfect, weights), 0, 1);
    }

    [Fact]
    public void A_million_rows_keep_twelve_digits()
    {
        // Score k occurs once positive and once negative, and is right or tied in a way that can be counted: Σ (k − 0.5) over n² pairs is exactly one half; shifting the positives up by one half makes all ties wins.
        const int Distinct = 500_000;
        bool[] labels = [.. Enumerable.Range(0, 2 * Distinct).Select(row => row % 2 == 0)];
        double[] tied = [.. labels.Select((_, row) => (double)(row / 2 * 7919L % Distinct))], shifted = [.. tied.Select((score, row) => score + (labels[row] ? 0.5 : 0))];
        Assert.Equal(0.5, ClassificationMetrics.RocAuc(labels, tied));
        Assert.Equal((0.5 * Distinct * (Distinct + 1.0)) / ((double)Distinct * Distinct), ClassificationMetrics.RocAuc(labels, shifted));
    }

    [Fact]
    public void Infinite_scores_have_their_place_in_the_order()
    {
        bool[] labels = [true, false, true, false];
        double[] scores = [double.PositiveInfinity, 3, double.NegativeInfinity, double.NegativeInfinity];
        Near.Equal(0.625, ClassificationMetrics.RocAuc(labels, scores));
        Near.Equal(0.5 + (0.5 * 0.5), ClassificationMetrics.AveragePrecision(labels, scores));
        Assert.Equal(0.5, ClassificationMetrics.Accuracy(labels, scores, threshold: 0));
        Assert.Equal(0.5, ClassificationMetrics.RocAuc([true, false], [0.0, -0.0]));
    }

    [Fact]
    public void One_class_leaves_the_areas_undefined_and_the_losses_defined()
    {
        double[] scores = [0.25, 0.75];
        Assert.Equal(double.NaN, ClassificationMetrics.RocAuc([true, true], scores));
        Assert.Equal(double.NaN, ClassificationMetrics.RocAuc([false, false], scores));
        Assert.Equal(1, ClassificationMetrics.AveragePrecision([true, true], scores));
        Assert.Equal(double.NaN, ClassificationMetrics.AveragePrecision([false, false], scores));
        Near.Equal(-Math.Log(0.25 * 0.75) / 2, ClassificationMetrics.LogLoss([true, true], scores));
        Assert.Equal(0.3125, ClassificationMetrics.BrierScore([false, false], scores));
    }

    [Fact]
    public void No_weight_at_all_is_zero_divided_by_zero()
    {
        bool[] labels = [true, false];
        double[] scores = [0.2, 0.8], none = [0, 0];
        Assert.Equal(double.NaN, ClassificationMetrics.Accuracy(labels, scores, weights: none));
        Assert.Equal(0, ClassificationMetrics.F1(labels, scores, weights: none));
        Assert.Equal(double.NaN, ClassificationMetrics.RocAuc(labels, scores, none));
        Assert.Equal(double.NaN, ClassificationMetrics.AveragePrecision(labels, scores, none));
        Assert.Equal(double.NaN, ClassificationMetrics.LogLoss(labels, scores, none));
        Assert.Equal(double.NaN, ClassificationMetrics.BrierScore(labels, scores, none));
        Assert.Equal(double.NaN, ClassificationMetrics.LogLoss([0], [1], 1, [0]));
    }

    [Fact]
    public void Zero_division_is_zero_unless_another_answer_is_asked_for()
    {
        bool[] negative = [false, false], positive = [true, true];
        double[] low = [0.1, 0.2];
        Assert.Equal(0, ClassificationMetrics.Precision(positive, low));
        Assert.Equal(1, ClassificationMetrics.Precision(positive, low, zeroDivision: 1));
        Assert.Equal(0, ClassificationMetrics.Recall(negative, low));
        Assert.Equal(double.NaN, ClassificationMetrics.Recall(negative, low, zeroDivision: double.NaN));
        Assert.Equal(1, ClassificationMetrics.F1(negative, low, zeroDivision: 1));
        Assert.Equal(0, ClassificationMetrics.F1(positive, low, zeroDivision: 1));
    }

    [Fact]
    public void Certain_and_wrong_costs_a_finite_log_loss()
    {
        Near.Equal(52 * Math.Log(2), ClassificationMetrics.LogLoss([true], [0.0]));
        Near.Equal(52 * Math.Log(2), ClassificationMetrics.LogLoss([false], [1.0]));
        Assert.Equal(-Math.Log(1 - Math.Pow(2, -52)), ClassificationMetrics.LogLoss([true, false], [1.0, 0.0]));
        Near.Equal(52 * Math.Log(2), ClassificationMetrics.LogLoss([0], [0.0, 1.0], 2));
    }

    [Fact]
    public void Misuse_is_told_with_the_numbers()
    {
        bool[] labels = [true, false, true];
        double[] scores = [0.1, 0.2, 0.3];
        foreach (Metric metric in All)
        {
            Assert.Contains("empty", Assert.Throws<ArgumentException>(() => metric([], [], default)).Message, StringComparison.Ordinal);
            Assert.Contains("3 rows", Assert.Throws<ArgumentException>(() => metric(labels, [0.1], default)).Message, StringComparison.Ordinal);
            Assert.Contains("has 1", Assert.Throws<ArgumentException>(() => metric(labels, [0.1], default)).Message, StringComparison.Ordinal);
            Assert.Contains("[1] is NaN", Assert.Throws<ArgumentException>(() => metric(labels, [0.1, double.NaN, 0.2], default)).Message, StringComparison.Ordinal);
            Assert.Contains("weights has 2", Assert.Throws<ArgumentException>(() => metric(labels, scores, [1, 1])).Message, StringComparison.Ordinal);
            Assert.Contains("weights[2] is -1", Assert.Throws<ArgumentException>(() => metric(labels, scores, [1, 1, -1])).Message, StringComparison.Ordinal);
            Assert.Contains("weights[0] is NaN", Assert.Throws<ArgumentException>(() => metric(labels, scores, [double.NaN, 1, 1])).Message, StringComparison.Ordinal);
            Assert.Contains("weights[1] is Infinity", Assert.Throws<ArgumentException>(() => metric(labels, scores, [1, double.PositiveInfinity, 1])).Message, StringComparison.Ordinal);
            Assert.Contains("infinity", Assert.Throws<ArgumentException>(() => metric(labels, scores, [double.MaxValue, double.MaxValue, 1])).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_probability_outside_its_range_a_class_that_is_none_and_a_row_that_is_no_distribution_are_refused()
    {
        Assert.Contains("probabilities[1] is 1.5", Assert.Throws<ArgumentException>(() => ClassificationMetrics.LogLoss([true, false], [0.5, 1.5])).Message, StringComparison.Ordinal);
        Assert.Contains("probabilities[0] is -0.1", Assert.Throws<ArgumentException>(() => ClassificationMetrics.BrierScore([true], [-0.1])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => ClassificationMetrics.BrierScore([true], [double.PositiveInfinity]));
        Assert.Contains("labels[1] is 2", Assert.Throws<ArgumentException>(() => ClassificationMetrics.LogLoss([0, 2], [0.5, 0.5, 0.5, 0.5], 2)).Message, StringComparison.Ordinal);
        Assert.Contains("row 1 add up to 0.9", Assert.Throws<ArgumentException>(() => ClassificationMetrics.LogLoss([0, 1], [0.5, 0.5, 0.4, 0.5], 2)).Message, StringComparison.Ordinal);
        Assert.Contains("2 rows of 3 classes", Assert.Throws<ArgumentException>(() => ClassificationMetrics.LogLoss([0, 1], [0.5, 0.5], 3)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => ClassificationMetrics.LogLoss([0], [1], 0));
        Assert.Throws<ArgumentException>(() => ClassificationMetrics.Accuracy([true], [0.5], double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => ClassificationMetrics.FBeta([true], [0.5], -1));
    }

    private delegate double Metric(ReadOnlySpan<bool> labels, ReadOnlySpan<double> scores, ReadOnlySpan<double> weights);

    private static readonly Metric[] All =
    [
        (labels, scores, weights) => ClassificationMetrics.Accuracy(labels, scores, 0.5, weights),
        (labels, scores, weights) => ClassificationMetrics.Precision(labels, scores, 0.5, weights),
        (labels, scores, weights) => ClassificationMetrics.Recall(labels, scores, 0.5, weights),
        (labels, scores, weights) => ClassificationMetrics.F1(labels, scores, 0.5, weights),
        ClassificationMetrics.RocAuc,
        ClassificationMetrics.AveragePrecision,
        ClassificationMetrics.LogLoss,
        ClassificationMetrics.BrierScore,
        (labels, scores, weights) => CalibrationCurve.Uniform(labels, scores, 5, weights).ExpectedCalibrationError,
        (labels, scores, weights) => CalibrationCurve.Uniform(labels, scores, 10, weights).Bins is { Count: > 0 } bins ? bins[^1].MeanPrediction : double.NaN,
    ];
}
