using FsCheck.Xunit;
using MLOps.Tracking.Evaluation;

namespace MLOps.Tracking.Tests.Evaluation.Classification;

[Properties(Arbitrary = [typeof(AnySample)], MaxTest = 300)]
public sealed class BinaryAccumulatorTests
{
    [Property]
    public void It_says_what_the_batch_says(AnySample sample, byte at)
    {
        var accumulator = new BinaryAccumulator(at / 255.0);
        for (int row = 0; row < sample.Labels.Length; row++)
            accumulator.Add(sample.Labels[row], sample.Scores[row], sample.Weights[row]);
        var counts = BruteForce.Counts(sample, at / 255.0);
        Near.Equal(ClassificationMetrics.Accuracy(sample.Labels, sample.Scores, accumulator.Threshold, sample.Weights), accumulator.Accuracy);
        Near.Equal(ClassificationMetrics.Precision(sample.Labels, sample.Scores, accumulator.Threshold, sample.Weights), accumulator.Precision);
        Near.Equal(ClassificationMetrics.Recall(sample.Labels, sample.Scores, accumulator.Threshold, sample.Weights), accumulator.Recall);
        Near.Equal(ClassificationMetrics.F1(sample.Labels, sample.Scores, accumulator.Threshold, sample.Weights), accumulator.F1);
        Near.Equal(ClassificationMetrics.LogLoss(sample.Labels, sample.Scores, sample.Weights), accumulator.LogLoss);
        Near.Equal(ClassificationMetrics.BrierScore(sample.Labels, sample.Scores, sample.Weights), accumulator.BrierScore);
        Near.Equal(
            [counts.TruePositives, counts.FalsePositives, counts.FalseNegatives, counts.TrueNegatives],
            [accumulator.TruePositives, accumulator.FalsePositives, accumulator.FalseNegatives, accumulator.TrueNegatives]);
        Near.Equal(sample.Weights.Sum(), accumulator.Weight);
        Assert.Equal(sample.Labels.Length, accumulator.Rows);
    }

    [Property]
    public void Merging_is_associative_and_the_same_as_one_stream(AnySample first, AnySample second, AnySample third)
    {
        BinaryAccumulator whole = Of(first, second, third), left = Of(first, second), right = Of(second, third), grouped = Of(first);
        left.Merge(Of(third));
        grouped.Merge(right);
        Near.Equal(Numbers(whole), Numbers(left));
        Near.Equal(Numbers(whole), Numbers(grouped));
    }

    [Fact]
    public void Merging_with_itself_counts_twice_and_a_reset_forgets()
    {
        var accumulator = new BinaryAccumulator();
        accumulator.Add([true, false], [0.75, 0.5]);
        accumulator.Merge(accumulator);
        Assert.Equal((4, 2, 2), (accumulator.Rows, accumulator.TruePositives, accumulator.FalsePositives));
        accumulator.Reset();
        accumulator.Add([], []);
        Assert.Equal((0, 0), (accumulator.Rows, accumulator.Weight));
        Assert.Equal([double.NaN, double.NaN, double.NaN, 0, 0, 0], [accumulator.Accuracy, accumulator.LogLoss, accumulator.BrierScore, accumulator.Precision, accumulator.Recall, accumulator.F1]);
    }

    [Fact]
    public void A_refused_span_adds_nothing()
    {
        var accumulator = new BinaryAccumulator();
        Assert.Contains("probabilities[1] is 1.5", Assert.Throws<ArgumentException>(() => accumulator.Add([true, false], [0.5, 1.5])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => accumulator.Add([true, false], [0.5]));
        Assert.Throws<ArgumentException>(() => accumulator.Add([true], [0.5], [1, 2]));
        Assert.Throws<ArgumentException>(() => accumulator.Add(true, double.NaN));
        Assert.Throws<ArgumentException>(() => accumulator.Add(true, 0.5, double.PositiveInfinity));
        Assert.Throws<ArgumentException>(() => accumulator.Merge(new BinaryAccumulator(0.4)));
        Assert.Throws<ArgumentException>(() => new BinaryAccumulator(double.NaN));
        Assert.Equal(0, accumulator.Rows);
    }

    [Fact]
    public void Adding_a_row_allocates_nothing()
    {
        var accumulator = new BinaryAccumulator();
        accumulator.Add(true, 0.5);
        Assert.Equal(0, Allocations.Of(() =>
        {
            for (int row = 0; row < 1000; row++)
                accumulator.Add(row % 2 == 0, row / 1000.0, 2);
        }));
    }

    private static BinaryAccumulator Of(params AnySample[] samples)
    {
        var accumulator = new BinaryAccumulator();
        foreach (AnySample sample in samples)
            accumulator.Add(sample.Labels, sample.Scores, sample.Weights);
        return accumulator;
    }

    private static double[] Numbers(BinaryAccumulator a) => [a.Rows, a.Weight, a.Accuracy, a.Precision, a.Recall, a.F1, a.LogLoss, a.BrierScore];
}
